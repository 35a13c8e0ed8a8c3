import { act } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chooseNotices } from "../components/notices";
import { FakeHost } from "../testing/host";
import { renderAt } from "../testing/page";
import { at, sampleSession } from "../testing/sample";
import { WaitNotices } from "./WaitNotices";

const shown: [string, NotificationOptions | undefined][] = [];

class FakeNotification {
  static permission = "granted";
  static requestPermission = (): Promise<string> => Promise.resolve("granted");
  onclick: (() => void) | null = null;
  constructor(title: string, options?: NotificationOptions) {
    shown.push([title, options]);
  }
  close(): void {
    shown.pop();
  }
}

beforeEach(() => {
  shown.length = 0;
  vi.stubGlobal("Notification", FakeNotification);
  vi.spyOn(document, "hasFocus").mockReturnValue(false);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function waiting(since: number, prompt = "Delete it?\nReally?") {
  const session = sampleSession({ title: "Clean up", status: "paused", waiting_on: { signal_name: "approve", prompt, since: at(since) } });
  return { id: since, type: "SessionUpdated" as const, session };
}

describe("questions while the reader looks elsewhere", () => {
  it("are told once each, in a line, when the reader wanted that", async () => {
    new FakeHost();
    await act(() => chooseNotices(true));
    const { live } = renderAt("/sessions", <WaitNotices />);
    live.send({ events: [waiting(1), waiting(1)] });
    live.send({ events: [waiting(2, "\u202eevil")] });
    expect(shown.map(([title]) => title)).toEqual(["Clean up waits for you", "Clean up waits for you"]);
    expect(shown[0]?.[1]?.body).toBe("Delete it? Really?");
    expect(shown[1]?.[1]?.body).not.toContain("\u202e");
  });

  it("are told with their first line whole, within bounds", async () => {
    new FakeHost();
    await act(() => chooseNotices(true));
    const { live } = renderAt("/sessions", <WaitNotices />);
    const question = `Delete ${"a very long name ".repeat(20)}for good?`;
    live.send({ events: [waiting(1, `${question}\nIt cannot be undone.`)] });
    expect(shown[0]?.[1]?.body).toBe(`${question}…`);
    live.send({ events: [waiting(2, "x".repeat(100_000))] });
    expect(shown[1]?.[1]?.body?.length).toBeLessThan(1_100);
  });

  it("are not told otherwise, nor while the page is looked at", async () => {
    new FakeHost();
    await act(() => chooseNotices(false));
    const first = renderAt("/sessions", <WaitNotices />);
    first.live.send({ events: [waiting(1)] });
    first.unmount();
    await act(() => chooseNotices(true));
    vi.spyOn(document, "hasFocus").mockReturnValue(true);
    renderAt("/sessions", <WaitNotices />).live.send({ events: [waiting(2)] });
    expect(shown).toEqual([]);
  });
});
