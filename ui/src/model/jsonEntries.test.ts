import { describe, expect, it } from "vitest";
import { at, sampleDetail } from "../testing/sample";
import { printJson } from "./json";
import { jsonEntries } from "./jsonEntries";

describe("the JSON of a span", () => {
  it("is every value that is some, states and results first", () => {
    const attributes = {
      "gen_ai.input.messages": '[{"role":"user"}]',
      "gen_ai.tool.call.arguments": '{"path":"a"}',
      "mcp.result.plan_json": '{"steps":[]}',
      "mcp.state.router_json": '"orchestrate"',
      "mcp.tool.output_json": "[1]",
      "my.object": { a: 1 },
      "my.list": ["plain", "words"],
      "my.text": "[not JSON",
      "my.number": 3,
      prompt: "{{template}}",
    };
    expect(jsonEntries(sampleDetail({ attributes })).map((entry) => `${entry.group} ${entry.name}`)).toEqual([
      "state router",
      "result plan",
      "tool input",
      "tool output",
      "other gen_ai.input.messages",
      "other my.object",
    ]);
  });

  it("keeps what only says that it is JSON, to be shown as text", () => {
    const [entry] = jsonEntries(sampleDetail({ attributes: { "mcp.state.x_json": "{oops" } }));
    expect([entry?.root, entry?.text]).toEqual([undefined, "{oops"]);
  });

  it("keeps digits as they were sent", () => {
    const [entry] = jsonEntries(sampleDetail({ attributes: { "mcp.state.x_json": '{"id":12345678901234567890}' } }));
    expect(entry?.root && printJson(entry.root, false)).toBe('{"id":12345678901234567890}');
  });

  it("knows what was cut", () => {
    const attributes = { "mcp.state.x_json": '{"a":"b… [99999 bytes]"}', "mcp.state.x_json_truncated": true };
    expect(jsonEntries(sampleDetail({ attributes }))[0]?.cut).toEqual({ kept: 26, whole: undefined });
  });

  it("is also found in events, where it has no earlier value", () => {
    const events = [{ name: "step", time: at(1), attributes: { state_json: "{}" } }];
    expect(jsonEntries(sampleDetail({ events }))).toMatchObject([{ key: "step › state_json", group: "other", comparable: false }]);
  });
});
