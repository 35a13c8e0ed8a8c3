import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeHost } from "../../testing/host";
import { renderAt } from "../../testing/page";
import { sampleSession } from "../../testing/sample";
import { Palette } from "./Palette";

let host: FakeHost;

beforeEach(() => {
  host = new FakeHost({ sessions: { sessions: [sampleSession({ id: "a", title: "Refund policy" })], degraded: [] } });
});

afterEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
  delete document.documentElement.dataset.theme;
});

function open(address = "/sessions") {
  const closed = vi.fn();
  const help = vi.fn();
  return { closed, help, ...renderAt(address, <Palette onClose={closed} onHelp={help} />) };
}

function chosen(): string | null {
  return screen.getByRole("option", { selected: true }).textContent;
}

describe("the command palette", () => {
  it("has the focus, and goes to a screen by name and Enter", async () => {
    const user = userEvent.setup();
    const { history, closed } = open();
    expect(screen.getByRole("combobox")).toHaveFocus();
    await user.keyboard("waiting{Enter}");
    expect(history.at(-1)).toBe("/sessions?q=status%3Apaused");
    expect(closed).toHaveBeenCalled();
  });

  it("moves through its list by arrows, round at both ends", async () => {
    const user = userEvent.setup();
    open();
    await screen.findByText("Refund policy");
    const first = chosen();
    await user.keyboard("{ArrowUp}");
    expect(chosen()).toContain("Refund policy");
    expect(screen.getByRole("combobox")).toHaveAttribute("aria-activedescendant", screen.getByRole("option", { selected: true }).id);
    await user.keyboard("{ArrowDown}");
    expect(chosen()).toBe(first);
  });

  it("finds sessions by the host's search and opens one", async () => {
    const user = userEvent.setup();
    const { history } = open();
    await user.keyboard("refu");
    await waitFor(() => expect(host.to("sessions").at(-1)?.searchParams.get("text")).toBe("refu"));
    await user.keyboard("{ArrowDown}{Enter}");
    expect(history.at(-1)).toBe("/sessions/a");
  });

  it("searches everything for what was typed", async () => {
    const user = userEvent.setup();
    const { history } = open();
    await user.keyboard("rain today{Enter}");
    expect(history.at(-1)).toBe("/search?q=rain+today");
  });

  it("offers what can be done with a session only where there is one", () => {
    const first = open();
    expect(screen.queryByText("Copy as curl")).toBeNull();
    first.unmount();
    open("/sessions/s%2F1");
    expect(screen.getByText("Copy as curl")).toBeInTheDocument();
    expect(screen.getByText("Download the trace")).toBeInTheDocument();
  });

  it("changes the theme", async () => {
    const user = userEvent.setup();
    open();
    await user.keyboard("theme dark{Enter}");
    expect(document.documentElement.dataset.theme).toBe("dark");
  });

  it("says what was copied", async () => {
    const user = userEvent.setup();
    open("/sessions/s1");
    await user.click(screen.getByText("Copy as curl"));
    expect(await screen.findByText("Command copied")).toBeInTheDocument();
    expect(await navigator.clipboard.readText()).toBe("curl --compressed 'http://localhost:3000/_inspector/trace/s1'");
  });
});
