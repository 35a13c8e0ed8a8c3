import { act, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { signInRequired } from "../api/client";
import { FakeHost, problem } from "../testing/host";
import { FakeLive } from "../testing/page";
import { sampleSession } from "../testing/sample";
import { App, newQueryClient } from "./App";
import { followSignInLink } from "./signInLink";

let live: FakeLive;

beforeEach(() => {
  history.replaceState(null, "", "/sessions");
  live = new FakeLive();
});

afterEach(() => {
  signInRequired.set(false);
  localStorage.clear();
  delete document.documentElement.dataset.theme;
  vi.unstubAllGlobals();
});

function open(host: FakeHost = new FakeHost({ sessions: { sessions: [sampleSession()], degraded: [] } })): FakeHost {
  render(<App live={live} client={newQueryClient()} />);
  return host;
}

describe("the page", () => {
  it("says whether it is live, and how old its data is when it isn't", async () => {
    const user = userEvent.setup();
    open();
    expect(screen.getByText("Live")).toBeInTheDocument();
    act(() => live.status.set({ phase: "offline", lastByteAt: Date.now() - 12_500, reason: "The host can't be reached" }));
    expect(screen.getByText("Offline")).toBeInTheDocument();
    expect(screen.getByText(/last update 1[123] s ago/)).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Retry" }));
    expect(live.retries).toBe(1);
  });

  it("keeps what is shown while it is offline", async () => {
    open();
    await screen.findByText("Refactor the parser");
    act(() => live.status.set({ phase: "offline", lastByteAt: undefined }));
    expect(screen.getByText("Refactor the parser")).toBeInTheDocument();
  });

  it("announces a gap", async () => {
    open();
    await screen.findByText("Refactor the parser");
    live.send({ events: [], resync: { missed: 214 } });
    expect(screen.getByText("Up to 214 events missed, reloaded")).toBeInTheDocument();
  });

  it("says what the inspector could not take, adding up what is said in a row", async () => {
    open();
    await screen.findByText("Refactor the parser");
    live.send({ events: [{ id: 7, type: "RecordsDropped", total: 1 }] });
    expect(screen.getByText("The inspector could not keep up: 1 record was not captured")).toBeInTheDocument();
    live.send({ events: [{ id: 9, type: "RecordsDropped", total: 511 }], resync: { missed: 3 } });
    expect(screen.getByText("The inspector could not keep up: 512 records were not captured")).toBeInTheDocument();
    expect(screen.getByText("Up to 3 events missed, reloaded")).toBeInTheDocument();
  });

  it("takes its notices away after a while", () => {
    vi.useFakeTimers();
    try {
      open();
      live.send({ events: [{ id: 7, type: "RecordsDropped", total: 2 }], resync: { missed: 3 } });
      expect(screen.getAllByText(/not captured|missed/)).toHaveLength(2);
      act(() => void vi.advanceTimersByTime(10_000));
      expect(screen.queryByText(/not captured|missed/)).toBeNull();
    } finally {
      vi.useRealTimers();
    }
  });

  it("goes round the themes and keeps the choice", async () => {
    const user = userEvent.setup();
    open();
    await user.click(screen.getByRole("button", { name: "Theme: system" }));
    await user.click(screen.getByRole("button", { name: "Theme: light" }));
    expect(document.documentElement.dataset.theme).toBe("dark");
    expect(localStorage.getItem("agent-inspector:theme")).toBe("dark");
    await user.click(screen.getByRole("button", { name: "Theme: dark" }));
    expect(document.documentElement.dataset.theme).toBeUndefined();
  });

  it("opens its shortcut sheet with ? and its search with /", async () => {
    const user = userEvent.setup();
    open();
    await screen.findByText("Refactor the parser");
    await user.keyboard("?");
    expect(await screen.findByRole("dialog", { name: "Keyboard shortcuts" })).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Close" }));
    expect(screen.queryByRole("dialog")).toBeNull();
    await user.keyboard("/");
    expect(screen.getByRole("combobox", { name: "Search and filter sessions" })).toHaveFocus();
    await user.keyboard("j?");
    expect(screen.getByRole("combobox")).toHaveValue("j?");
  });

  it("goes to a screen by two keys, and opens the palette also while somebody types", async () => {
    const user = userEvent.setup();
    open();
    await screen.findByText("Refactor the parser");
    await user.keyboard("gh");
    expect(await screen.findByRole("heading", { name: "Health" })).toBeInTheDocument();
    await user.keyboard("gs");
    await user.click(await screen.findByRole("combobox"));
    await user.keyboard("gh");
    expect(screen.getByRole("combobox")).toHaveValue("gh");
    await user.keyboard("{Control>}k{/Control}");
    expect(await screen.findByRole("dialog", { name: "Command palette" })).toBeInTheDocument();
  });

  it("remembers how dense the reader wants it", async () => {
    const user = userEvent.setup();
    open();
    await user.click(await screen.findByRole("button", { name: "Density: comfortable" }));
    expect(document.documentElement.dataset.density).toBe("compact");
    expect(localStorage.getItem("agent-inspector:density")).toBe("compact");
    await user.click(screen.getByRole("button", { name: "Density: compact" }));
  });

  it("asks for the token on a 401 and shows the list after", async () => {
    const user = userEvent.setup();
    const host = open(new FakeHost({ sessions: () => problem(401, "sign_in_required", "Sign in first") }));
    await screen.findByRole("heading", { name: "Sign in" });
    host.answers.sessions = { sessions: [sampleSession()], degraded: [] };
    host.answers.auth = () => new Response(null, { status: 204 });
    await user.type(screen.getByLabelText("Token"), "secret{Enter}");
    expect(await screen.findByText("Refactor the parser")).toBeInTheDocument();
  });

  it("says when an address means nothing", () => {
    history.replaceState(null, "", "/nonsense");
    open();
    expect(screen.getByText("There is no such page")).toBeInTheDocument();
  });
});

describe("a sign-in link", () => {
  it("is exchanged and leaves the address", async () => {
    const host = new FakeHost({ auth: () => new Response(null, { status: 204 }) });
    history.replaceState(null, "", "/sessions?q=x#token=secret");
    await followSignInLink();
    expect(location.href).toMatch(/\/sessions\?q=x$/);
    expect(host.to("auth")).toHaveLength(1);
  });

  it("that is old does no harm", async () => {
    new FakeHost({ auth: () => problem(401, "wrong_token", "Wrong token") });
    history.replaceState(null, "", "/sessions#token=old");
    await followSignInLink();
    await waitFor(() => expect(location.hash).toBe(""));
    expect(signInRequired.get()).toBe(false);
  });
});
