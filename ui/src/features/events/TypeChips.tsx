import { formatCount } from "../../model/format";
import { oneLine } from "../../model/text";

interface Props {
  types: [string, number][];
  chosen: readonly string[];
  onChange: (types: string[]) => void;
}

/** Types as they come, also those nobody here knows. None chosen is all of them. */
export function TypeChips({ types, chosen, onChange }: Props) {
  const gone = chosen.filter((type) => !types.some(([name]) => name === type));
  const all: [string, number][] = [...types, ...gone.map((type): [string, number] => [type, 0])];
  return (
    <div className="event-types" role="group" aria-label="Filter by type">
      {all.map(([type, count]) => {
        const on = chosen.includes(type);
        return (
          <button
            key={type}
            type="button"
            className="chip"
            aria-pressed={on}
            onClick={() => onChange(on ? chosen.filter((each) => each !== type) : [...chosen, type])}
          >
            <span className="foreign">{oneLine(type)}</span>
            <span className="chip-count">{formatCount(count)}</span>
          </button>
        );
      })}
    </div>
  );
}
