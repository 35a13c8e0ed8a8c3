import { type ReactNode, useState } from "react";
import { formatBytes } from "../model/format";
import { MORE_CHARS, byteLength, fold } from "../model/text";
import { Revealed } from "./Revealed";
import "./longText.css";

interface Props {
  text: string;
  /** How much of it is to be seen, where somebody else remembers that; 0 is folded. */
  limit?: number;
  onLimit?: (limit: number) => void;
  /** So much of it must be seen: something stands there that was looked for. */
  upTo?: number | undefined;
  /** Draws the part that is to be seen, as text unless told otherwise. */
  draw?: ((text: string) => ReactNode) | undefined;
}

/**
 * Text of any length, as text. It begins folded at a dozen lines with its size beside; more comes in pieces, because one
 * element with a megabyte on one line stalls the browser's layout.
 */
export function LongText({ text, limit: given, onLimit, upTo = 0, draw }: Props) {
  const [own, setOwn] = useState(0);
  const limit = given ?? own;
  const setLimit = onLimit ?? setOwn;
  const shown = limit === 0 ? fold(text) : fold(text, Infinity, limit);
  if (upTo > shown.text.length && shown.hidden > 0) setLimit(upTo + MORE_CHARS);
  return (
    <div className="long-text">
      {draw === undefined ? (
        <pre className="foreign">
          <Revealed text={shown.text} />
        </pre>
      ) : (
        draw(shown.text)
      )}
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
