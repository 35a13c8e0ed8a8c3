/** One message of a `text/event-stream`, after the rules of the HTML standard. */
export interface SseMessage {
  id: string | undefined;
  event: string;
  data: string;
}

export interface SseChunk {
  messages: SseMessage[];
  /** The server's wish for the reconnect delay, when this chunk held one. */
  retry: number | undefined;
}

/**
 * Reads a stream that arrives in arbitrary pieces: a line, a character or a CRLF may be torn between two of them.
 * Text decoding is the caller's (a streaming TextDecoder keeps torn characters together).
 */
export class SseParser {
  private rest = "";
  private data: string[] = [];
  private event = "";
  private id: string | undefined;
  private told: string | undefined;

  /** The id to resume after: of the last finished block, with data or without. */
  get lastId(): string | undefined {
    return this.told;
  }

  push(text: string): SseChunk {
    const chunk: SseChunk = { messages: [], retry: undefined };
    const buffer = this.rest + text;
    let from = 0;
    for (;;) {
      const end = lineEnd(buffer, from);
      if (end === undefined) break;
      this.line(buffer.slice(from, end.at), chunk);
      from = end.next;
    }
    this.rest = buffer.slice(from);
    return chunk;
  }

  private line(line: string, chunk: SseChunk): void {
    if (line === "") {
      this.dispatch(chunk);
      return;
    }
    const colon = line.indexOf(":");
    // A line that starts with a colon is a comment: the keep-alive.
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.data.push(value);
    else if (field === "event") this.event = value;
    else if (field === "id" && !value.includes("\0")) this.id = value;
    else if (field === "retry" && /^\d+$/.test(value)) chunk.retry = Number(value);
  }

  private dispatch(chunk: SseChunk): void {
    this.told = this.id;
    if (this.data.length > 0) {
      chunk.messages.push({ id: this.id, event: this.event === "" ? "message" : this.event, data: this.data.join("\n") });
    }
    this.data = [];
    this.event = "";
  }
}

function lineEnd(buffer: string, from: number): { at: number; next: number } | undefined {
  for (let at = from; at < buffer.length; at += 1) {
    const code = buffer.charCodeAt(at);
    if (code === 10) return { at, next: at + 1 };
    if (code === 13) {
      // A CR at the very end may be half of a CRLF: wait for the other half.
      if (at + 1 === buffer.length) return undefined;
      return { at, next: buffer.charCodeAt(at + 1) === 10 ? at + 2 : at + 1 };
    }
  }
  return undefined;
}
