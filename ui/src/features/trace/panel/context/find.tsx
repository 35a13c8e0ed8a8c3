import { type ReactNode, createContext, useContext } from "react";
import type { Found, Side } from "../../../../model/transcriptFind";

/** The place that was gone to; whoever holds it opens for it. */
export const FoundContext = createContext<Found | undefined>(undefined);

/** The place that was gone to, when one of these holds it. */
export function useFoundIn(...subjects: readonly object[]): Found | undefined {
  const found = useContext(FoundContext);
  return found !== undefined && subjects.includes(found.subject) ? found : undefined;
}

interface Props {
  subject: object;
  side: Side;
  /** Draws the text, so much of it at least. */
  children: (upTo: number | undefined) => ReactNode;
}

/** A text in which words can be found. The one that was gone to has a line at its side, whoever draws the marks. */
export function Findable({ subject, side, children }: Props) {
  const found = useFoundIn(subject);
  const here = found?.side === side;
  const Box = side === "name" ? "span" : "div";
  return (
    <Box data-findable="" className={here ? "is-found" : undefined} aria-current={here ? "location" : undefined}>
      {children(here ? found.end : undefined)}
    </Box>
  );
}
