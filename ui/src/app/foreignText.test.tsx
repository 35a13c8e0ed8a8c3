import { screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ReactElement } from "react";
import { readFeedEvent } from "../api/feed";
import type { Span, SpanContent } from "../api/types";
import { EventsPage } from "../features/events/Page";
import { HealthPage } from "../features/health/Page";
import { SearchPage } from "../features/search/Page";
import { SessionsPage } from "../features/sessions/Page";
import { SpanTabs } from "../features/trace/panel/SpanPanel";
import { TracePage } from "../features/trace/Page";
import { FakeHost } from "../testing/host";
import { renderAt } from "../testing/page";
import { at, sampleDetail, sampleSession, sampleSpan } from "../testing/sample";
import { Palette } from "./palette/Palette";

/** An override that turns around what follows, a space that nobody sees, and the beginning of a terminal's command. */
const UNSEEN = "\u202e\u200b\u001b";
const DRAWN_RAW = new RegExp(`[${UNSEEN}]`);
/** What isn't free text: words that a host must choose from, moments, and ids that are numbers. */
const CHOSEN = /^(status|kind|otel_kind|type|code|state|role|trace_id|span_id|parent_span_id|date|.*_(at|time|reason|url)|time|timestamp|since|mount)$/;
/** A session's id has to be the one that was asked for. */
const ID = "s1";

/** The same answer with something unseen in every text of it, and in the names of its attributes. */
function poisoned<Value>(value: Value, key = ""): Value {
  if (key.endsWith("_json")) return JSON.stringify(poisoned(JSON.parse(value as string))) as Value;
  if (typeof value === "string") return (CHOSEN.test(key) || value === ID ? value : `${UNSEEN}${value}`) as Value;
  if (Array.isArray(value)) return value.map((item: unknown) => poisoned(item, key)) as Value;
  if (typeof value !== "object" || value === null) return value;
  const isOwn = key === "attributes" || key === "resource";
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [isOwn ? `${name}${UNSEEN}` : name, poisoned(item as unknown, name)])) as Value;
}

const RUN = poisoned(
  sampleSession({
    id: ID,
    title: "title",
    agent: "agent",
    engine: "engine",
    external_id: "external",
    tags: ["tag"],
    status: "paused",
    waiting_on: { signal_name: "signal", prompt: "prompt", since: at(1) },
    error: "an error",
  }),
);
const NAMELESS = { ...RUN, id: `${UNSEEN}nameless`, title: "" };
const ROWS = poisoned([
  sampleSpan(1, undefined, { name: "planner", kind: "agent", agent: "other agent" }),
  sampleSpan(2, 1, { name: "call", kind: "llm", model: "model" }),
  sampleSpan(3, 1, { name: "tool", tool: "another", status: "error", error: "broken" }),
]);

const text = (said: string): { type: "text"; text: string } => ({ type: "text", text: said });
const CONTENT: SpanContent = {
  input_messages: [
    { role: "system", parts: [text("rules")] },
    { role: "user", name: "a name", parts: [text("**question**"), { type: "image", uri: "elsewhere", mime_type: "image/png", name: "name", file_id: "f" }] },
    { role: "assistant", parts: [{ type: "tool_call", id: "c1", name: "ls", arguments: { path: "src" } }] },
    { role: "tool", parts: [{ type: "tool_result", id: "c1", result: "main.rs" }] },
  ],
  output_messages: [{ role: "assistant", parts: [text("an answer"), { type: "reasoning", text: "a thought" }], finish_reason: "stop" }],
  tool_definitions: [{ name: "bash", description: "runs" }],
  documents: [{ id: "d1", text: "a document" }],
  sources: [{ field: "input_messages", source: "cut.source", truncated: true }],
  unreadable: ["unreadable.name"],
};
const SPAN: Span = poisoned(
  sampleDetail({
    name: "span",
    model: "model",
    provider: "provider",
    agent: "agent",
    tool: "tool",
    call_id: "call",
    trace_state: "state",
    source: "another source",
    status: { code: "error", message: "message" },
    error: { type: "its type", message: "its message" },
    attributes: { plain: "value", "mcp.state.plan_json": '{"step":"one"}', long: "long ".repeat(50) },
    events: [{ name: "an event", time: at(2), attributes: { of: "it" } }],
    resource: { "service.name": "service" },
    scope: { name: "scope", version: "version" },
    content: CONTENT,
  }),
);

