import { describe, expect, it } from "vitest";
import type { Wait } from "../../../api/types";
import { at } from "../../../testing/sample";
import { MOST_OVER, type ShownWait, dismissed, marked, shownAfter } from "./shownWaits";

const wait = (id: string): Wait => ({ wait_id: id, signal_name: "approve", since: at(1) });
const words = (shown: readonly ShownWait[]): string[] => shown.map(({ key, over, mark }) => `${key} ${mark}${over > 0 ? " over" : ""}`);

describe("the questions that are shown", () => {
  const begun = shownAfter([], [wait("a"), wait("b"), wait("c")]);

  it("stay where they are when one that somebody answers elsewhere ends", () => {
    const typing = marked(begun, "b", "begun");
    expect(words(shownAfter(typing, [wait("a"), wait("c"), wait("d")]))).toEqual(["a untouched", "b begun over", "c untouched", "d untouched"]);
  });

  it("go when the reader has answered them, whichever is heard of first", () => {
    const accepted = marked(begun, "a", "accepted");
    expect(words(shownAfter(accepted, [wait("b"), wait("c")]))).toEqual(["b untouched", "c untouched"]);
    const late = shownAfter(marked(begun, "a", "sending"), [wait("b"), wait("c")]);
    expect(words(late)[0]).toBe("a sending over");
    expect(words(marked(late, "a", "accepted"))).toEqual(["b untouched", "c untouched"]);
    expect(words(marked(late, "a", "begun"))[0]).toBe("a begun over");
  });

  it("leave a word of the last one that was only looked at", () => {
    const one = shownAfter(begun, [wait("a"), wait("b")]);
    expect(words(one)).toEqual(["a untouched", "b untouched", "c untouched over"]);
    expect(words(shownAfter(one, [wait("b")]))).toEqual(["a untouched over", "b untouched"]);
    expect(words(shownAfter(one, [wait("a"), wait("b")]))).toEqual(words(one));
  });

  it("are dismissed only when they are over", () => {
    const one = shownAfter(begun, [wait("b"), wait("c")]);
    expect(dismissed(one, "b")).toHaveLength(3);
    expect(words(dismissed(one, "a"))).toEqual(["b untouched", "c untouched"]);
  });

  it("are bounded, the oldest ends go first", () => {
    let shown: readonly ShownWait[] = [];
    for (let id = 0; id < 2 * MOST_OVER; id += 1) {
      shown = marked(shownAfter(shown, [wait(`w${id}`)]), `w${id}`, "begun");
    }
    shown = shownAfter(shown, []);
    expect(shown).toHaveLength(MOST_OVER);
    expect(shown.at(-1)?.key).toBe(`w${2 * MOST_OVER - 1}`);
  });

  it("are told apart by when they began, where they have no id", () => {
    const unnamed = (seconds: number): Wait => ({ signal_name: "approve", since: at(seconds) });
    expect(shownAfter(shownAfter([], [unnamed(1)]), [unnamed(2)])).toHaveLength(2);
  });
});
