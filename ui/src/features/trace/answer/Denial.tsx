import { useEffect, useRef, useState } from "react";

interface Props {
  reason: string;
  onReason: (reason: string) => void;
  /** Absent when it is too late: what was written can still be read. */
  onDeny: (() => void) | undefined;
}

/** Saying no, with a reason if there is one to give. */
export function Denial({ reason, onReason, onDeny }: Props) {
  const [open, setOpen] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (open) field.current?.focus();
  }, [open]);
  if (!open) {
    return onDeny === undefined ? null : (
      <button type="button" className="button" onClick={() => setOpen(true)}>
        Deny…
      </button>
    );
  }
  return (
    <span className="answer-denial">
      <input
        className="field-input"
        aria-label="Why it is denied, if you like to say"
        placeholder="Why? (optional)"
        ref={field}
        maxLength={2000}
        value={reason}
        onChange={(event) => onReason(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") setOpen(false);
          if (event.key === "Enter") {
            event.preventDefault();
            onDeny?.();
          }
        }}
      />
      {onDeny && (
        <>
          <button type="button" className="button is-danger" onClick={onDeny}>
            Deny
          </button>
          <button type="button" className="button" onClick={() => setOpen(false)}>
            Back
          </button>
        </>
      )}
    </span>
  );
}