beforeEach(() => {
  const match = { field: `field${UNSEEN}`, snippet: `a ${UNSEEN} snippet`, highlights: [{ start: 0, end: 3 }] };
  new FakeHost({
    sessions: { sessions: [RUN, NAMELESS], degraded: poisoned([{ registry: "registry", message: "gone" }]) },
    "sessions/s1": RUN,
    "sessions/s1/spans": { spans: ROWS, total: ROWS.length, as_of: 1_000 },
    [`sessions/s1/spans/${ROWS[0]?.span_id}`]: SPAN,
    search: { hits: ROWS.map((span) => ({ type: "span", session_id: ID, span, matches: [match] })), sessions: { [ID]: { title: UNSEEN, agent: UNSEEN } } },
    health: poisoned({
      status: "degraded",
      version: "0.1.0",
      instance: "instance",
      uptime_seconds: 1,
      mount: "/_inspector",
      store: { kind: "sqlite", path: "/data", bytes: 1, sessions: 1, spans: 1, events: 1 },
      events_last_minute: 1,
      subscribers: 1,
      backlog_bytes: 0,
      counters: {},
      limits: {},
      prices: { date: "2026-11-21", source: "a list", models: 1, path: "/prices" },
      parts: [{ name: "store", state: "degraded", why: "a reason" }],
    }),
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
});

/** Every text that is drawn, shown on hover or read aloud. */
function drawn(): string[] {
  const said = [document.title];
  for (const element of document.querySelectorAll("*")) {
    for (const name of ["title", "aria-label", "placeholder", "alt"]) said.push(element.getAttribute(name) ?? "");
    for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) said.push(node.nodeValue ?? "");
  }
  return said;
}

const palette = <Palette onClose={() => undefined} onHelp={() => undefined} />;
const panel = <SpanTabs span={SPAN} sessionId={ID} alive={false} />;

/** Each screen, and a text that says that it is there. */
const SCREENS: readonly [name: string, address: string, screen: ReactElement, said: RegExp][] = [
  ["the sessions", "/sessions", <SessionsPage key="s" />, /Waits for/],
  ["a trace", "/sessions/s1", <TracePage key="t" id={ID} back="/sessions" />, /planner/],
  ["the attributes", "/sessions/s1?tab=attributes", panel, /service\.name/],
  ["the values", "/sessions/s1?tab=state", panel, /step/],
  ["the conversation", "/sessions/s1?tab=context", panel, /question/],
  ["the span as it is", "/sessions/s1?tab=context&raw=true", panel, /question/],
  ["the hits", `/search?q=${encodeURIComponent(UNSEEN)}x&session=${encodeURIComponent(UNSEEN)}y`, <SearchPage key="h" />, /broken/],
  ["health", "/health", <HealthPage key="e" />, /a reason/],
  ["the palette", "/sessions", palette, /title/],
];

describe("a text from elsewhere shows what it hides", () => {
  it.each(SCREENS)("in %s", async (_name, address, page, said) => {
    renderAt(address, page);
    expect((await screen.findAllByText(said)).length).toBeGreaterThan(0);
    await vi.dynamicImportSettled();
    expect(drawn().filter((each) => DRAWN_RAW.test(each))).toEqual([]);
    expect(document.body.textContent).toContain("RLO");
  });

  it("in the events", async () => {
    const { live } = renderAt(`/events?session=${encodeURIComponent(`${UNSEEN}a`)}`, <EventsPage />);
    const event = { id: 7, type: `Brand${UNSEEN}`, session_id: `${UNSEEN}a`, timestamp: at(1), said: `${UNSEEN}words` };
    live.send({ events: [], feed: [readFeedEvent(JSON.stringify(event)) ?? []].flat() });
    (await screen.findByText(/words/)).click();
    expect(await screen.findByRole("region", { name: "Chosen event" })).toBeInTheDocument();
    expect(drawn().filter((each) => DRAWN_RAW.test(each))).toEqual([]);
  });
});
