import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { revealed } from "../model/reveal";
import { copyText } from "./copyText";
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

  const said = state === "copied" ? "Copied" : state === "failed" ? "Could not copy" : revealed(label);
  return (
    <button type="button" className="copy" onClick={copy} title={said} aria-label={said}>
      {state === "copied" ? <Check size={13} aria-hidden /> : <Copy size={13} aria-hidden />}
    </button>
  );
}
