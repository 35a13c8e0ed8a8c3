import { describe, expect, it } from "vitest";
import { accept, suggest } from "./suggestions";

const known = { engines: ["tokio", "claude-code"], agents: ["coder", "code reviewer"], tags: ["nightly"] };
const texts = (query: string, cursor = query.length) => suggest(query, cursor, known).items.map(({ text }) => text);

describe("suggestions of the search box", () => {
  it("are all fields at the beginning of a word", () => {
    expect(texts("")).toContain("status:");
    expect(texts("refund ")).toContain("since:");
  });

  it("are the fields that begin like the word", () => expect(texts("refund st")).toEqual(["status:"]));

  it("are the values of a field, those on screen among them", () => {
    expect(texts("status:p")).toEqual(["status:paused"]);
    expect(texts("engine:")).toEqual(["engine:tokio", "engine:claude-code"]);
    expect(texts("since:")).toContain("since:24h");
    expect(texts("nonsense:")).toEqual([]);
  });

  it("keep a value with a blank together", () => {
    expect(texts("agent:code")).toEqual(["agent:coder", 'agent:"code reviewer"']);
    expect(texts('agent:"code rev')).toEqual(['agent:"code reviewer"']);
  });

  it("end when the word says it already", () => expect(texts("tag:nightly")).toEqual([]));

  it("look at the word under the cursor only", () => {
    const query = "stat refund";
    const found = suggest(query, 4, known);
    expect(found).toMatchObject({ from: 0, to: 4 });
    expect(accept(query, found, { text: "status:", hint: "" })).toEqual({ query: "status: refund", cursor: 7 });
  });

  it("are followed by a blank when the field is whole", () => {
    const found = suggest("status:pa", 9, known);
    expect(accept("status:pa", found, { text: "status:paused", hint: "" })).toEqual({ query: "status:paused ", cursor: 14 });
  });

  it("say in words what a moment means", () => {
    const hints = suggest("until:", 6, known).items.map(({ hint }) => hint);
    expect(hints).toContain("before the last hour");
    expect(hints).toContain("before midnight");
  });
});
