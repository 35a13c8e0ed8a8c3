import { useEffect, useRef, useState } from "react";

/** Saying no, with a reason if there is one to give. */
export function Denial({ onDeny }: { onDeny: (reason: string) => void }) {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (open) field.current?.focus();
  }, [open]);
  if (!open) {
    return (
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
        onChange={(event) => setReason(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") setOpen(false);
          if (event.key === "Enter") {
            event.preventDefault();
            onDeny(reason);
          }
        }}
      />
      <button type="button" className="button is-danger" onClick={() => onDeny(reason)}>
        Deny
      </button>
      <button type="button" className="button" onClick={() => setOpen(false)}>
        Back
      </button>
    </span>
  );
}
