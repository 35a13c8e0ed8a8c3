import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { SpanSummary } from "../../api/types";
import { FakeHost, problem } from "../../testing/host";
import { renderAt } from "../../testing/page";
import { at, sampleDetail, sampleSession, sampleSpan, spanId } from "../../testing/sample";
import { TracePage } from "./Page";

afterEach(() => vi.unstubAllGlobals());

const spans = [
  sampleSpan(1, undefined, { name: "planner", kind: "agent", end_time: at(20) }),
  sampleSpan(2, 1, { name: "chat gpt-4.1", kind: "llm", usage: { input_tokens: 1_200, output_tokens: 300 } }),
  sampleSpan(3, 2, { name: "write_file", status: "error", error: "EACCES: permission denied" }),
  sampleSpan(4, 1, { name: "search_files" }),
];

function open(address = "/sessions/s1", rows: SpanSummary[] = spans, session = sampleSession()) {
  const details = Object.fromEntries(
    rows.map((span) => [
      `sessions/s1/spans/${span.span_id}`,
      sampleDetail({ span_id: span.span_id, name: span.name, kind: span.kind, attributes: { "my.key": span.name } }),
    ]),
  );
  const host = new FakeHost({
    "sessions/s1": session,
    "sessions/s1/spans": { spans: rows, total: rows.length, as_of: 1_000 },
    ...details,
  });
  return { host, ...renderAt(address, <TracePage id="s1" back="/sessions?q=refund" />) };
}

async function rowNames(): Promise<(string | null)[]> {
  const tree = await screen.findByRole("tree");
  return within(tree)
    .getAllByRole("treeitem")
    .map((row) => row.querySelector(".span-label")?.textContent ?? null);
}

/** The rows come from elsewhere, a moment later. */
async function expectRows(...names: string[]): Promise<void> {
  await waitFor(async () => expect(await rowNames()).toEqual(names));
}

function address(history: readonly string[]): URLSearchParams {
  return new URL(history.at(-1) ?? "", "http://page").searchParams;
}

