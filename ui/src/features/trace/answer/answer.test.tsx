import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { forgetRefusals } from "../../../api/barred";
import type { LiveEvent, Session, Wait } from "../../../api/types";
import { FakeHost } from "../../../testing/host";
import { renderAt } from "../../../testing/page";
import { at, sampleDetail, sampleSession, sampleSpan } from "../../../testing/sample";
import Breakpoints from "./Breakpoints";
import Waits from "./Waits";

beforeEach(() => sessionStorage.clear());
afterEach(() => {
  forgetRefusals();
  vi.unstubAllGlobals();
});

const SCHEMA = {
  type: "object",
  required: ["approved"],
  properties: { approved: { type: "boolean", description: "May it?" }, comment: { type: "string", maxLength: 5 } },
};

function wait(more: Partial<Wait> = {}): Wait {
  return { wait_id: "00000000000000aa", signal_name: "approve", prompt: "Delete it?", since: at(1), schema: SCHEMA, ...more };
}

/** What was sent to the host, by the path below the mount. */
function sent(): { path: string; body: unknown }[] {
  const calls = vi.mocked(fetch).mock.calls as unknown as [URL, RequestInit | undefined][];
  return calls
    .filter(([, init]) => init?.method !== undefined)
    .map(([url, init]) => ({ path: `${init?.method} ${url.pathname.replace("/_inspector/", "")}`, body: init?.body === undefined ? undefined : (JSON.parse(init.body as string) as unknown) }));
}

function open(waits: Wait[], session: Partial<Session> = {}): FakeHost {
  return openLive(waits, session).host;
}

function openLive(waits: Wait[], session: Partial<Session> = {}) {
  const host = new FakeHost({ "sessions/s1/waits": { waits, total: waits.length }, "signal/s1": {} });
  vi.stubGlobal("fetch", vi.fn(globalThis.fetch));
  const { live, rerender } = renderAt("/sessions/s1", <Waits session={sampleSession({ status: "paused", controls: ["signal"], ...session })} />);
  /** The host tells that these are asked now, and what happened. */
  const now = (left: Wait[], ...events: LiveEvent[]): void => {
    host.answers["sessions/s1/waits"] = { waits: left, total: left.length };
    live.send({ events });
  };
  return { host, live, rerender, now };
}

/** Somebody said something to a wait. */
function signal(of: Wait, decision: string, by: string): LiveEvent {
  return { id: 9, type: "SignalReceived", session_id: "s1", timestamp: at(9), signal_name: of.signal_name, ...(of.wait_id !== undefined && { wait_id: of.wait_id }), decision, by };
}

