import { Eye } from "lucide-react";
import { useBarred } from "../api/barred";

/** Said once where everything that is not offered would raise the question. */
export function ViewOnly({ narrow }: { narrow: boolean }) {
  const barred = useBarred("change");
  if (barred === undefined) return null;
  return (
    <span className="view-only" role="note" aria-label={`View only. ${barred}`} title={barred}>
      <Eye size={14} strokeWidth={1.75} aria-hidden />
      {!narrow && <span aria-hidden="true">View only</span>}
    </span>
  );
}
