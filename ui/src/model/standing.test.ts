import { describe, expect, it } from "vitest";
import { barsOf } from "./standing";

describe("what speaks against acting", () => {
  it("is nothing for an administrator, and where the host does not say who asks", () => {
    for (const role of ["admin", undefined, null, "one of a later version"]) expect(barsOf({ role, read_only: false })).toEqual({ change: undefined, remove: undefined });
    expect(barsOf({})).toEqual({ change: undefined, remove: undefined });
  });

  it("is the role of a viewer for everything, and of an operator for deleting alone", () => {
    const viewer = barsOf({ role: "viewer" });
    expect(viewer.change).toContain("You are a viewer here");
    expect(viewer.remove).toBe(viewer.change);
    const operator = barsOf({ role: "operator" });
    expect(operator.change).toBeUndefined();
    expect(operator.remove).toContain("you are an operator here");
  });

  it("is that nobody may, whoever it is, where the host is read-only", () => {
    for (const role of ["viewer", "admin", undefined]) {
      const { change, remove } = barsOf({ role, read_only: true });
      expect(change).toContain(".read_only()");
      expect(remove).toBe(change);
    }
  });
});
