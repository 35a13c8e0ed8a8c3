import { Revealed } from "../../../../components/Revealed";
import { wordsPattern } from "../../../../model/text";

/** So many hits are marked in one text; a search for `e` in a long one must not make a thousand elements. */
const MOST_HITS = 100;

/** Text with what was looked for marked in it. */
export function Highlighted({ text, wanted }: { text: string; wanted: string }) {
  if (wanted === "") return <Revealed text={text} />;
  const parts = text.split(new RegExp(`(${wordsPattern(wanted).source})`, "giu"));
  if (parts.length === 1) return <Revealed text={text} />;
  const marked = parts.slice(0, 2 * MOST_HITS);
  const rest = parts.slice(2 * MOST_HITS).join("");
  return (
    <>
      {marked.map((part, index) =>
        index % 2 === 1 ? (
          <mark key={index}>
            <Revealed text={part} />
          </mark>
        ) : (
          <Revealed key={index} text={part} />
        ),
      )}
      <Revealed text={rest} />
    </>
  );
}
