import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { forgetRefusals } from "../../api/barred";
import type { Session, SpanSummary } from "../../api/types";
import { FakeHost, problem } from "../../testing/host";
import { renderAt } from "../../testing/page";
import { at, sampleSession, sampleSpan, spanId } from "../../testing/sample";
import { TracePage } from "./Page";

afterEach(() => {
  forgetRefusals();
  vi.unstubAllGlobals();
});

const spans = [
  sampleSpan(1, undefined, { name: "planner", kind: "agent", end_time: at(60) }),
  sampleSpan(2, 1, { name: "chat", kind: "llm", model: "gpt-5", usage: { input_tokens: 1_200 }, cost: { usd: 0.5, source: "computed" } }),
  sampleSpan(3, 1, { name: "approve?", kind: "human", end_time: at(50) }),
  sampleSpan(4, 1, { name: "write_file", start_time: at(51), end_time: at(52), status: "error", error: "EACCES", inferred_parent: true }),
];

function open(query = "", session: Partial<Session> = {}, rows: SpanSummary[] = spans) {
  const host = new FakeHost({
    "sessions/s1": sampleSession(session),
    "sessions/s1/spans": { spans: rows, total: rows.length, as_of: 1_000 },
    sessions: { sessions: [], degraded: [] },
  });
  return { host, ...renderAt(`/sessions/s1${query}`, <TracePage id="s1" back="/sessions?q=refund" />) };
}

const row = (name: RegExp) => screen.findByRole("treeitem", { name });
const says = (history: readonly string[]) => new URL(history.at(-1) ?? "", "http://page").searchParams;

describe("the rows", () => {
  it("say in words what lines and tints show", async () => {
    open();
    expect(await row(/write_file/)).toHaveTextContent("parent inferred");
    expect(await row(/planner/)).toHaveTextContent("1.20k");
  });

  it("have the columns that were chosen", async () => {
    const user = userEvent.setup();
    const { history } = open("?tab=context");
    await row(/planner/);
    await user.click(screen.getByRole("button", { name: "Columns" }));
    await user.click(screen.getByRole("checkbox", { name: "Cost" }));
    expect(await row(/chat/)).toHaveTextContent("≈$0.50");
    expect(says(history).get("cols")).toBe("tokens,cost,duration");
    expect(says(history).get("tab")).toBe("context");
  });

  it("of hidden kinds leave, and stay as context where something below is shown", async () => {
    const user = userEvent.setup();
    const { history } = open();
    await row(/planner/);
    await user.click(screen.getByRole("button", { name: "Kinds" }));
    await user.click(screen.getByRole("button", { name: "Only Tool" }));
    await waitFor(() => expect(screen.getAllByRole("treeitem")).toHaveLength(2));
    expect(await row(/planner/)).toHaveTextContent("of a hidden kind");
    expect(says(history).get("hide")).toBe("agent,llm,human");
  });

  it("that are looked for are marked and counted", async () => {
    const user = userEvent.setup();
    open();
    await row(/planner/);
    await user.type(screen.getByRole("textbox", { name: /^Find spans/ }), "gpt-5{Enter}");
    expect(await screen.findByText("1 of 1")).toBeInTheDocument();
    expect(await row(/chat/)).toHaveAttribute("aria-selected", "true");
  });

  it("fold as an address says", async () => {
    open("?level=0");
    await waitFor(() => expect(screen.getAllByRole("treeitem")).toHaveLength(1));
  });
});

describe("steps that lead nowhere", () => {
  it("are told", async () => {
    const user = userEvent.setup();
    open("", {}, [sampleSpan(1)]);
    await row(/span 1/);
    await user.keyboard("w");
    expect(await screen.findByText("Nobody was waited for")).toBeInTheDocument();
  });
});

describe("the time", () => {
  it("in which only waits ran is folded until it is asked for", async () => {
    const user = userEvent.setup();
    const { history } = open();
    expect((await screen.findAllByTitle(/48\.0 s in which nothing but waits ran/)).length).toBe(1);
    await user.keyboard("c");
    await waitFor(() => expect(screen.queryByTitle(/48\.0 s in which/)).toBeNull());
    expect(says(history).get("gaps")).toBe("shown");
  });

  it("is zoomed and shown whole again with keys", async () => {
    const user = userEvent.setup();
    const { history } = open(`?span=${spanId(4)}`);
    await row(/write_file/);
    const slider = screen.getByRole("slider", { name: "Shown part of the time" });
    expect(slider).toHaveAttribute("aria-valuetext", "all 59.0 s");
    await user.keyboard("z");
    expect(slider).toHaveAttribute("aria-valuetext", "50.0 s to 51.0 s of 59.0 s");
    await waitFor(() => expect(says(history).get("range")).toBe("49950-51050"));
    await user.keyboard("0");
    expect(slider).toHaveAttribute("aria-valuetext", "all 59.0 s");
    await waitFor(() => expect(says(history).has("range")).toBe(false));
  });
});

