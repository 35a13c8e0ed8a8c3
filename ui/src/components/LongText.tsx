import { useState } from "react";
import { formatBytes } from "../model/format";
import { MORE_CHARS, byteLength, fold } from "../model/text";
import "./longText.css";

/**
 * Text of any length, as text. It begins folded at a dozen lines with its size beside; more comes in pieces, because one
 * element with a megabyte on one line stalls the browser's layout.
 */
export function LongText({ text }: { text: string }) {
  const [limit, setLimit] = useState(0);
  const shown = limit === 0 ? fold(text) : fold(text, Infinity, limit);
  return (
    <div className="long-text">
      <pre className="foreign">{shown.text}</pre>
      {(shown.hidden > 0 || limit > 0) && (
        <div className="long-text-more">
          {shown.hidden > 0 && (
            <button type="button" onClick={() => setLimit(Math.max(limit, shown.text.length) + MORE_CHARS)}>
              {shown.hidden > MORE_CHARS ? "Show more" : "Show all"}
            </button>
          )}
          {limit > 0 && (
            <button type="button" onClick={() => setLimit(0)}>
              Fold
            </button>
          )}
          <span className="faint">{formatBytes(byteLength(text))}</span>
        </div>
      )}
    </div>
  );
}
