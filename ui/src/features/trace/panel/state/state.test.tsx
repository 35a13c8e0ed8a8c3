import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Span } from "../../../../api/types";
import { FakeHost } from "../../../../testing/host";
import { renderAt } from "../../../../testing/page";
import { at, sampleDetail, sampleSpan, spanId } from "../../../../testing/sample";
import { SpanTabs } from "../SpanPanel";

const PLAN = "mcp.result.plan_json";
const plan = { plan_id: "p1", steps: [{ step_id: "read", status: "completed" }, { step_id: "write", status: "pending" }] };

afterEach(() => vi.unstubAllGlobals());

function open(attributes: Record<string, unknown> = { [PLAN]: JSON.stringify(plan) }, change: Partial<Span> = {}) {
  const span = sampleDetail({ span_id: spanId(9), end_time: at(9), attributes, ...change });
  return renderAt("/sessions/s1?tab=state", <SpanTabs span={span} sessionId="s1" alive />);
}

describe("the State/Result tab", () => {
  it("draws every value as a tree with level, place and state", async () => {
    open();
    const tree = await screen.findByRole("tree", { name: "Values" });
    expect(within(tree).getByRole("treeitem", { name: /Result plan/ })).toHaveAttribute("aria-level", "1");
    const steps = within(tree).getByRole("treeitem", { name: /^steps ?:/ });
    expect(steps).toHaveAttribute("aria-expanded", "true");
    expect(steps).toHaveAttribute("aria-posinset", "2");
    expect(within(tree).getByRole("treeitem", { name: /^step_id ?: “ ?write ?”/ })).toHaveAttribute("aria-level", "4");
  });

  it("is walked with the keyboard, which the tree of spans does not hear", async () => {
    const heard: string[] = [];
    const listener = (event: KeyboardEvent) => !event.defaultPrevented && heard.push(event.key);
    document.addEventListener("keydown", listener);
    open();
    const tree = await screen.findByRole("tree", { name: "Values" });
    tree.focus();
    const me = userEvent.setup();
    await me.keyboard("{ArrowDown}{ArrowDown}{ArrowDown}");
    expect(screen.getByRole("treeitem", { selected: true })).toHaveTextContent(/^steps/);
    await me.keyboard("{ArrowLeft}");
    expect(screen.queryByText("read")).toBeNull();
    await me.keyboard("{ArrowRight}{End}");
    expect(screen.getByRole("treeitem", { selected: true })).toHaveTextContent(/^status: “pending”/);
    document.removeEventListener("keydown", listener);
    expect(heard).toEqual([]);
  });

  it("copies the value and both ways to write its path", async () => {
    const me = userEvent.setup();
    open();
    await me.click(await screen.findByText("pending"));
    const copies = { "the value": "pending", "the path as code": "steps[1].status", "the path as a JSON pointer": "/steps/1/status" };
    for (const [what, text] of Object.entries(copies)) {
      await me.click(screen.getByRole("button", { name: `Copy ${what}` }));
      expect(await navigator.clipboard.readText()).toBe(text);
    }
  });

  it("searches names and values and goes from match to match", async () => {
    const me = userEvent.setup();
    open();
    await me.type(await screen.findByRole("textbox", { name: "Search the values" }), "step_id{Enter}");
    expect(screen.getByText("1 of 2")).toBeInTheDocument();
    expect(screen.getByRole("treeitem", { selected: true })).toHaveTextContent("read");
    await me.keyboard("{Enter}");
    expect(screen.getByRole("treeitem", { selected: true })).toHaveTextContent("write");
    await me.click(screen.getByRole("button", { name: "Previous match" }));
    expect(screen.getByRole("treeitem", { selected: true })).toHaveTextContent("read");
    expect(document.querySelectorAll("mark").length).toBe(2);
  });

  it("compares a value with the one before it in the session", async () => {
    const me = userEvent.setup();
    const host = new FakeHost({
      search: { hits: [hit(3, 3), hit(4, 5), hit(9, 9)] },
      [`sessions/s1/spans/${spanId(4)}`]: former({ ...plan, steps: [{ step_id: "read", status: "pending" }] }),
      [`sessions/s1/spans/${spanId(3)}`]: former(plan),
    });
    const { history } = open();
    await me.click(await screen.findByRole("button", { name: "Compare" }));
    expect(await screen.findByText("1 changed")).toBeInTheDocument();
    expect(history.at(-1)).toContain(`compare=${PLAN}`);
    expect(host.to("search")[0]?.searchParams.get("q")).toBe(`"${PLAN}":*`);
    expect(screen.getByText("1 added")).toBeInTheDocument();
    const changed = screen.getByRole("treeitem", { name: /status ?: changed/ });
    expect(changed.querySelector("del")).toHaveTextContent("pending");
    expect(changed.querySelector("ins")).toHaveTextContent("completed");
    await me.selectOptions(screen.getByRole("combobox", { name: "Compared with" }), screen.getByRole("option", { name: /span 3/ }));
    expect(await screen.findByText("The same")).toBeInTheDocument();
    expect(history.at(-1)).toContain("against=");
    expect(screen.getByRole("link", { name: "Open that span" })).toHaveAttribute("href", expect.stringContaining(spanId(3)));
  });

  it("says when there is nothing to compare with", async () => {
    const me = userEvent.setup();
    new FakeHost({ search: { hits: [hit(9, 9)] } });
    open();
    await me.click(await screen.findByRole("button", { name: "Compare" }));
    expect(await screen.findByText(/No other span of this session has/)).toBeInTheDocument();
  });

  it("says when earlier values cannot be had, and asks again", async () => {
    const me = userEvent.setup();
    const host = new FakeHost({});
    open();
    await me.click(await screen.findByRole("button", { name: "Compare" }));
    expect(await screen.findByText(/could not be fetched/, undefined, { timeout: 8_000 })).toBeInTheDocument();
    host.answers.search = { hits: [] };
    await me.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(screen.getByText(/No other span/)).toBeInTheDocument());
  }, 15_000);

  it("shows what is no JSON as text, and everything so when asked", async () => {
    const me = userEvent.setup();
    open({ "mcp.state.x_json": "{oops", "mcp.state.y_json": '{"a":1}' });
    expect(await screen.findByText(/no valid JSON/)).toBeInTheDocument();
    expect(screen.getByText("{oops")).toBeInTheDocument();
    await me.keyboard("a");
    expect(screen.getByText('{"a":1}')).toBeInTheDocument();
  });

  it("draws few rows of a long value, and none of a deep one too many", async () => {
    open({ "mcp.state.a_long_json": JSON.stringify(Array.from({ length: 10_000 }, (_, index) => index)), "mcp.state.deep_json": "[".repeat(5_000) + "]".repeat(5_000) });
    await screen.findByRole("tree", { name: "Values" });
    expect(screen.getAllByRole("treeitem").length).toBeLessThan(120);
    expect(screen.getByText(/10,000 items/)).toBeInTheDocument();
  });

  it("says what would stand here when there is none", async () => {
    open({ plain: "text" });
    expect(await screen.findByText("No state and no result")).toBeInTheDocument();
  });
});

function hit(id: number, end: number) {
  return { type: "span", session_id: "s1", span: sampleSpan(id, undefined, { end_time: at(end) }), matches: [] };
}

function former(value: unknown) {
  return sampleDetail({ attributes: { [PLAN]: JSON.stringify(value) } });
}
