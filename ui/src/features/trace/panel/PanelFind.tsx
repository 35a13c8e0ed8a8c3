import { ChevronDown, ChevronUp } from "lucide-react";
import { formatCount } from "../../../model/format";

interface Props {
  text: string;
  onText: (text: string) => void;
  count: number;
  /** There are more than are counted. */
  more?: boolean;
  /** The one that is shown, counted from 0; below that none is. */
  at: number;
  /** To the next one, or back. */
  go: (by: 1 | -1) => void;
  label: string;
  placeholder: string;
}

/** Finds words in a tab. Enter goes on, Shift+Enter back, Escape gives up. */
export function PanelFind({ text, onText, count, more = false, at, go, label, placeholder }: Props) {
  const all = `${formatCount(count)}${more ? "+" : ""}`;
  const said = text === "" ? "" : count === 0 ? "none" : at < 0 ? all : `${formatCount(at + 1)} of ${all}`;
  return (
    <div className="panel-find">
      <input
        className="panel-filter"
        type="text"
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
          if (event.key === "Escape") {
            onText("");
            event.currentTarget.blur();
          }
        }}
        placeholder={placeholder}
        aria-label={label}
        autoComplete="off"
        spellCheck={false}
      />
      <span className="panel-found faint" role="status">
        {said}
      </span>
      <button type="button" className="panel-button" aria-label="Previous match" title="Previous match (Shift+Enter)" disabled={count === 0} onClick={() => go(-1)}>
        <ChevronUp size={15} aria-hidden />
      </button>
      <button type="button" className="panel-button" aria-label="Next match" title="Next match (Enter)" disabled={count === 0} onClick={() => go(1)}>
        <ChevronDown size={15} aria-hidden />
      </button>
    </div>
  );
}

/** The one after `at`, or before it; round at both ends. */
export function stepped(at: number, by: 1 | -1, count: number): number {
  return at < 0 ? (by > 0 ? 0 : count - 1) : (at + by + count) % count;
}
