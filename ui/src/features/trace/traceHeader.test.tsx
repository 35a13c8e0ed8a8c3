import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FakeHost } from "../../testing/host";
import { renderAt } from "../../testing/page";
import { at, sampleSession } from "../../testing/sample";
import { TraceHeader } from "./TraceHeader";

afterEach(() => vi.unstubAllGlobals());

const none = { running: 0, paused: 0, completed: 0, failed: 0, cancelled: 0, abandoned: 0 };

function open(session = sampleSession(), children: object = { sessions: [], degraded: [], counts: none }) {
  const host = new FakeHost({ sessions: children, "sessions/root": sampleSession({ id: "root", title: "Plan it" }) });
  const header = <TraceHeader id={session.id} session={session} spans={3} total={3} loading={false} back="/sessions" leave={vi.fn()} />;
  return { host, ...renderAt(`/sessions/${session.id}`, header) };
}

describe("the header of a session", () => {
  it("offers to cancel where somebody takes it, and says why not elsewhere", async () => {
    const user = userEvent.setup();
    const first = open(sampleSession({ controls: ["cancel"] }));
    expect(screen.getByRole("button", { name: "Cancel" })).toBeInTheDocument();
    first.unmount();
    open(sampleSession({ controls: [] }));
    expect(screen.queryByRole("button", { name: "Cancel" })).toBeNull();
    await user.click(screen.getByRole("button", { name: "More actions" }));
    expect(screen.getByText(/this one cannot be cancelled from here/)).toBeInTheDocument();
  });

  it("has a picture and a name for each action, where there is no room for words", () => {
    const { container } = open(sampleSession({ controls: ["cancel", "step"] }));
    const actions = [...container.querySelectorAll(".trace-actions .tool")];
    expect(actions.map((action) => action.getAttribute("aria-label"))).toEqual(["Cancel", "Stop next", "Breakpoints…", "Pin", "Download the trace", "More actions"]);
    for (const action of actions) expect(action.querySelector("svg")).not.toBeNull();
  });

  it("shows the newest of the sessions that it started, how many there are, and where all of them are", async () => {
    const children = ["c", "b", "a"].map((id) => sampleSession({ id, title: `Part ${id}`, parent_session_id: "s1" }));
    const { host } = open(sampleSession(), { sessions: children, degraded: [], counts: { ...none, completed: 1_203 } });
    expect(await screen.findByRole("link", { name: "Part c" })).toHaveAttribute("href", "/sessions/c");
    expect(screen.getByText("1,203 sub-sessions")).toBeInTheDocument();
    expect(screen.getByRole("link", { name: "and 1,200 more" })).toHaveAttribute("href", "/sessions?q=parent%3As1");
    expect(host.to("sessions").map((url) => url.search)).toEqual(["?parent=s1&counts=true&limit=3"]);
  });

  it("asks again when another one is started", async () => {
    const { host, live } = open(sampleSession({ parent_session_id: "root" }));
    expect(await screen.findByRole("link", { name: "Plan it" })).toHaveAttribute("href", "/sessions/root");
    const child = sampleSession({ id: "new", title: "Just begun", parent_session_id: "s1" });
    host.answers.sessions = { sessions: [child], degraded: [], counts: { ...none, running: 1 } };
    live.send({ events: [{ id: 1, type: "SessionStarted", session: child }] });
    expect(await screen.findByRole("link", { name: "Just begun" })).toBeInTheDocument();
    expect(screen.getByText("1 sub-session")).toBeInTheDocument();
  });

  it("leads from what it waits for to the span that waits", () => {
    open(sampleSession({ status: "paused", waiting_on: { signal_name: "approve", since: at(1), trace_id: "ab", span_id: "cd" } }));
    expect(screen.getByRole("link", { name: "Show the span" })).toHaveAttribute("href", "/sessions/s1?span=cd&trace=ab");
  });
});
