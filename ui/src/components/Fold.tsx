import { ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";
import "./fold.css";

interface Props {
  summary: ReactNode;
  openAtFirst?: boolean;
  /** Opens it whenever this is another reason than before: something inside is to be seen. */
  openFor?: object | undefined;
  /** Made only when it is open: it may be long. */
  children: () => ReactNode;
}

/** One line that opens. */
export function Fold({ summary, openAtFirst = false, openFor, children }: Props) {
  const [open, setOpen] = useState(openAtFirst);
  const [reason, setReason] = useState<object>();
  if (openFor !== reason) {
    setReason(openFor);
    if (openFor !== undefined) setOpen(true);
  }
  return (
    <div className="fold">
      <button type="button" className="fold-line" aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronRight size={14} aria-hidden />
        <span className="fold-summary">{summary}</span>
      </button>
      {open && <div className="fold-body">{children()}</div>}
    </div>
  );
}
