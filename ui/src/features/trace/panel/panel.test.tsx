import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { at, sampleDetail, sampleSpan, spanId } from "../../../testing/sample";
import type { Span, SpanSummary } from "../../../api/types";
import { TraceTree } from "../../../model/traceTree";
import { FakeHost } from "../../../testing/host";
import { renderAt } from "../../../testing/page";
import { SpanPanel, SpanTabs } from "./SpanPanel";

afterEach(() => vi.unstubAllGlobals());

/** Without this, an element and the one around it would both hold the same text. */
function isLeafy(element: Element): boolean {
  return [...element.children].every((child) => child.textContent !== element.textContent);
}

function open(span: Span, address = "/sessions/s1?tab=attributes", alive = true) {
  return renderAt(address, <SpanTabs span={span} sessionId="s1" alive={alive} />);
}

describe("the attributes of a span", () => {
  it("begin with the normalised fields, and unknown ones have no row", () => {
    open(sampleDetail({
          model: "gpt-4.1",
          provider: "openai",
          usage: { input_tokens: 4_096, output_tokens: 180 },
          cost: { usd: 0.0041, source: "computed" },
        }));
    for (const text of ["LLM call", "gpt-4.1", "openai", "4,096", "≈$0.0041"]) {
      expect(screen.getByText(text, { exact: false })).toBeInTheDocument();
    }
    expect(screen.queryByText("Tool")).toBeNull();
    expect(screen.queryByText("Agent")).toBeNull();
  });

  it("say what failed before anything else", () => {
    open(sampleDetail({ status: { code: "error" }, error: { type: "RateLimitError", message: "429" } }), undefined, false);
    expect(screen.getByText("RateLimitError")).toBeInTheDocument();
    expect(screen.getByText("429")).toBeInTheDocument();
  });

  it("lay out JSON, mark what was cut, and fold what is long", async () => {
    const user = userEvent.setup();
    open(sampleDetail({
          attributes: {
            "mcp.tool.input_json": '{"command":"ls"}',
            prompt: "line\n".repeat(40),
            prompt_truncated: true,
          },
        }));
    expect(screen.getByText(/"command": "ls"/)).toBeInTheDocument();
    expect(screen.getByText("cut")).toBeInTheDocument();
    expect(screen.queryByText("prompt_truncated")).toBeNull();
    expect(screen.getByText("200 B")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Show all" }));
    expect(screen.queryByRole("button", { name: "Show all" })).toBeNull();
    await user.click(screen.getByRole("button", { name: "Fold" }));
    expect(screen.getByRole("button", { name: "Show all" })).toBeInTheDocument();
  });

  it("can be filtered", async () => {
    const user = userEvent.setup();
    const attributes = Object.fromEntries(["a", "b", "c", "d", "e", "needle"].map((key) => [key, 1]));
    open(sampleDetail({ attributes }));
    await user.type(screen.getByRole("textbox", { name: "Filter the attributes" }), "need");
    expect(screen.getByText("needle")).toBeInTheDocument();
    expect(screen.queryByText("a")).toBeNull();
    await user.type(screen.getByRole("textbox"), "x");
    expect(screen.getByText("No attribute matches.")).toBeInTheDocument();
  });

  it("show the whole span as JSON", async () => {
    const user = userEvent.setup();
    open(sampleDetail());
    await user.click(screen.getByRole("button", { name: "Raw" }));
    expect(screen.getByText(/"otel_kind": "client"/)).toBeInTheDocument();
  });

  it("end with events, links, resource and scope, when there are any", () => {
    open(sampleDetail({
          events: [{ name: "exception", time: at(2), attributes: { "exception.type": "Oops" } }],
          links: [{ trace_id: "f".repeat(32), span_id: "e".repeat(16), attributes: {} }],
          resource: { "service.name": "swe-agent" },
          scope: { name: "my.library", version: "1.2" },
          dropped_attributes: 3,
        }));
    for (const text of ["exception", "+1.0 s", "Oops", "e".repeat(16), "swe-agent", "my.library 1.2"]) {
      expect(screen.getByText((_text, element) => element?.textContent.trim() === text && isLeafy(element))).toBeInTheDocument();
    }
    expect(screen.getByText(/3 more were dropped/)).toBeInTheDocument();
  });

  it("draw markup as text", () => {
    open(sampleDetail({ attributes: { html: "<img src=x onerror=alert(1)>" } }));
    expect(screen.getByText("<img src=x onerror=alert(1)>")).toBeInTheDocument();
    expect(document.querySelector("img")).toBeNull();
  });

  it("say in words what was inferred, and link to the parent", () => {
    open(sampleDetail({ parent_span_id: "00000000000000aa", inferred_parent: true, detail: true, source: "claude-code" }));
    expect(screen.getByText(/inferred: nobody said what called it/)).toBeInTheDocument();
    expect(screen.getByText(/matters only to who works on the program/)).toBeInTheDocument();
    expect(screen.getByText(/Put together from what is no span/)).toBeInTheDocument();
    expect(screen.getByRole("link", { name: "00000000000000aa" })).toHaveAttribute("href", expect.stringContaining("/sessions/s1?span=00000000000000aa"));
  });

  it("tell how much of a value is kept", () => {
    open(sampleDetail({ attributes: { prompt: "abc… [1048576 bytes]", prompt_truncated: true } }));
    expect(screen.getByText(/22 B of 1.0 MB are kept/)).toBeInTheDocument();
  });

  it("link to spans of other sessions, and tell of those that are nowhere", async () => {
    const home = { type: "span", session_id: "other", span: sampleSpan(5, undefined, { name: "the cause" }), matches: [] };
    const answers = [{ hits: [home] }, { hits: [] }];
    new FakeHost({ search: () => new Response(JSON.stringify(answers.shift())) });
    const link = { trace_id: "f".repeat(32), attributes: {} };
    open(sampleDetail({ links: [{ ...link, span_id: spanId(5) }, { ...link, span_id: spanId(6) }] }));
    const there = await screen.findByRole("link", { name: "the cause" });
    expect(there).toHaveAttribute("href", `/sessions/other?span=${spanId(5)}&trace=${link.trace_id}`);
    expect(screen.getByText(/in another session/)).toBeInTheDocument();
    expect(await screen.findByText(/not recorded here/)).toBeInTheDocument();
  });

  it("show the first of many events", async () => {
    const user = userEvent.setup();
    open(sampleDetail({ events: Array.from({ length: 30 }, (_, index) => ({ name: `event ${index}`, time: at(index), attributes: {} })) }));
    expect(screen.queryByText("event 29")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Show 10 events more" }));
    expect(screen.getByText("event 29")).toBeInTheDocument();
  });
});

describe("the panel", () => {
  const node = (change: Partial<SpanSummary> = {}) => {
    const tree = new TraceTree();
    tree.upsert([sampleSpan(1, undefined, change)]);
    return tree.flatten()[0];
  };
  const panel = (host: Record<string, object>, address = "/sessions/s1", change: Partial<SpanSummary> = {}) => {
    const fake = new FakeHost(host);
    return { fake, ...renderAt(address, <SpanPanel sessionId="s1" node={node(change)} missing={false} alive />) };
  };
  const path = `sessions/s1/spans/${spanId(1)}`;

  it("shows the geometry of what comes, then that", async () => {
    panel({ [path]: sampleDetail({ attributes: { "my.key": "here" } }) });
    expect(document.querySelector(".skeleton")).toBeInTheDocument();
    expect(await screen.findByText("here")).toBeInTheDocument();
    expect(document.querySelector(".skeleton")).toBeNull();
  });

  it("says what went wrong, and tries again", async () => {
    const user = userEvent.setup();
    const { fake } = panel({});
    expect(await screen.findByText("Loading this span failed", undefined, { timeout: 8_000 })).toBeInTheDocument();
    fake.answers[path] = sampleDetail({ attributes: { "my.key": "here" } });
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("here")).toBeInTheDocument();
  }, 15_000);

  it("goes to a tab by its key, writes it into the address and remembers it", async () => {
    const user = userEvent.setup();
    const detail = { [path]: sampleDetail({ attributes: { "mcp.state.plan_json": "{}" } }) };
    const { history, unmount } = panel(detail, "/sessions/s1?span=1&find=x");
    await screen.findByText("mcp.state.plan_json");
    await user.keyboard("2");
    expect(screen.getByRole("tab", { name: /State/, selected: true })).toHaveTextContent("State/Result 1");
    expect(history.at(-1)).toBe("/sessions/s1?span=1&find=x&tab=state");
    unmount();
    panel(detail);
    expect(screen.getByRole("tab", { name: /State/, selected: true })).toBeInTheDocument();
    await user.keyboard("1");
    expect(screen.getByRole("tab", { name: /Attributes/, selected: true })).toBeInTheDocument();
  });

  it("tells of a span that nobody reported, of none, and of one that isn't here", () => {
    panel({}, "/sessions/s1", { placeholder: true });
    expect(screen.getByText(/nobody has reported it yet/)).toBeInTheDocument();
    renderAt("/", <SpanPanel sessionId="s1" node={undefined} missing alive />);
    renderAt("/", <SpanPanel sessionId="s1" node={undefined} missing={false} alive />);
    expect(screen.getByText(/isn’t in this session/)).toBeInTheDocument();
    expect(screen.getByText(/Choose a span/)).toBeInTheDocument();
  });
});
