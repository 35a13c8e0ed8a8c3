import { Search, X } from "lucide-react";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { revealed } from "../../model/reveal";
import { type KnownValues, type Suggestion, accept, suggest } from "../../model/suggestions";
import "./filterBox.css";

interface Props {
  query: string;
  known: KnownValues;
  onChange: (query: string) => void;
  onLeave: () => void;
}

/** The search box. What may stand at the cursor is proposed below it; nothing is chosen before an arrow key chose it. */
export function FilterBox({ query, known, onChange, onLeave }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const [cursor, setCursor] = useState(query.length);
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const found = suggest(query, Math.min(cursor, query.length), known);
  const shown = open && found.items.length > 0;

  function take(item: Suggestion): void {
    const next = accept(query, found, item);
    onChange(next.query);
    setCursor(next.cursor);
    setChosen(-1);
    // The new text stands in the box after the next drawing; the cursor can be set only then.
    requestAnimationFrame(() => input.current?.setSelectionRange(next.cursor, next.cursor));
  }

  function onKeyDown(event: KeyboardEvent): void {
    const item = found.items[chosen];
    if (shown && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const step = event.key === "ArrowDown" ? 1 : -1;
      const count = found.items.length;
      // One place more than there are proposals: the one without any.
      setChosen(((chosen + 1 + step + count + 1) % (count + 1)) - 1);
    } else if (!shown && event.key === "ArrowDown") {
      setOpen(true);
    } else if (shown && item !== undefined && (event.key === "Enter" || event.key === "Tab")) {
      take(item);
    } else if (shown && event.key === "Escape") {
      setOpen(false);
      setChosen(-1);
    } else if (event.key === "Escape" || event.key === "Enter") {
      setOpen(false);
      onLeave();
    } else {
      return;
    }
    event.preventDefault();
  }

  return (
    <div className="search-box filter-box">
      <Search size={14} aria-hidden />
      <input
        ref={input}
        type="text"
        role="combobox"
        data-search
        value={query}
        onChange={(event) => {
          onChange(event.target.value);
          setOpen(true);
          setChosen(-1);
        }}
        onSelect={(event) => setCursor(event.currentTarget.selectionStart ?? query.length)}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
        placeholder="Search, or status:paused since:24h"
        aria-label="Search and filter sessions"
        aria-autocomplete="list"
        aria-expanded={shown}
        aria-controls={shown ? `${id}-list` : undefined}
        aria-activedescendant={shown && chosen >= 0 ? `${id}-${chosen}` : undefined}
        autoComplete="off"
        spellCheck={false}
      />
      {query === "" ? (
        <kbd aria-hidden="true">/</kbd>
      ) : (
        <button type="button" className="box-clear" aria-label="Clear the filter" onClick={() => onChange("")}>
          <X size={14} aria-hidden />
        </button>
      )}
      {shown && (
        <div id={`${id}-list`} role="listbox" aria-label="What may stand here" className="filter-list">
          {found.items.map((item, index) => (
            // The keys are the input's, which keeps the focus.
            // eslint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={item.text}
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === chosen}
              // Before the input loses the focus, and with it the list.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(item)}
            >
              <span className="cut foreign">{revealed(item.text)}</span>
              <span className="faint">{item.hint}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
