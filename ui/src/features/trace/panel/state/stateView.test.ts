import { describe, expect, it } from "vitest";
import type { Span } from "../../../../api/types";
import { sampleDetail } from "../../../../testing/sample";
import { jsonOf } from "../../../../model/json";
import { diffJson } from "../../../../model/jsonDiff";
import { type StateView, changeView, findMatches, firstView, stateRows, subjectOf } from "./stateView";

const PLAN = "mcp.result.plan_json";
const nothing = { key: undefined, difference: undefined };

function span(plan: unknown, more: Record<string, unknown> = {}): Span {
  return sampleDetail({ attributes: { [PLAN]: JSON.stringify(plan), ...more } });
}

/** The rows in short: heads in brackets, names of what is below. */
function rows(view: StateView, raw = false): string[] {
  return stateRows(view, nothing, raw).map((row) => {
    if (row.type === "head") return `[${row.entry.name}]`;
    return row.type === "json" ? " ".repeat(row.depth) + String(row.row.name ?? row.row.node.text) : row.type;
  });
}

describe("the values of a span", () => {
  it("are heads with what is in them", () => {
    const view = firstView(span({ id: 1, steps: ["a"] }, { "mcp.state.word_json": '"go"', "mcp.state.none_json": "{}" }));
    expect(rows(view)).toEqual(["[none]", "empty", "[word]", "go", "[plan]", "id", "steps", " 0"]);
  });

  it("begin closed when other tabs show them better, unless there is nothing else", () => {
    const messages = { "gen_ai.input.messages": '[{"role":"user"}]' };
    expect(rows(firstView(span({ id: 1 }, messages)))).toEqual(["[plan]", "id", "[gen_ai.input.messages]"]);
    expect(rows(firstView(sampleDetail({ attributes: messages })))).toContain("0");
  });

  it("can be closed, opened and read as they were recorded", () => {
    let view = firstView(span({ a: { b: { c: 1 } } }));
    const entry = view.entries[0];
    const a = entry?.root?.items[0];
    if (entry === undefined || a === undefined) return expect.fail();
    view = changeView(view, { type: "node", key: PLAN, node: a });
    expect(rows(view)).toEqual(["[plan]", "a"]);
    expect(rows(changeView(view, { type: "all", key: PLAN, open: true }))).toEqual(["[plan]", "a", " b", "  c"]);
    expect(rows(view, true)).toEqual(["[plan]", "text"]);
    expect(rows(changeView(view, { type: "entry", key: PLAN }))).toEqual(["[plan]"]);
  });

  it("stay as the reader opened them while the span goes on", () => {
    let view = firstView(span({ steps: [{ a: 1 }] }));
    const steps = view.entries[0]?.root?.items[0];
    if (steps === undefined) return expect.fail();
    view = changeView(view, { type: "node", key: PLAN, node: steps });
    view = changeView(view, { type: "span", span: span({ steps: [{ a: 1 }, { a: 2 }], more: 1 }) });
    expect(rows(view)).toEqual(["[plan]", "steps", "more"]);
  });

  it("open where a search finds something, however far inside and folded it is", () => {
    const long = `${"filler ".repeat(200)}needle`;
    let view = firstView(span({ deep: { deeper: Array.from({ length: 100 }, (_, index) => (index === 77 ? long : "x")) } }));
    expect(rows(view)).toHaveLength(3);
    const [match] = findMatches(view.entries, "NEEDLE");
    if (match === undefined) return expect.fail();
    view = changeView(changeView(view, { type: "entry", key: PLAN }), { type: "show", match });
    expect(stateRows(view, nothing, false).some((row) => subjectOf(row) === match.place.node)).toBe(true);
    expect(view.limits.get(match.place.node)).toBeGreaterThan(long.length - 10);
  });

  it("show what differs in place of the value while they are compared", () => {
    const view = firstView(span({ a: 1, b: 2 }));
    const compared = (former: unknown) =>
      stateRows(view, { key: PLAN, difference: diffJson(jsonOf(former), jsonOf({ a: 1, b: 2 })) }, false).map((row) => row.type);
    expect(compared({ a: 1, b: 3 })).toEqual(["head", "compare", "difference", "difference"]);
    expect(compared({ a: 1, b: 2 })).toEqual(["head", "compare"]);
    expect(compared([])).toEqual(["head", "compare", "difference"]);
    expect(stateRows(view, { key: PLAN, difference: undefined }, false).map((row) => row.type)).toEqual(["head", "compare", "json", "json"]);
  });

  it("tell that they were cut", () => {
    const view = firstView(span({ a: 1 }, { [`${PLAN}_truncated`]: true }));
    expect(rows(view)).toEqual(["[plan]", "cut", "a"]);
  });
});
