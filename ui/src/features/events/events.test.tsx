import { fireEvent, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readFeedEvent } from "../../api/feed";
import type { LiveBatch } from "../../api/live";
import { FakeHost, problem } from "../../testing/host";
import { renderAt } from "../../testing/page";
import { EventsPage } from "./Page";

afterEach(() => vi.unstubAllGlobals());

function batch(...events: object[]): LiveBatch {
  return { events: [], feed: events.flatMap((event) => readFeedEvent(JSON.stringify({ timestamp: "2026-11-21T00:00:00.000000000Z", ...event })) ?? []) };
}

/** The past is not to be had; what comes is enough. */
function open(address = "/events") {
  const host = new FakeHost();
  host.refusals = [problem(503, "busy", "Busy"), problem(503, "busy", "Busy")];
  return { host, ...renderAt(address, <EventsPage />) };
}

function rows(): (string | null | undefined)[] {
  return screen.getAllByRole("option").map((row) => row.querySelector(".event-text")?.textContent);
}

describe("the events screen", () => {
  it("asks for every event while it is open, and not after", () => {
    const { live, unmount } = open();
    expect(live.feeders).toBe(1);
    unmount();
    expect(live.feeders).toBe(0);
  });

  it("shows the newest first, in words, and says how many are kept", async () => {
    const { live } = open();
    live.send(batch({ id: 1, type: "Log", level: "warn", message: "old" }, { id: 2, type: "Brand", x: "<b>new</b>" }));
    await screen.findByText("warn: old");
    expect(rows()).toEqual(["x: <b>new</b>", "warn: old"]);
    expect(document.querySelector("b")).toBeNull();
    expect(screen.getByText(/2 of at most 20,000 kept/)).toBeInTheDocument();
  });

  it("filters by type, and the address says so", async () => {
    const user = userEvent.setup();
    const { live, history } = open();
    live.send(batch({ id: 1, type: "Log", message: "a" }, { id: 2, type: "Custom", name: "b" }));
    await user.click(await screen.findByRole("button", { name: "Custom 1" }));
    expect(rows()).toEqual(["b"]);
    expect(history.at(-1)).toBe("/events?type=Custom");
  });

  it("stands still while it is paused, counts what comes, and goes on", async () => {
    const user = userEvent.setup();
    const { live } = open();
    live.send(batch({ id: 1, type: "Custom", name: "first" }));
    await screen.findByText("first");
    await user.keyboard("p");
    live.send(batch({ id: 2, type: "Custom", name: "second" }));
    expect(await screen.findByRole("button", { name: "1 new event" })).toBeInTheDocument();
    expect(rows()).toEqual(["first"]);
    await user.click(screen.getByRole("button", { name: "Resume" }));
    expect(rows()).toEqual(["second", "first"]);
  });

  it("shows one event whole, with the way to its span", async () => {
    const { live, history } = open();
    live.send(batch({ id: 7, type: "ProgressUpdate", session_id: "s/1", span_id: "ab", message: "asking" }));
    fireEvent.click(await screen.findByText("asking"));
    const detail = screen.getByRole("region", { name: "Chosen event" });
    expect(within(detail).getByRole("link", { name: "Open the span" })).toHaveAttribute("href", "/sessions/s%2F1?span=ab");
    expect(within(detail).getByText(/"message": "asking"/)).toBeInTheDocument();
    expect(history.at(-1)).toBe("/events?event=7");
    fireEvent.click(within(detail).getByRole("button", { name: "Only this session" }));
    expect(history.at(-1)).toContain("session=s%2F1");
  });

  it("shows a gap as a row", async () => {
    const { live } = open();
    live.send(batch({ id: 3, type: "Gap", at_most: 12 }));
    expect(await screen.findByText("up to 12 events were missed")).toBeInTheDocument();
  });

  it("says why nothing is shown", async () => {
    const user = userEvent.setup();
    const { live } = open("/events?q=unlikely");
    live.send(batch({ id: 1, type: "Log", message: "a" }));
    expect(await screen.findByText("No event passes the filter")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Clear the filter" }));
    expect(rows()).toEqual(["a"]);
  });
});
