import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import "./copy.css";

const SHOWN_MS = 1_500;

/** Copies text and says so for a moment. The text is made only when it is asked for: it may be megabytes. */
export function CopyButton({ text, label }: { text: () => string; label: string }) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);

  function copy(): void {
    copyText(text()).then(
      () => setState("copied"),
      () => setState("failed"),
    );
  }

  const said = state === "copied" ? "Copied" : state === "failed" ? "Could not copy" : label;
  return (
    <button type="button" className="copy" onClick={copy} title={said} aria-label={said}>
      {state === "copied" ? <Check size={13} aria-hidden /> : <Copy size={13} aria-hidden />}
    </button>
  );
}

/** The clipboard exists only in secure contexts; an inspector on a plain-http address in the office is not one. */
async function copyText(text: string): Promise<void> {
  const { clipboard } = navigator as { clipboard?: Clipboard };
  if (clipboard !== undefined) return clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "only-read";
  document.body.append(area);
  area.select();
  // Deprecated and still the only way without a secure context.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("refused");
}