describe("a view that is held", () => {
  it("says how much waits and shows it when it goes on", async () => {
    const user = userEvent.setup();
    const { live } = open();
    await row(/planner/);
    await user.keyboard("p");
    expect(screen.getByText(/Nothing new so far/)).toBeInTheDocument();
    live.send({ events: [{ id: 2_001, type: "SpanFinished", session_id: "s1", span: sampleSpan(9, 1, { name: "late" }) }] });
    expect(await screen.findByText(/1 change waits/)).toBeInTheDocument();
    expect(screen.queryByText("late")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Show it" }));
    expect(await row(/late/)).toBeInTheDocument();
  });
});

describe("the header", () => {
  it("tells the parts of tokens and cost", async () => {
    const counters = { ...sampleSession().counters, cache_read_tokens: 30_000, computed_cost_usd: 0.11, unpriced_calls: 2 };
    open("", { counters });
    const tokens = await screen.findByRole("button", { name: /tokens/ });
    expect(tokens).toHaveAccessibleDescription(/Input 40,000.*read from a cache 30,000.*Output 2,100/);
    expect(screen.getByRole("button", { name: /\$0\.21/ })).toHaveAccessibleDescription(/Reported.*\$0\.10.*Computed.*≈\$0\.11.*without a known price 2/);
  });

  it("shows the question a session waits with as it was asked", async () => {
    open("", { status: "paused", waiting_on: { signal_name: "approve", prompt: "Delete?\n  a\n  b", since: at(1) } });
    expect(await screen.findByText(/Delete\?/)).toHaveTextContent(/Delete\? a b/);
  });

  it("links the sessions above and below", async () => {
    const { host } = open("", { parent_session_id: "boss" });
    host.answers["sessions/boss"] = sampleSession({ id: "boss", title: "The boss" });
    host.answers.sessions = { sessions: [sampleSession({ id: "kid", title: "A kid", parent_session_id: "s1" }), sampleSession({ id: "other" })], degraded: [] };
    expect(await screen.findByRole("link", { name: "The boss" })).toHaveAttribute("href", "/sessions/boss");
    expect(await screen.findByRole("link", { name: "A kid" })).toHaveAttribute("href", "/sessions/kid");
  });

  it("offers the trace as a file of its own name", async () => {
    open();
    const link = await screen.findByRole("link", { name: "Download the trace" });
    expect(link).toHaveAttribute("download", "s1.jsonl");
    expect(link.getAttribute("href")).toMatch(/\/trace\/s1$/);
  });

  it("says why the host refuses, and leaves everything as it was", async () => {
    const user = userEvent.setup();
    const { host } = open();
    await row(/planner/);
    host.answers["sessions/s1/pin"] = () => problem(403, "read_only", "This inspector only shows");
    await user.click(screen.getByRole("button", { name: "Pin" }));
    const said = await screen.findByText("Pinning failed: This inspector only shows");
    expect(said.parentElement).toHaveAttribute("role", "alert");
    await user.click(screen.getByRole("button", { name: "Close" }));
    expect(screen.queryByText(/Pinning failed/)).toBeNull();
    // What would be refused again is not offered again, and says why.
    expect(screen.getByRole("button", { name: "Pin" })).toBeDisabled();
    expect(screen.getByRole("button", { name: "Pin" })).toHaveAttribute("title", "This inspector only shows");
    await user.click(screen.getByRole("button", { name: "More actions" }));
    expect(screen.getByRole("button", { name: "Delete…" })).toBeDisabled();
    expect(screen.getByText("This inspector only shows")).toBeInTheDocument();
  });

  it("cannot delete what still runs", async () => {
    const user = userEvent.setup();
    open("", { status: "running" });
    await row(/planner/);
    await user.click(screen.getByRole("button", { name: "More actions" }));
    expect(screen.getByRole("button", { name: "Delete…" })).toBeDisabled();
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("button", { name: "Delete…" })).toBeNull();
    expect(screen.getByRole("button", { name: "More actions" })).toHaveFocus();
  });
});
