import { describe, expect, it } from "vitest";
import { SseParser, type SseMessage } from "./sse";

function parse(...chunks: string[]): SseMessage[] {
  const parser = new SseParser();
  return chunks.flatMap((chunk) => parser.push(chunk).messages);
}

describe("a stream", () => {
  const stream = 'retry: 2000\n\nid: 7\ndata: {"a":1}\n\n: keep-alive\n\nevent: note\r\ndata: x\r\ndata: y\r\n\r\n';

  it("is read into messages", () => {
    expect(parse(stream)).toEqual([
      { id: "7", event: "message", data: '{"a":1}' },
      { id: "7", event: "note", data: "x\ny" },
    ]);
  });

  it("is read the same however it is torn", () => {
    for (let at = 0; at <= stream.length; at += 1) {
      expect(parse(stream.slice(0, at), stream.slice(at))).toEqual(parse(stream));
    }
    expect(parse(...stream.split(""))).toEqual(parse(stream));
  });

  it("may end its lines with a lone CR", () => {
    expect(parse("data: a\rdata: b\r\r", "\n")).toEqual([{ id: undefined, event: "message", data: "a\nb" }]);
  });

  it("says the wished delay", () => {
    expect(new SseParser().push("retry: 2000\n\n").retry).toBe(2000);
    expect(new SseParser().push("retry: soon\n\n").retry).toBeUndefined();
  });

  it("keeps an unfinished message to itself", () => expect(parse("data: half\n")).toEqual([]));

  it("takes a field without colon or blank, and ignores unknown ones and ids with NUL", () => {
    expect(parse("data\nfoo: bar\nid:a\0\ndata:b\n\n")).toEqual([{ id: undefined, event: "message", data: "\nb" }]);
  });
});
