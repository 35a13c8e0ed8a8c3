import { type RefObject, useEffect } from "react";
import { wordsPattern } from "../../../../model/text";
import type { Found } from "../../../../model/transcriptFind";

/** More marks than these are not seen, and each costs a little. */
const MOST_MARKS = 2_000;
const ALL = "said";
const THIS = "said-here";

/**
 * Marks the words wherever they are drawn, and brings the place that was gone to into sight. The texts stay as they are laid
 * out: the browser paints over them. One that cannot still has the line at the side of the text.
 */
export function useMarks(body: RefObject<HTMLElement | null>, wanted: string, found: Found | undefined): void {
  useEffect(() => {
    const element = body.current;
    if (element === null || wanted === "") return;
    let isNew = found !== undefined;
    let frame = 0;
    const draw = (): void => {
      frame = 0;
      const here = element.querySelector(".is-found");
      const marks: Range[] = [];
      let mark: Range | undefined;
      for (const text of element.querySelectorAll("[data-findable]")) {
        const ranges = rangesIn(text, wanted, MOST_MARKS - marks.length);
        if (text === here) mark = ranges[found?.nth ?? 0] ?? ranges.at(-1);
        marks.push(...ranges);
      }
      paint(ALL, marks);
      paint(THIS, mark === undefined ? [] : [mark]);
      if (here === null || !isNew) return;
      // What was never in sight has no size yet: first the text, then the words in it.
      here.scrollIntoView({ block: "nearest" });
      if (mark !== undefined) bringIntoSight(element, mark);
      isNew = mark === undefined;
    };
    draw();
    // Texts that are fetched, opened or laid out a moment later have their marks then.
    const changes = new MutationObserver(() => (frame ||= requestAnimationFrame(draw)));
    changes.observe(element, { childList: true, subtree: true, characterData: true });
    return () => {
      changes.disconnect();
      cancelAnimationFrame(frame);
      paint(ALL, []);
      paint(THIS, []);
    };
  }, [body, wanted, found]);
}

function paint(name: string, ranges: readonly Range[]): void {
  // Not every browser can; the types say that it can.
  if (!("highlights" in CSS)) return;
  if (ranges.length === 0) CSS.highlights.delete(name);
  else CSS.highlights.set(name, new Highlight(...ranges));
}

/** Where the words stand, also where they begin in one element and end in another. */
function rangesIn(element: Element, wanted: string, most: number): Range[] {
  const nodes: [node: Node, from: number][] = [];
  let text = "";
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    // Buttons below a long text are no part of it.
    if (node.parentElement?.closest("button, .long-text-more") != null) continue;
    nodes.push([node, text.length]);
    text += node.nodeValue ?? "";
  }
  const ranges: Range[] = [];
  let index = 0;
  const place = (offset: number): [Node, number] | undefined => {
    while (index + 1 < nodes.length && (nodes[index + 1]?.[1] ?? Infinity) <= offset) index += 1;
    const at = nodes[index];
    return at && [at[0], offset - at[1]];
  };
  for (const hit of text.matchAll(wordsPattern(wanted))) {
    if (ranges.length >= most) break;
    const from = place(hit.index);
    const to = place(hit.index + hit[0].length - 1);
    if (from === undefined || to === undefined) break;
    const range = document.createRange();
    range.setStart(...from);
    range.setEnd(to[0], to[1] + 1);
    ranges.push(range);
  }
  return ranges;
}

function bringIntoSight(scroller: HTMLElement, range: Range): void {
  const [outer, inner] = [scroller.getBoundingClientRect(), range.getBoundingClientRect()];
  if (inner.top >= outer.top && inner.bottom <= outer.bottom) return;
  scroller.scrollTop += (inner.top + inner.bottom) / 2 - (outer.top + outer.bottom) / 2;
}
