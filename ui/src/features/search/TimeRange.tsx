import { X } from "lucide-react";
import { MOMENTS } from "../../model/since";

interface Props {
  since: string | undefined;
  until: string | undefined;
  onChange: (change: { since?: string; until?: string }) => void;
}

/** From when on. A moment of the address that is none of the presets is one more choice. */
export function TimeRange({ since, until, onChange }: Props) {
  const known = MOMENTS.some(([word]) => word === since);
  return (
    <div className="search-range">
      <select className="chip-only" aria-label="Time" value={since ?? ""} onChange={(event) => onChange({ since: event.target.value })}>
        <option value="">Any time</option>
        {MOMENTS.map(([word, meaning]) => (
          <option key={word} value={word}>
            {`${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}`}
          </option>
        ))}
        {since !== undefined && !known && <option value={since}>{`Since ${since}`}</option>}
      </select>
      {until !== undefined && (
        <button type="button" className="chip-only" onClick={() => onChange({ until: "" })} title="Until now again">
          before {until}
          <X size={12} aria-hidden />
        </button>
      )}
    </div>
  );
}
