import { describe, expect, it } from "vitest";
import { sampleSession } from "../testing/sample";
import { can, withControls } from "./sessionControls";

describe("what can be done with a session", () => {
  const known = sampleSession({ controls: ["cancel"] });

  it("is what the host says, and nothing where it says nothing", () => {
    expect([can(known, "cancel"), can(known, "signal"), can(sampleSession(), "cancel"), can(undefined, "cancel")]).toEqual([true, false, false, false]);
  });

  it("stays when the stream tells of the session without a word of it", () => {
    expect(withControls(sampleSession({ title: "Renamed" }), known)).toMatchObject({ title: "Renamed", controls: ["cancel"] });
    expect(withControls(sampleSession({ controls: [] }), known).controls).toEqual([]);
    expect(withControls(sampleSession(), undefined).controls).toBeUndefined();
  });

  it("ends with the session", () => expect(withControls(sampleSession({ status: "completed" }), known).controls).toEqual([]));
});
