import { vi } from "vitest";

type Answer = object | (() => Response | Promise<Response>);

/**
 * A host for tests: answers by the path below the mount, remembers what was asked, and streams what the test pushes.
 * A path that isn't listed answers with the problem a real host would.
 */
export class FakeHost {
  readonly asked: URL[] = [];
  readonly answers: Record<string, Answer>;
  /** What `/events` answers with instead of a stream, one after the other. */
  refusals: Response[] = [];
  private stream: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(answers: Record<string, Answer> = {}) {
    this.answers = answers;
    vi.stubGlobal("fetch", (input: URL | string, init?: RequestInit) => this.fetch(new URL(input), init));
  }

  push(event: { id: number } & Record<string, unknown>): void {
    this.raw(`id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`);
  }

  raw(text: string): void {
    this.stream?.enqueue(new TextEncoder().encode(text));
  }

  /** The connection breaks, as when the host dies. */
  cut(): void {
    this.stream?.error(new Error("cut"));
    this.stream = undefined;
  }

  get streaming(): boolean {
    return this.stream !== undefined;
  }

  to(path: string): URL[] {
    return this.asked.filter((url) => url.pathname.endsWith(`/${path}`));
  }

  private async fetch(url: URL, init?: RequestInit): Promise<Response> {
    this.asked.push(url);
    const path = decodeURIComponent(url.pathname.replace(/^\/_inspector\//, ""));
    if (path === "events") return this.refusals.shift() ?? this.open(init?.signal);
    const answer = this.answers[path];
    if (answer === undefined) return problem(404, "not_found", "There is nothing here");
    return typeof answer === "function" ? (answer as () => Response | Promise<Response>)() : json(answer);
  }

  private open(signal: AbortSignal | null | undefined): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.stream = controller;
        signal?.addEventListener("abort", () => {
          if (this.stream === controller) this.stream = undefined;
          try {
            controller.error(signal.reason);
          } catch {
            // It was closed already.
          }
        });
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }
}

export function json(body: object): Response {
  return new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
}

export function problem(status: number, code: string, title: string, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ type: "about:blank", title, status, code }), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}
