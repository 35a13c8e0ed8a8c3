import { Suspense, lazy } from "react";
import { LongText } from "../../../../components/LongText";
import { Revealed } from "../../../../components/Revealed";
import { mayBeMarkdown } from "../../../../model/markdownText";

const Markdown = lazy(() => import("./Markdown"));

/** What somebody said: laid out where it is markdown, or as it is when that is wanted. */
export function RichText({ text, raw }: { text: string; raw: boolean }) {
  if (text === "") return <p className="context-note">An empty text</p>;
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

/** In the page's own font: it is prose more often than code. */
function Plain({ text }: { text: string }) {
  return (
    <pre className="context-plain foreign">
      <Revealed text={text} />
    </pre>
  );
}
