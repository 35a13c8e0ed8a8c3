import { expect, it, vi } from "vitest";
import { recall, remember } from "./storage";

it("keeps, replaces and forgets", () => {
  remember("theme", "dark");
  expect(recall("theme")).toBe("dark");
  remember("theme", null);
  expect(recall("theme")).toBeNull();
});

it("does without a storage that is forbidden", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  vi.spyOn(Storage.prototype, "getItem").mockImplementation(() => {
    throw new DOMException("no", "SecurityError");
  });
  remember("theme", "dark");
  expect(recall("theme")).toBeNull();
});
