import { Suspense, lazy, useMemo } from "react";
import { LongText } from "../../../../components/LongText";
import { Revealed } from "../../../../components/Revealed";
import { parseJson, printJson } from "../../../../model/json";
import { mayBeMarkdown } from "../../../../model/markdownText";

const Markdown = lazy(() => import("./Markdown"));

/** What somebody said: laid out where it is markdown, or as it is when that is wanted. */
export function RichText({ text, raw }: { text: string; raw: boolean }) {
  const json = useMemo(() => (raw ? undefined : laidOut(text)), [text, raw]);
  if (text === "") return <p className="context-note">An empty text</p>;
  if (json !== undefined) return <LongText text={json} />;
  return (
    <LongText
      text={text}
      draw={(shown) =>
        raw || !mayBeMarkdown(shown) ? (
          <Plain text={shown} />
        ) : (
          <Suspense fallback={<Plain text={shown} />}>
            <Markdown text={shown} />
          </Suspense>
        )
      }
    />
  );
}

/** A longer JSON stays as it was said: nobody reads it in a conversation. */
const JSON_CHARS = 200_000;

/** A text that is nothing but an object or a list, as models answer to programs. */
function laidOut(text: string): string | undefined {
  const isLikely = text.length <= JSON_CHARS && /^\s*[{[]/.test(text) && /[}\]]\s*$/.test(text.slice(-100));
  const root = isLikely ? parseJson(text) : undefined;
  return root && printJson(root);
}

/** In the page's own font: it is prose more often than code. */
function Plain({ text }: { text: string }) {
  return (
    <pre className="context-plain foreign">
      <Revealed text={text} />
    </pre>
  );
}