describe("a session that waits", () => {
  it("is asked for what is missing before anything is sent, and then sends it", async () => {
    const user = userEvent.setup();
    open([wait()]);
    await user.click(await screen.findByRole("button", { name: "Send" }));
    expect(screen.getByText("An answer is wanted here.")).toBeInTheDocument();
    expect(sent()).toEqual([]);
    await user.click(screen.getByRole("radio", { name: "Yes" }));
    await user.type(screen.getByLabelText("comment (optional)"), "fine");
    await user.click(screen.getByRole("button", { name: "Send" }));
    expect(await screen.findByText("Accepted. The session goes on.")).toBeInTheDocument();
    const body = { signal: "approve", wait_id: "00000000000000aa", payload: { approved: true, comment: "fine" } };
    expect(sent()).toEqual([{ path: "POST signal/s1", body }]);
  });

  it("shows what the host refused at its field, and lets it be mended", async () => {
    const user = userEvent.setup();
    const host = open([wait()]);
    host.answers["signal/s1"] = () =>
      Response.json(
        { title: "Not what it waits for", code: "invalid_payload", status: 422, errors: [{ pointer: "/comment", message: "too rude" }] },
        { status: 422 },
      );
    await user.click(await screen.findByRole("radio", { name: "No" }));
    await user.click(screen.getByRole("button", { name: "Send" }));
    expect(await screen.findByText("too rude")).toBeInTheDocument();
    expect(screen.getByLabelText("comment (optional)")).toBeInvalid();
    expect(screen.getByRole("radio", { name: "No" })).toBeEnabled();
  });

  it("says that somebody was faster, and takes nothing more", async () => {
    const user = userEvent.setup();
    const host = open([wait({ schema: { type: "boolean" } })]);
    host.answers["signal/s1"] = () => Response.json({ title: "No", code: "nothing_waits", status: 409 }, { status: 409 });
    await user.click(await screen.findByRole("button", { name: "Yes" }));
    expect(await screen.findByText(/Somebody else has answered/)).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Yes" })).toBeDisabled();
  });

  it("says why a viewer may not answer, and offers it no more", async () => {
    const user = userEvent.setup();
    const host = open([wait({ schema: { type: "boolean" } }), wait({ wait_id: "00000000000000bb", signal_name: "second" })]);
    const detail = "you are a viewer; this needs the role operator, which the host gives with `.access(..)`";
    host.answers["signal/s1"] = () => Response.json({ title: "Your role does not allow this", code: "role_needed", status: 403, detail }, { status: 403 });
    await user.click(await screen.findByRole("button", { name: "Yes" }));
    expect(await screen.findAllByText(detail)).toHaveLength(2);
    expect(screen.getByRole("button", { name: "Yes" })).toBeDisabled();
    expect(screen.getByRole("button", { name: "Send" })).toBeDisabled();
  });

  it("can be told no, with a reason", async () => {
    const user = userEvent.setup();
    open([wait()]);
    await user.click(await screen.findByRole("button", { name: "Deny…" }));
    await user.keyboard("not today{Enter}");
    await waitFor(() => expect(sent()).toEqual([{ path: "POST signal/s1", body: { signal: "approve", wait_id: "00000000000000aa", deny: { reason: "not today" } } }]));
  });

  it("takes the keys that send for a no, while the reason is written", async () => {
    const user = userEvent.setup();
    open([wait()]);
    await user.click(await screen.findByRole("radio", { name: "Yes" }));
    await user.click(screen.getByRole("button", { name: "Deny…" }));
    await user.keyboard("wait{Control>}{Enter}{/Control}");
    await waitFor(() => expect(sent().map(({ body }) => body)).toEqual([{ signal: "approve", wait_id: "00000000000000aa", deny: { reason: "wait" } }]));
  });

  it("sends no text that is no JSON where JSON is wanted", async () => {
    const user = userEvent.setup();
    open([wait({ schema: undefined })]);
    await user.type(await screen.findByLabelText(/Answer/), "yes please");
    await user.click(screen.getByRole("button", { name: "Send" }));
    expect(screen.getByText("This is no JSON yet.")).toBeInTheDocument();
    expect(sent()).toEqual([]);
  });

  it("keeps what was begun when the page is loaded again", async () => {
    const user = userEvent.setup();
    open([wait()]);
    await user.type(await screen.findByLabelText("comment (optional)"), "half");
    document.body.replaceChildren();
    open([wait()]);
    expect(await screen.findByLabelText("comment (optional)")).toHaveValue("half");
  });

  it("shows the question, and no means to answer, to who may only look", async () => {
    open([wait()], { controls: [] });
    expect(await screen.findByText("You may look at this, and not answer it.")).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Send" })).toBeDisabled();
  });

  it("says where it is answered when nobody can do so here", async () => {
    open([]);
    expect(await screen.findByText(/takes no answer from here/)).toBeInTheDocument();
  });
});

