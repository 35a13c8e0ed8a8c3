import { Link } from "wouter";
import type { SpanSummary } from "../../../../api/types";
import { countDifferences, type Difference } from "../../../../model/jsonDiff";
import type { JsonEntry } from "../../../../model/jsonEntries";
import { revealed } from "../../../../model/reveal";
import { spanAddress } from "../../../../model/spanAddress";
import { oneLine } from "../../../../model/text";
import { formatClock, toMillis } from "../../../../model/time";
import { type Former, snapshotKey } from "./useSnapshots";

interface Props {
  former: Former;
  difference: Difference | undefined;
  entry: JsonEntry;
}

/** What the value is compared with, and how much differs. */
export function CompareRow({ former, difference, entry }: Props) {
  const { snapshots, chosen, error } = former;
  if (error !== null) {
    return (
      <p className="state-note" role="alert">
        The earlier values could not be fetched.{" "}
        <button type="button" className="button" onClick={former.retry}>
          Try again
        </button>
      </p>
    );
  }
  if (snapshots === undefined) return <p className="state-note">Looking for earlier values…</p>;
  const { earlier, later } = snapshots;
  if (earlier.length === 0 && later.length === 0) {
    return (
      <p className="state-note">
        No other span of this session has <code className="foreign">{revealed(entry.key)}</code>, so there is nothing to compare it with. A state that is written
        several times on one span keeps its last value only.
      </p>
    );
  }
  return (
    <div className="state-compare">
      <label>
        <span className="faint">Compared with</span>{" "}
        <select value={chosen && snapshotKey(chosen)} onChange={(event) => former.choose(event.target.value)}>
          {chosen === undefined && <option value="">choose a later value</option>}
          <Options label="Earlier" spans={[...earlier].reverse()} />
          <Options label="Later" spans={later} />
        </select>
      </label>
      {chosen && <Link href={spanAddress(former.sessionId, chosen.trace_id, chosen.span_id)}>Open that span</Link>}
      {chosen && difference === undefined && <span className="faint">{former.loading ? "Loading…" : "Its value is no JSON."}</span>}
      {difference && <Sum difference={difference} />}
    </div>
  );
}

function Options({ label, spans }: { label: string; spans: readonly SpanSummary[] }) {
  if (spans.length === 0) return null;
  return (
    <optgroup label={label}>
      {spans.map((span) => (
        <option key={snapshotKey(span)} value={snapshotKey(span)}>
          {`${oneLine(span.name, 60)} · ${span.end_time == null ? "running" : formatClock(toMillis(span.end_time))}`}
        </option>
      ))}
    </optgroup>
  );
}

function Sum({ difference }: { difference: Difference }) {
  const { added, removed, changed } = countDifferences(difference);
  if (added + removed + changed === 0) return <span className="state-sum">The same</span>;
  const parts = [
    [changed, "changed", "~"],
    [added, "added", "+"],
    [removed, "removed", "−"],
  ] as const;
  return (
    <span className="state-sum">
      {parts
        .filter(([count]) => count > 0)
        .map(([count, what, sign]) => (
          <span key={what} className={`is-${what}`}>
            <span aria-hidden="true">{sign} </span>
            {count} {what}
          </span>
        ))}
    </span>
  );
}
