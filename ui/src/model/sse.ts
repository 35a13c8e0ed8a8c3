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
  private halfEnd = false;
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
    // A CR ended the last piece and its line; an LF at the start of this one is the other half of that line end.
    const piece = this.halfEnd && text.startsWith("\n") ? text.slice(1) : text;
    if (text !== "") this.halfEnd = text.endsWith("\r");
    // What is left of the last piece holds no line end: it isn't searched again.
    let end = nextEnd(piece, 0);
    if (end < 0) {
      this.rest += piece;
      return chunk;
    }
    this.line(this.rest + piece.slice(0, end), chunk);
    let from = after(piece, end);
    while ((end = nextEnd(piece, from)) >= 0) {
      this.line(piece.slice(from, end), chunk);
      from = after(piece, end);
    }
    this.rest = piece.slice(from);
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

function nextEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 10 || code === 13) return at;
  }
  return -1;
}

/** Where the next line begins: CR and LF together end one line. */
function after(text: string, end: number): number {
  return text.startsWith("\r\n", end) ? end + 2 : end + 1;
}
