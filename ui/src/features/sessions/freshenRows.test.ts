import { afterEach, expect, it, vi } from "vitest";
import { FakeHost } from "../../testing/host";
import { sampleSession } from "../../testing/sample";
import { freshenRows } from "./freshenRows";

afterEach(() => vi.unstubAllGlobals());

it("asks for the newest page and for the open rows below it, and for nothing that has ended", async () => {
  const newest = sampleSession({ id: "new" });
  const ended = sampleSession({ id: "old", status: "completed", title: "Ended meanwhile" });
  const host = new FakeHost({ sessions: { sessions: [newest], degraded: [] }, "sessions/old": ended });
  const rows = [
    newest,
    sampleSession({ id: "old" }),
    sampleSession({ id: "gone", status: "paused" }),
    sampleSession({ id: "done", status: "failed" }),
  ];
  const events = await freshenRows(rows, { status: [] });
  expect(events.map((event) => "session" in event && event.session.title)).toEqual(["Refactor the parser", "Ended meanwhile"]);
  expect(host.asked.map((url) => url.pathname.split("/").at(-1))).toEqual(["sessions", "old", "gone"]);
});
