import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { setVisible } from "../testing/browser";
import { Remaining } from "./Remaining";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  setVisible(true);
  vi.useRealTimers();
});

function open(seconds: number): void {
  render(<Remaining until={new Date(Date.now() + seconds * 1_000).toISOString()} />);
}

const pass = (ms: number): void => act(() => void vi.advanceTimersByTime(ms));
const left = (): string | null => screen.getByRole("timer").textContent;

it("counts down, says nothing aloud until the last minute, and then ends", () => {
  open(62);
  expect(left()).toBe("1 m 02 s left");
  pass(1_000);
  expect(left()).toBe("1 m 01 s left");
  expect(screen.getByRole("status")).toBeEmptyDOMElement();
  pass(1_000);
  const said = screen.getByText("One minute is left to answer.");
  pass(30_000);
  expect(left()).toBe("30 s left");
  expect(screen.getByRole("status")).toHaveTextContent(said.textContent);
  pass(30_000);
  expect(left()).toBe("Time is up");
  expect(vi.getTimerCount()).toBe(0);
});

it("wakes once a minute above an hour", () => {
  open(2 * 3_600);
  expect(left()).toBe("2 h 00 m left");
  const before = vi.getTimerCount();
  pass(59_999);
  expect(left()).toBe("2 h 00 m left");
  expect(vi.getTimerCount()).toBe(before);
  pass(1);
  expect(left()).toBe("1 h 59 m left");
});

it("rests while nobody can see it, and is right when somebody does", () => {
  open(600);
  act(() => setVisible(false));
  pass(5_000);
  expect(vi.getTimerCount()).toBe(0);
  act(() => setVisible(true));
  expect(left()).toBe("9 m 55 s left");
});