describe("a session that stopped at a checkpoint", () => {
  const step = { checkpoint: "before_tool", tool: "search", editable: true, state: { budget: 40, key: "[redacted]" }, schema: { type: "object", properties: { budget: { type: "integer", maximum: 100 }, key: { type: "string" } } } };

  it("goes on as it is told", async () => {
    const user = userEvent.setup();
    open([wait({ signal_name: "inspector.step", step })]);
    expect(await screen.findByRole("heading", { name: "Stopped at before_tool, before search" })).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Step" }));
    await waitFor(() => expect(sent()[0]?.body).toMatchObject({ signal: "inspector.step", payload: { action: "step" } }));
  });

  it("takes keys, but not while something is typed or without Shift, and for the oldest alone", async () => {
    const user = userEvent.setup();
    const later = wait({ wait_id: "00000000000000bb", signal_name: "inspector.step", step: { ...step, checkpoint: "later" } });
    open([wait({ signal_name: "inspector.step", step }), later, wait({ wait_id: "00000000000000cc" })]);
    const field = await screen.findByLabelText("comment (optional)");
    await user.type(field, "{Shift>}S{/Shift}");
    field.blur();
    await user.keyboard("csC{Control>}{Shift>}C{/Shift}{/Control}");
    expect(sent()).toEqual([]);
    const first = within(screen.getByRole("region", { name: "Stopped at before_tool, before search" }));
    expect(first.getByRole("button", { name: "Skip" })).toHaveAttribute("aria-keyshortcuts", "Shift+K");
    expect(within(screen.getByRole("region", { name: /Stopped at later/ })).getByRole("button", { name: "Skip" })).not.toHaveAttribute("aria-keyshortcuts");
    await user.keyboard("{Shift>}K{/Shift}");
    await waitFor(() => expect(sent().map(({ body }) => body)).toMatchObject([{ wait_id: "00000000000000aa", payload: { action: "skip" } }]));
  });

  it("takes no keys while the state is changed, which stays in sight when somebody else lets it go on", async () => {
    const user = userEvent.setup();
    const stopped = wait({ signal_name: "inspector.step", step });
    const { now } = openLive([stopped]);
    await user.click(await screen.findByRole("button", { name: "Change the state…" }));
    await user.clear(screen.getByLabelText("budget (optional)"));
    await user.type(screen.getByLabelText("budget (optional)"), "5");
    screen.getByLabelText("budget (optional)").blur();
    await user.keyboard("{Shift>}A{/Shift}");
    now([], signal(stopped, "continue", "ana"));
    expect(await screen.findByText("Continued by ana.")).toBeInTheDocument();
    expect(screen.getByRole("group", { name: "What is changed" })).toHaveTextContent("/budget 5");
    expect(screen.queryByRole("button", { name: "Change and continue" })).toBeNull();
    expect(sent()).toEqual([]);
  });

  it("sends of a changed state only what was changed, which is shown first", async () => {
    const user = userEvent.setup();
    open([wait({ signal_name: "inspector.step", step })]);
    await user.click(await screen.findByRole("button", { name: "Change the state…" }));
    expect(screen.getByRole("button", { name: "Change and continue" })).toBeDisabled();
    await user.clear(screen.getByLabelText("budget (optional)"));
    await user.type(screen.getByLabelText("budget (optional)"), "5");
    expect(within(screen.getByRole("group", { name: "What is changed" })).getByText("/budget")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Change and continue" }));
    const patch = [{ op: "replace", path: "/budget", value: 5 }];
    await waitFor(() => expect(sent()[0]?.body).toMatchObject({ payload: { action: "edit", patch } }));
  });
});

describe("a session that somebody else answers", () => {
  it("says who, and keeps what was begun until it is dismissed", async () => {
    const user = userEvent.setup();
    const copied = vi.spyOn(navigator.clipboard, "writeText");
    const asked = wait();
    const { now } = openLive([asked]);
    const field = await screen.findByLabelText("comment (optional)");
    await user.type(field, "hal");
    now([], signal(asked, "denied", "ana\u202e"));
    expect(await screen.findByText("Denied by ana‹RLO›.")).toBeInTheDocument();
    expect(screen.getByRole("alert")).toHaveTextContent("was not sent");
    // What is typed still goes into the field, and to nobody else.
    await user.keyboard("f");
    expect(screen.getByLabelText("comment (optional)")).toHaveValue("half");
    expect(screen.queryByRole("button", { name: "Send" })).toBeNull();
    await user.keyboard("{Control>}{Enter}{/Control}");
    expect(sent()).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Copy what you had begun" }));
    expect(copied).toHaveBeenCalledWith(JSON.stringify({ comment: "half" }, null, 2));
    await user.click(screen.getByRole("button", { name: "Dismiss" }));
    expect(screen.queryByText(/Denied by/)).toBeNull();
    expect(sessionStorage).toHaveLength(0);
  });

  it("keeps the reason of a no that was being written, and text that is no JSON yet", async () => {
    const user = userEvent.setup();
    const copied = vi.spyOn(navigator.clipboard, "writeText");
    const asked = wait({ schema: undefined });
    const { now } = openLive([asked]);
    await user.type(await screen.findByLabelText(/Answer/), "not yet");
    await user.click(screen.getByRole("button", { name: "Deny…" }));
    await user.keyboard("too late");
    now([], signal(asked, "answered", "ana"));
    expect(await screen.findByText("Answered by ana.")).toBeInTheDocument();
    expect(screen.getByLabelText(/Why it is denied/)).toHaveFocus();
    await user.keyboard("{Enter}");
    expect(sent()).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Copy what you had begun" }));
    expect(copied).toHaveBeenCalledWith("not yet\ntoo late");
  });

  it("leaves a line where nothing was begun, and nothing where the reader answered", async () => {
    const user = userEvent.setup();
    const [one, other] = [wait({ schema: { type: "boolean" } }), wait({ wait_id: "00000000000000bb", signal_name: "second", schema: { type: "boolean" } })];
    const { now } = openLive([one, other]);
    await screen.findByRole("form", { name: "second" });
    now([one], signal(other, "answered", "local"));
    expect(await screen.findByText("Answered by somebody at the host’s machine.")).toBeInTheDocument();
    expect(within(screen.getByRole("form", { name: "second" })).queryByRole("button", { name: "Yes" })).toBeNull();
    await user.click(screen.getByRole("button", { name: "Yes" }));
    await screen.findByText("Accepted. The session goes on.");
    now([], signal(one, "answered", "me"));
    await waitFor(() => expect(screen.queryByRole("form", { name: "approve" })).toBeNull());
    expect(screen.queryByText(/by me/)).toBeNull();
  });

  it("asks the wait’s span where the stream told nothing, as when the time is over", async () => {
    const user = userEvent.setup();
    const asked = wait({ trace_id: "0af7651916cd43dd8448eb211c80319c" });
    const { host, now } = openLive([asked]);
    host.answers["sessions/s1/spans/00000000000000aa"] = sampleDetail({ attributes: { "inspector.wait.outcome": "timed_out" } });
    await user.type(await screen.findByLabelText("comment (optional)"), "half");
    now([], { id: 9, type: "SpanFinished", session_id: "s1", span: sampleSpan(170, undefined, { kind: "human" }) });
    expect(await screen.findByText("Nobody answered in time.")).toBeInTheDocument();
    expect(screen.getByLabelText("comment (optional)")).toHaveValue("half");
  });

  it("says who cancelled it", async () => {
    const asked = wait({ trace_id: "0af7651916cd43dd8448eb211c80319c" });
    const { host, now } = openLive([asked]);
    host.answers["sessions/s1/spans/00000000000000aa"] = sampleDetail({ attributes: { "inspector.wait.outcome": "cancelled" } });
    await screen.findByRole("form");
    now([], { id: 9, type: "CancelRequested", session_id: "s1", by: "ana" });
    expect(await screen.findByText("The session was cancelled by ana.")).toBeInTheDocument();
  });

  it("says at the card who was faster than what is on its way", async () => {
    const user = userEvent.setup();
    const asked = wait({ schema: { type: "boolean" } });
    const { host, now } = openLive([asked]);
    let refuse: (answer: Response) => void = () => undefined;
    host.answers["signal/s1"] = () => new Promise<Response>((resolve) => (refuse = resolve));
    await user.click(await screen.findByRole("button", { name: "No" }));
    now([], signal(asked, "answered", "ana"));
    await waitFor(() => expect(host.to("waits")).toHaveLength(2));
    expect(screen.getByText("Sending…")).toBeInTheDocument();
    refuse(Response.json({ title: "No", code: "nothing_waits", status: 409 }, { status: 409 }));
    expect(await screen.findByText("Answered by ana.")).toBeInTheDocument();
  });
});

describe("a session that is answered elsewhere", () => {
  it.each([
    ["elicitation", /The MCP client is asked, and answers in its own window/],
    ["sampling", /The MCP client is asked to let its model answer/],
    ["other", /the program that waits takes no answer from here/],
  ])("says who is waited for: %s", async (signal_name, words) => {
    open([], { engine: "mcp-inbound", controls: [], waiting_on: { signal_name, since: at(1) } });
    expect(await screen.findByText(words)).toBeInTheDocument();
    expect(screen.queryByRole("form")).toBeNull();
  });
});

describe("the breakpoints", () => {
  it("are listed, set and removed", async () => {
    const user = userEvent.setup();
    const set = { id: 3, rule: { tool: "search", once: false }, since: at(1), hits: 2 };
    new FakeHost({ breakpoints: { breakpoints: [set], allowed: true }, "breakpoints/3": {} });
    vi.stubGlobal("fetch", vi.fn(globalThis.fetch));
    renderAt("/sessions/s1", <Breakpoints session="s1" onClose={vi.fn()} />);
    expect(await screen.findByText("every checkpoint · tool search")).toBeInTheDocument();
    expect(screen.getByText("2 stops")).toBeInTheDocument();
    await user.type(screen.getByLabelText("Tool"), "rea*");
    await user.type(screen.getByLabelText("In the state"), "/cost");
    await user.selectOptions(screen.getByLabelText("is"), "above");
    await user.type(screen.getByLabelText("what"), "2");
    await user.click(screen.getByRole("button", { name: "Set the breakpoint" }));
    await user.click(screen.getByRole("button", { name: "Remove breakpoint 3" }));
    await waitFor(() =>
      expect(sent()).toEqual([
        { path: "POST breakpoints", body: { tool: "rea*", condition: { pointer: "/cost", is: "above", value: 2 }, session_id: "s1", once: false } },
        { path: "DELETE breakpoints/3", body: undefined },
      ]),
    );
  });
});
