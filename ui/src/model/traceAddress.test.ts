import { describe, expect, it } from "vitest";
import { USUAL_COLUMNS, readTraceAddress, withTraceAddress } from "./traceAddress";

const read = (text: string): ReturnType<typeof readTraceAddress> => readTraceAddress(new URLSearchParams(text));

describe("an address of the debugger", () => {
  it("that says nothing means what is usual", () => {
    expect(read("")).toEqual({
      span: undefined,
      trace: undefined,
      view: undefined,
      hidden: [],
      everything: false,
      find: "",
      level: undefined,
      opened: [],
      closed: [],
      range: undefined,
      folded: true,
      columns: USUAL_COLUMNS,
    });
  });

  it("is read as it was written", () => {
    const said = {
      span: "a1",
      trace: "t",
      view: "timeline",
      hidden: ["llm", "tool"],
      everything: true,
      find: "read file",
      level: 2,
      opened: ["b"],
      closed: ["c", "d"],
      range: [1.5, 20_000],
      folded: false,
      columns: ["cost", "self"],
    } as const;
    expect(readTraceAddress(withTraceAddress(new URLSearchParams(), said))).toEqual(said);
  });

  it("keeps what belongs to others, and says nothing that is as usual", () => {
    const next = withTraceAddress(new URLSearchParams("tab=context&span=a&gaps=shown"), { span: "b", folded: true, hidden: [] });
    expect(next.toString()).toBe("tab=context&span=b");
  });

  it("ignores what makes no sense", () => {
    for (const range of ["5", "9-3", "x-y", "-5", "1--2", ""]) expect(read(`range=${range}`).range).toBeUndefined();
    expect(read("view=nonsense&level=-1&cols=tokens,nonsense")).toMatchObject({ view: undefined, level: undefined, columns: ["tokens"] });
    expect(read("level=1.5").level).toBeUndefined();
  });

  it("does not grow without end", () => {
    const many = Array.from({ length: 41 }, (_, index) => `span${index}`);
    expect(withTraceAddress(new URLSearchParams("fold=a"), { closed: many }).toString()).toBe("");
  });
});