describe("the trace screen", () => {
  it("shows the tree in reading order with level, place and failures", async () => {
    open();
    expect(await rowNames()).toEqual(["planner", "chat gpt-4.1", "write_file", "search_files"]);
    const failed = screen.getByRole("treeitem", { name: /write_file/ });
    expect(failed).toHaveAttribute("aria-level", "3");
    expect(failed).toHaveTextContent("EACCES: permission denied");
    const search = screen.getByRole("treeitem", { name: /search_files/ });
    expect(search).toHaveAttribute("aria-posinset", "2");
    expect(search).toHaveAttribute("aria-setsize", "2");
    expect(within(screen.getByRole("treeitem", { name: /chat/ })).getByText(/1.50/)).toBeInTheDocument();
  });

  it("shows the details when the address names one, and leaves them hidden when the reader hides them again", async () => {
    const user = userEvent.setup();
    const { history } = open(`/sessions/s1?span=${spanId(5)}`, [...spans, sampleSpan(5, 1, { name: "poll", detail: true })]);
    await screen.findByRole("treeitem", { name: /poll/, selected: true });
    expect(address(history).get("details")).toBe("true");
    await user.click(screen.getByRole("button", { name: "Kinds" }));
    await user.click(screen.getByRole("checkbox", { name: /Details/ }));
    await expectRows("planner", "chat gpt-4.1", "write_file", "search_files");
    expect(screen.getByText(/shown only with the details/)).toBeInTheDocument();
    expect(address(history).get("details")).toBeNull();
  });

  it("folds and unfolds with the keyboard and walks the tree", async () => {
    const user = userEvent.setup();
    open();
    await rowNames();
    await user.keyboard("{ArrowRight}{ArrowLeft}");
    await expectRows("planner", "chat gpt-4.1", "search_files");
    expect(screen.getByRole("treeitem", { name: /chat/ })).toHaveAttribute("aria-expanded", "false");
    await user.keyboard("{ArrowRight}{ArrowRight}");
    expect(await screen.findByRole("treeitem", { name: /write_file/, selected: true })).toBeInTheDocument();
    await user.keyboard("{ArrowLeft}{ArrowLeft}{ArrowLeft}");
    expect(await screen.findByRole("treeitem", { name: /planner/, selected: true })).toBeInTheDocument();
  });

  it("goes to the next error, opening what hides it", async () => {
    const user = userEvent.setup();
    open();
    await rowNames();
    await user.keyboard("{ArrowLeft}");
    await expectRows("planner");
    await user.keyboard("e");
    expect(await screen.findByRole("treeitem", { name: /write_file/, selected: true })).toBeInTheDocument();
  });

  it("opens the span its address names", async () => {
    open(`/sessions/s1?span=${spanId(4)}`);
    expect(await screen.findByRole("treeitem", { name: /search_files/, selected: true })).toBeInTheDocument();
    const panel = screen.getByRole("region", { name: "Chosen span" });
    expect(await within(panel).findByText("my.key")).toBeInTheDocument();
  });

  it("writes the chosen span into its address", async () => {
    const user = userEvent.setup();
    const { history } = open();
    await user.click(await screen.findByText("search_files"));
    await waitFor(() => expect(address(history).get("span")).toBe(spanId(4)));
    expect(address(history).has("trace")).toBe(false);
  });

  it("says so when its address names a span that isn't there", async () => {
    open("/sessions/s1?span=00000000000000ff");
    expect(await screen.findByText(/isn’t in this session/)).toBeInTheDocument();
  });

  it("looks at the culprit first when the session failed", async () => {
    open("/sessions/s1", spans, sampleSession({ status: "failed", error: "EACCES" }));
    expect(await screen.findByRole("treeitem", { name: /write_file/, selected: true })).toBeInTheDocument();
    expect(screen.getByText("First error")).toBeInTheDocument();
  });

  it("takes live spans of this session, and only of this one", async () => {
    const { live } = open();
    await rowNames();
    live.send({
      events: [
        { id: 2_001, type: "SpanStarted", session_id: "s1", span: sampleSpan(5, 1, { name: "late tool", end_time: undefined }) },
        { id: 2_002, type: "SpanStarted", session_id: "other", span: sampleSpan(6, undefined, { name: "stranger" }) },
      ],
    });
    await expectRows("planner", "chat gpt-4.1", "write_file", "search_files", "late tool");
  });

  it("draws a span whose parent is unknown under a placeholder", async () => {
    const user = userEvent.setup();
    open("/sessions/s1", [sampleSpan(8, 7, { name: "orphan" })]);
    expect(await rowNames()).toEqual(["Not reported yet", "orphan"]);
    await user.click(screen.getByText("Not reported yet"));
    expect(await screen.findByText(/nobody has reported it yet/)).toBeInTheDocument();
  });

  it("fetches only what changed after a gap", async () => {
    const { host, live } = open();
    await rowNames();
    host.answers["sessions/s1/spans"] = { spans: [sampleSpan(9, 1, { name: "missed" })], total: 1, as_of: 3_000 };
    live.send({ events: [], resync: { missed: 3 } });
    await waitFor(async () => expect(await rowNames()).toContain("missed"));
    expect(host.to("spans").at(-1)?.searchParams.get("since")).toBe("1000");
  });

  it("follows a session that was merged into another", async () => {
    const { live, history } = open();
    await rowNames();
    live.send({ events: [{ id: 2_003, type: "SessionMerged", session_id: "s1", into: "real" }] });
    expect(history.at(-1)).toBe("/sessions/real");
  });

  it("reads a long trace page by page", async () => {
    const pages = [
      { spans: spans.slice(0, 2), total: 4, as_of: 50, next_cursor: "c" },
      { spans: spans.slice(2), total: 4, as_of: 60 },
    ];
    const host = new FakeHost({
      "sessions/s1": sampleSession(),
      "sessions/s1/spans": () => new Response(JSON.stringify(pages.shift())),
    });
    renderAt("/sessions/s1", <TracePage id="s1" back="/sessions" />);
    await waitFor(async () => expect(await rowNames()).toHaveLength(4));
    expect(host.to("spans").map((url) => url.searchParams.get("cursor"))).toEqual([null, "c"]);
  });

  it("leaves to the list as it was", async () => {
    const user = userEvent.setup();
    const { history } = open();
    await rowNames();
    await user.keyboard("{Escape}");
    expect(history.at(-1)).toBe("/sessions?q=refund");
  });

  it("explains a session the host doesn't know", async () => {
    const unknown = () => problem(404, "session_not_found", "There is no such session");
    new FakeHost({ "sessions/s1": unknown, "sessions/s1/spans": unknown });
    renderAt("/sessions/s1", <TracePage id="s1" back="/sessions" />);
    expect(await screen.findByText("Loading this session failed")).toBeInTheDocument();
    expect(screen.getByText(/404 session_not_found/)).toBeInTheDocument();
  });

  it("says when there is no span yet", async () => {
    open("/sessions/s1", []);
    expect(await screen.findByText(/No span yet/)).toBeInTheDocument();
  });
});
