import { describe, expect, it } from "vitest";
import { createParser } from "eventsource-parser";
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
    const message = { id: undefined, event: "message", data: "a\nb" };
    expect(parse("data: a\rdata: b\r\r")).toEqual([message]);
    expect(parse("data: a\r", "\ndata: b\r\n\r", "\n")).toEqual([message]);
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

/** What the reference parser makes of the same pieces. */
function reference(chunks: readonly string[]): SseMessage[] {
  const messages: SseMessage[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) => messages.push({ id, event: event ?? "message", data }),
  });
  for (const chunk of chunks) parser.feed(chunk);
  return messages;
}

/** Numbers that look random and are the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("another parser", () => {
  const lines = [
    "data: {\"text\":\"a\\nb\\r\\u0000\"}",
    "data:no blank",
    "data:  two blanks",
    "data: line \u2028 and \u2029 separators, \u0085 too",
    "data: data: id: 9",
    "data: 🦀 and \u0000",
    "event: note",
    ": a comment",
    ":",
    "retry: 12",
    "unknown: field",
    "Data: not a field",
    " data: not a field",
  ];

  it("reads the same from whatever comes, however it is torn", () => {
    const random = numbers(20_261_121);
    for (let round = 0; round < 2_000; round += 1) {
      let stream = "";
      for (let block = 0; block < 1 + random(4); block += 1) {
        const end = ["\n", "\r\n", "\r"][random(3)] ?? "\n";
        const chosen = Array.from({ length: random(5) }, () => lines[random(lines.length)]);
        // Every message has its id, as the host's have: the other parser doesn't carry ids over.
        stream += [`id: ${round}-${block}`, ...chosen, "", ""].join(end);
      }
      stream += ": the end\n";
      const chunks: string[] = [];
      for (let from = 0; from < stream.length; ) {
        const length = 1 + random(12);
        chunks.push(stream.slice(from, from + length));
        from += length;
      }
      expect(parse(...chunks), JSON.stringify(chunks)).toEqual(reference(chunks));
    }
  });
});
