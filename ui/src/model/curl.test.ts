import { expect, it } from "vitest";
import { curlOf, traceFileName } from "./curl";

it("a command holds its address in quotes that nothing in it can end", () => {
  expect(curlOf(new URL("http://h/trace/a'b;$(x)"))).toBe("curl --compressed 'http://h/trace/a%27b;$(x)'");
});

it("a file's name is one that every system takes", () => {
  expect(traceFileName("s1")).toBe("s1.jsonl");
  expect(traceFileName("../a b:c/ü")).toBe("_a_b_c_.jsonl");
  expect(traceFileName("...")).toBe("trace.jsonl");
});
