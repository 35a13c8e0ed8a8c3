import { useDeferredValue, useMemo, useState } from "react";
import type { SpanContent } from "../../../../api/types";
import type { Turn } from "../../../../model/transcript";
import { type Found, findSaid, saidTexts } from "../../../../model/transcriptFind";
import { stepped } from "../PanelFind";
import { useParameter } from "../useParameter";

export interface SaidFind {
  text: string;
  setText: (text: string) => void;
  wanted: string;
  all: readonly Found[];
  at: number;
  here: Found | undefined;
  go: (by: 1 | -1) => void;
}

/** Finds words in what was said. They are in the address, so that a link leads to them and the next span shows them too. */
export function useSaidFind(content: SpanContent | undefined, turns: readonly Turn[], raw: boolean): SaidFind {
  const [named, setNamed] = useParameter("said");
  const text = named ?? "";
  const wanted = useDeferredValue(text);
  // Who comes with words wants to see them; who types them goes on when they are whole.
  const [at, setAt] = useState(text === "" ? -1 : 0);
  const isLooking = text !== "";
  const texts = useMemo(() => (content === undefined || !isLooking ? [] : saidTexts(content, turns, raw)), [content, turns, raw, isLooking]);
  const all = useMemo(() => findSaid(texts, wanted), [texts, wanted]);
  const shown = Math.min(at, all.length - 1);
  return {
    text,
    setText: (next) => {
      setNamed(next === "" ? undefined : next);
      setAt(-1);
    },
    wanted,
    all,
    at: shown,
    here: all[shown],
    go: (by) => {
      // Who presses Enter right after the last letter is ahead of the search.
      const { length } = text === wanted ? all : findSaid(texts, text);
      if (length > 0) setAt(stepped(shown, by, length));
    },
  };
}
