import { ChevronDown, ChevronUp, Search } from "lucide-react";
import { formatCount } from "../../model/format";

interface Props {
  value: string;
  matches: { count: number; at: number } | undefined;
  onChange: (value: string) => void;
  go: (to: "match" | "previous-match") => void;
}

/** Finds spans of this trace by name, model, tool, agent or error. Enter goes on, Shift+Enter back, Escape gives up. */
export function FindBox({ value, matches, onChange, go }: Props) {
  const said = matches && (matches.count === 0 ? "none" : `${matches.at < 0 ? "" : `${formatCount(matches.at + 1)} of `}${formatCount(matches.count)}`);
  return (
    <div className="find" role="search">
      <Search size={13} aria-hidden />
      <input
        type="text"
        data-search
        value={value}
        placeholder="Find in this trace"
        aria-label="Find spans by name, model or tool"
        spellCheck={false}
        onChange={({ target }) => onChange(target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") go(event.shiftKey ? "previous-match" : "match");
          if (event.key !== "Escape") return;
          event.preventDefault();
          event.nativeEvent.stopImmediatePropagation();
          if (value !== "") onChange("");
          else event.currentTarget.blur();
        }}
      />
      <span className="find-count" role="status">
        {said}
      </span>
      {matches !== undefined && matches.count > 0 && (
        <>
          <button type="button" className="find-step" aria-label="Previous found span" onClick={() => go("previous-match")}>
            <ChevronUp size={14} aria-hidden />
          </button>
          <button type="button" className="find-step" aria-label="Next found span" onClick={() => go("match")}>
            <ChevronDown size={14} aria-hidden />
          </button>
        </>
      )}
    </div>
  );
}
