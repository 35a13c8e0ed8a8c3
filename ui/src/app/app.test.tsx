import { act, cleanup, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { signIn, signInRequired, signedIn } from "../api/client";
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
  signedIn.set(false);
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
    // Nor is the stream open to who is not in.
    live.status.set({ phase: "connecting", lastByteAt: undefined });
    const host = open(new FakeHost({ sessions: () => problem(401, "sign_in_required", "Sign in first"), health: {} }));
    await screen.findByRole("heading", { name: "Sign in" });
    host.answers.sessions = { sessions: [sampleSession()], degraded: [] };
    host.answers.auth = () => new Response(null, { status: 204 });
    await user.type(screen.getByLabelText("Token"), "secret{Enter}");
    expect(await screen.findByText("Refactor the parser")).toBeInTheDocument();
  });

  it("keeps what was looked at when the sign-in ends, and comes back to it", async () => {
    const user = userEvent.setup();
    const host = open();
    await screen.findByText("Refactor the parser");
    await user.type(screen.getByRole("combobox"), "parser");
    const box = screen.getByRole("combobox");
    act(() => signInRequired.set(true));
    const form = screen.getByRole("dialog", { name: "Sign in again" });
    // Escape leads nowhere, and no key reaches what stands behind.
    await user.keyboard("{Escape}{Control>}k{/Control}");
    expect(screen.queryByRole("dialog", { name: "Command palette" })).toBeNull();
    act(() => (form as HTMLDialogElement).close());
    expect(form).toHaveAttribute("open");
    host.answers.auth = () => new Response(null, { status: 204 });
    await user.type(screen.getByLabelText("Token"), "secret{Enter}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(screen.getByRole("combobox")).toBe(box);
    expect(box).toHaveValue("parser");
  });

  it("lets only who signed in sign out, and forgets what was shown and begun", async () => {
    const user = userEvent.setup();
    const reload = vi.fn();
    const host = open();
    await screen.findByText("Refactor the parser");
    expect(screen.queryByRole("button", { name: "Sign out" })).toBeNull();
    host.answers.auth = () => new Response(null, { status: 204 });
    await act(() => signIn("secret"));
    sessionStorage.setItem("inspector.draft.x", "1");
    vi.spyOn(window, "location", "get").mockReturnValue(Object.assign(new URL(location.href), { reload }) as unknown as Location);
    await user.click(screen.getByRole("button", { name: "Sign out" }));
    await waitFor(() => expect(reload).toHaveBeenCalled());
    expect(sessionStorage.getItem("inspector.draft.x")).toBeNull();
    expect(screen.queryByRole("button", { name: "Sign out" })).toBeNull();
  });

  it("says that it is open to everybody, and says it again to the next page", async () => {
    const user = userEvent.setup();
    const host = new FakeHost({ sessions: { sessions: [sampleSession()], degraded: [] }, health: { open_to_everyone: "viewer" } });
    open(host);
    expect(await screen.findByText(/Open to everybody who reaches it/)).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Hide for now" }));
    expect(screen.queryByText(/Open to everybody/)).toBeNull();
    cleanup();
    open(host);
    expect(await screen.findByText(/Open to everybody who reaches it/)).toBeInTheDocument();
  });

  it("tells a viewer that they may only look, and asks again when somebody signs in", async () => {
    const host = new FakeHost({ sessions: { sessions: [sampleSession()], degraded: [] }, health: { role: "viewer", read_only: false } });
    open(host);
    expect(await screen.findByRole("note", { name: /View only. You are a viewer here/ })).toBeInTheDocument();
    expect(host.to("health")).toHaveLength(1);
    act(() => signInRequired.set(true));
    host.answers.health = { role: "admin", read_only: false };
    act(() => signInRequired.set(false));
    await waitFor(() => expect(host.to("health")).toHaveLength(2));
    await waitFor(() => expect(screen.queryByRole("note")).toBeNull());
  });

  it("says that the program lets nobody in any more, and asks for what failed when it does again", async () => {
    const host = new FakeHost({ sessions: () => problem(403, "access_denied", "You may not use the inspector") });
    open(host);
    act(() => live.status.set({ phase: "offline", lastByteAt: undefined, reason: "You may not use the inspector", code: "access_denied" }));
    expect(screen.getByText(/lets you in no more. Sign in to it again/)).toBeInTheDocument();
    expect(await screen.findByText("Loading the sessions failed")).toBeInTheDocument();
    host.answers.sessions = { sessions: [sampleSession()], degraded: [] };
    act(() => live.status.set({ phase: "live", lastByteAt: undefined }));
    live.send({ events: [], resync: { missed: undefined } });
    expect(await screen.findByText("Refactor the parser")).toBeInTheDocument();
    expect(screen.queryByText(/lets you in no more/)).toBeNull();
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
