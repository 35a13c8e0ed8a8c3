import { Suspense, lazy, useMemo } from "react";
import { LongText } from "../../../../components/LongText";
import { Revealed } from "../../../../components/Revealed";
import { mayBeMarkdown } from "../../../../model/markdownText";
import { laidOut } from "../../../../model/saidText";
import { Findable } from "./find";

const Markdown = lazy(() => import("./Markdown"));

/** What somebody said: laid out where it is markdown, or as it is when that is wanted. */
export function RichText({ text, raw, subject }: { text: string; raw: boolean; subject: object }) {
  const json = useMemo(() => (raw ? undefined : laidOut(text)), [text, raw]);
  if (text === "") return <p className="context-note">An empty text</p>;
  const draw = (shown: string) =>
    raw || !mayBeMarkdown(shown) ? (
      <Plain text={shown} />
    ) : (
      <Suspense fallback={<Plain text={shown} />}>
        <Markdown text={shown} />
      </Suspense>
    );
  return (
    <Findable subject={subject} side="text">
      {(upTo) => (json === undefined ? <LongText text={text} upTo={upTo} draw={draw} /> : <LongText text={json} upTo={upTo} />)}
    </Findable>
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
