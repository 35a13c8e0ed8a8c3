import { describe, expect, it } from "vitest";
import { type Field, type Json, formOf, initialOf, variantOf, wrongIn } from "./schemaForm";

function parts(field: Field): Record<string, string> {
  if (field.kind !== "object") return {};
  return Object.fromEntries(field.parts.map((part) => [part.name, `${part.field.kind}${part.required ? "!" : ""}`]));
}

describe("a form", () => {
  it("has a field for each kind of answer", () => {
    const form = formOf({
      type: "object",
      required: ["yes", "how"],
      properties: {
        yes: { type: "boolean", description: "May it?" },
        how: { enum: ["fast", "slow"] },
        why: { type: ["string", "null"], maxLength: 20 },
        many: { type: "integer", minimum: 1, default: 2 },
        tags: { type: "array", items: { type: "string" } },
        inner: { $ref: "#/$defs/Inner" },
        other: { anyOf: [{ $ref: "#/$defs/Inner" }, { type: "null" }] },
        either: { oneOf: [{ type: "string", title: "By name" }, { type: "integer", title: "By number" }] },
        word: { oneOf: [{ const: "a" }, { const: "b", description: "the other" }] },
        any: {},
      },
      $defs: { Inner: { type: "object", properties: { a: { type: "number" } } } },
    });
    expect(parts(form)).toEqual({
      yes: "boolean!", how: "choice!", why: "text", many: "number", tags: "list", inner: "object", other: "object", either: "variants", word: "choice", any: "json",
    });
    expect(initialOf(form)).toEqual({ many: 2 });
  });

  it("ends where a schema refers to itself, and nowhere hangs", () => {
    const tree = { type: "object", properties: { child: { $ref: "#" } } };
    expect(JSON.stringify(formOf(tree)).length).toBeLessThan(5_000);
    const names = Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((name) => [name, { $ref: "#" }]));
    expect(JSON.stringify(formOf({ type: "object", properties: names })).length).toBeLessThan(200_000);
    expect(formOf({ $ref: "#" }).kind).toBe("json");
    expect(formOf({ $ref: "http://127.0.0.1/x" }).kind).toBe("json");
    expect(formOf({ enum: Array.from({ length: 10_000 }, (_, n) => n) }).kind).toBe("json");
    for (const odd of [undefined, null, true, 7, "x", [], { type: [] }, { properties: 3 }, { oneOf: [] }]) expect(formOf(odd).kind).toBe("json");
  });

  it("puts together what allOf says", () => {
    const form = formOf({ allOf: [{ properties: { a: { type: "string" } }, required: ["a"] }, { properties: { b: { type: "boolean" } } }] });
    expect(parts(form)).toEqual({ a: "text!", b: "boolean" });
  });

  it("says what is missing or out of bounds, and where", () => {
    const form = formOf({
      type: "object",
      required: ["n", "yes"],
      properties: { n: { type: "integer", minimum: 1, maximum: 5 }, yes: { type: "boolean" }, "a/b": { type: "array", items: { type: "string", minLength: 2 } } },
    });
    const pointers = (value: Parameters<typeof wrongIn>[1]): string[] => wrongIn(form, value).map((wrong) => wrong.pointer);
    expect(pointers({})).toEqual(["/n", "/yes"]);
    expect(pointers({ n: 9, yes: false, "a/b": ["ok", "x"] })).toEqual(["/n", "/a~1b/1"]);
    expect(pointers({ n: 1.5, yes: true })).toEqual(["/n"]);
    expect(pointers({ n: 2, yes: true })).toEqual([]);
    expect(pointers([])).toEqual([""]);
  });
});

describe("a choice between kinds", () => {
  const kinds = (oneOf: object[]): ((value: Json | undefined) => number) => {
    const form = formOf({ oneOf });
    if (form.kind !== "variants") throw new Error(`drawn as ${form.kind}`);
    return (value) => variantOf(form.variants, value);
  };

  it("begins at the one that a value fits", () => {
    const of = kinds([{ type: "string" }, { type: "integer" }, { type: "array", items: { type: "boolean" } }, { type: "boolean" }, {}]);
    expect([undefined, "a", 3, [true], [], false, 2.5, { a: 1 }, null].map(of)).toEqual([0, 0, 1, 2, 2, 3, 1, 4, 4]);
  });

  it("tells objects apart by the word that names their kind, also half written", () => {
    const kind = (name: string, more: object): object => ({ type: "object", required: ["kind", ...Object.keys(more)], properties: { kind: { const: name }, ...more } });
    const text = { type: "string", minLength: 1 };
    const of = kinds([kind("mail", { to: text, about: text }), kind("chat", { room: text })]);
    expect(of({ kind: "chat", room: "" })).toBe(1);
    expect(of({ kind: "chat" })).toBe(1);
    expect(of({ kind: "mail" })).toBe(0);
    expect(of({ kind: "letter", room: "x" })).toBe(1);
  });

  it("tells objects apart by their parts", () => {
    const of = kinds([
      { type: "object", properties: { a: { type: "string" } } },
      { type: "object", properties: { a: { type: "string" }, b: {} } },
    ]);
    expect(of({ a: "x" })).toBe(0);
    expect(of({ a: "x", b: [1] })).toBe(1);
    expect(of({ a: null })).toBe(0);
  });
});
