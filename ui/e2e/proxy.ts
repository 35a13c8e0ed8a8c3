import { type IncomingMessage, type Server, type ServerResponse, createServer, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { SseParser } from "../src/model/sse.ts";

/** What the host answers with in place of a stream, as a crowded host or a proxy before it would. */
interface Refusal {
  status: number;
  retryAfter: string;
}

/**
 * Stands between browsers and a host and sees what passes: how many streams were asked for and are open, from which place
 * on, and every id that came. It can refuse a stream, or let one fall silent as a half-open connection does.
 */
export class Proxy {
  /** What each stream was asked for with. */
  readonly asked: URL[] = [];
  /** The ids that came through streams, as they came. */
  readonly ids: number[] = [];
  readonly refusals: Refusal[] = [];
  open = 0;
  private readonly sockets = new Set<Socket>();
  private silent = new WeakSet<ServerResponse>();
  private readonly streams = new Set<ServerResponse>();

  private constructor(
    private readonly server: Server,
    private readonly target: string,
  ) {
    server.on("request", (from, to) => this.pass(from, to));
    server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
    });
  }

  static async before(mount: string): Promise<Proxy> {
    const server = createServer();
    const proxy = new Proxy(server, mount);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** Address of the page, with a slash at its end. */
  get page(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${new URL(this.target).pathname}/ui/`;
  }

  /** The place each stream was asked to go on from; null for one that began with what came next. */
  get places(): (number | null)[] {
    return this.asked.map((url) => url.searchParams.get("last_event_id")).map((id) => (id === null ? null : Number(id)));
  }

  /** The streams that are open stay so, and nothing comes through them any more. */
  hush(): void {
    for (const stream of this.streams) this.silent.add(stream);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(from: IncomingMessage, to: ServerResponse): void {
    const url = new URL(from.url ?? "/", this.target);
    const isStream = url.pathname.endsWith("/events");
    if (isStream) {
      this.asked.push(url);
      const refusal = this.refusals.shift();
      if (refusal !== undefined) {
        to.writeHead(refusal.status, { "retry-after": refusal.retryAfter }).end();
        return;
      }
    }
    const asked = request(url, { method: from.method, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      if (isStream && answer.statusCode === 200) this.watch(answer, to);
      else answer.pipe(to);
    });
    // A host that is down looks like one: the connection breaks.
    asked.once("error", () => to.destroy());
    to.once("close", () => asked.destroy());
    from.pipe(asked);
  }

  private watch(answer: IncomingMessage, to: ServerResponse): void {
    const parser = new SseParser();
    const decoder = new TextDecoder();
    this.open += 1;
    this.streams.add(to);
    to.once("close", () => {
      this.open -= 1;
      this.streams.delete(to);
    });
    answer.on("data", (bytes: Buffer) => {
      if (this.silent.has(to)) return;
      for (const message of parser.push(decoder.decode(bytes, { stream: true })).messages) this.ids.push(Number(message.id));
      to.write(bytes);
    });
    answer.once("close", () => to.destroy());
  }
}
