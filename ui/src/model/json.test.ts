import { describe, expect, it } from "vitest";
import { jsonOf, parseJson, printJson, sameJson } from "./json";
import { anyJson } from "../testing/anyJson";

const DEEP = 100_000;
const read = (text: string) => parseJson(text) ?? expect.fail(`no JSON: ${text.slice(0, 40)}`);

describe("JSON as it was sent", () => {
  it("keeps what JSON.parse would lose", () => {
    const text = '{"10":1,"2":12345678901234567890,"a":1.0,"a":1e400}';
    expect(printJson(read(text), false)).toBe(text);
  });

  it.each(['"a\\"b\\\\"', " [ ] ", '{"a":[true,false,null,-0.5e-7,"\\u00e4\\n"]}', '"\\ud83d\\ude00"'])("reads %s", (text) => {
    expect(JSON.parse(printJson(read(text)))).toEqual(JSON.parse(text));
  });

  it.each(["", "{", "[1,]", "{a:1}", '{"a"}', "[1 2]", "01", "tru", '"open', '"\n"', "[1]x", "NaN", "{]", '"\\x"', ","])(
    "does not take %j for JSON",
    (text) => expect(parseJson(text)).toBeUndefined(),
  );

  it("agrees with JSON.parse on whatever it is given", () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const value = anyJson(seed);
      const text = JSON.stringify(value, null, seed % 3);
      expect(printJson(read(text))).toBe(JSON.stringify(value, null, 2));
      expect(printJson(read(text), false)).toBe(JSON.stringify(value));
      expect(sameJson(read(text), jsonOf(value))).toBe(true);
      // A text that lost a character is JSON for both or for neither.
      const broken = text.slice(0, seed % text.length) + text.slice((seed % text.length) + 1);
      expect(parseJson(broken) !== undefined, broken).toBe(isJson(broken));
    }
  });

  it("reads, prints and compares what is nested deeper than any stack", () => {
    const text = "[".repeat(DEEP) + "]".repeat(DEEP);
    const deep = read(text);
    expect(printJson(deep, false)).toBe(text);
    expect(printJson(deep).length).toBeLessThan(20_000_000);
    expect(sameJson(deep, read(text))).toBe(true);
    expect(parseJson("[".repeat(DEEP))).toBeUndefined();
  });

  it("tells values apart", () => {
    expect(sameJson(read("1"), read('"1"'))).toBe(false);
    expect(sameJson(read('{"a":1}'), read('{"b":1}'))).toBe(false);
    expect(sameJson(read("[1]"), read("[1,2]"))).toBe(false);
    expect(sameJson(read("[]"), read("{}"))).toBe(false);
  });

  it("has a value for what is none", () => expect(jsonOf(undefined).kind).toBe("null"));
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
