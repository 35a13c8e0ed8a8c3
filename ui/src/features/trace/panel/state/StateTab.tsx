import { useDeferredValue, useMemo, useReducer, useState } from "react";
import type { Span } from "../../../../api/types";
import { diffJson } from "../../../../model/jsonDiff";
import { EmptyTab } from "../EmptyTab";
import { PanelFind, stepped } from "../PanelFind";
import { useParameter } from "../useParameter";
import { PathBar } from "./PathBar";
import { StateList } from "./StateList";
import { type Match, type StateRow, changeView, findMatches, firstView, stateRows, subjectOf } from "./stateView";
import { useSnapshots } from "./useSnapshots";
import "./state.css";

interface Props {
  span: Span;
  sessionId: string;
  raw: boolean;
}

/** Every value of the span that is JSON, as one list that opens, can be searched and compared with what it was before. */
export default function StateTab({ span, sessionId, raw }: Props) {
  const [view, change] = useReducer(changeView, span, firstView);
  if (view.span !== span) change({ type: "span", span });
  // In the address, so that a comparison is a link and goes on while the reader walks from span to span.
  const [named, setCompared] = useParameter("compare");
  const [active, setActive] = useState<object>();
  const entry = view.entries.find(({ key, root, comparable }) => key === named && root !== undefined && comparable);
  const compared = entry?.key;
  const after = entry?.root;
  const former = useSnapshots(sessionId, span, compared);
  const difference = useMemo(
    () => (former.root === undefined || after === undefined ? undefined : diffJson(former.root, after)),
    [former.root, after],
  );
  const rows = useMemo(() => stateRows(view, { key: compared, difference }, raw), [view, compared, difference, raw]);
  const search = useSearch(view.entries, (match) => {
    if (compared === match.key) setCompared(undefined);
    change({ type: "show", match });
    setActive(match.place.node);
  });

  if (view.entries.length === 0) {
    return (
      <EmptyTab title="No state and no result">
        <p>
          Here stands what a program kept while it worked: plans, decisions, what tools were given and answered, and every other
          attribute that is JSON. This span has none.
        </p>
        <p>
          In Rust <code>session.state("plan", &amp;plan)</code> records a state and <code>session.result("answer", &amp;answer)</code> a
          result; any other program sends an attribute such as <code>mcp.state.plan_json</code>.
        </p>
      </EmptyTab>
    );
  }

  const row = rows.find((each): each is Extract<StateRow, { type: "json" }> => each.type === "json" && subjectOf(each) === active);
  return (
    <>
      <PanelFind
        text={search.text}
        onText={search.setText}
        count={search.matches.length}
        at={search.at}
        go={search.go}
        label="Search the values"
        placeholder="Search names and values"
      />
      <StateList
        rows={rows}
        view={view}
        change={change}
        active={active}
        setActive={setActive}
        wanted={search.wanted}
        compared={compared}
        setCompared={setCompared}
        former={former}
        difference={difference}
      />
      {!raw && <PathBar row={row} />}
    </>
  );
}

interface Search {
  text: string;
  setText: (text: string) => void;
  wanted: string;
  matches: readonly Match[];
  at: number;
  go: (by: 1 | -1) => void;
}

function useSearch(entries: Parameters<typeof findMatches>[0], show: (match: Match) => void): Search {
  const [text, setText] = useState("");
  const [at, setAt] = useState(-1);
  const wanted = useDeferredValue(text);
  const matches = useMemo(() => findMatches(entries, wanted), [entries, wanted]);
  return {
    text,
    setText: (next) => {
      setText(next);
      setAt(-1);
    },
    wanted,
    matches,
    at: Math.min(at, matches.length - 1),
    go: (by) => {
      // Who presses Enter right after the last letter is ahead of the search.
      const found = text === wanted ? matches : findMatches(entries, text);
      if (found.length === 0) return;
      const next = stepped(at, by, found.length);
      const match = found[next];
      setAt(next);
      if (match !== undefined) show(match);
    },
  };
}
