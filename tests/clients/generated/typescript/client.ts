// What docs/clients.md shows for TypeScript: the snippets stand there word for word.

// snippet: call
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type Schemas = components["schemas"];

/** `inspector` is the mount: `http://127.0.0.1:3000/_inspector`. */
export function connect(inspector: string, token: string) {
  return createClient<paths>({ baseUrl: inspector, headers: { Authorization: `Bearer ${token}` } });
}

export type Client = ReturnType<typeof connect>;

export async function failed(client: Client): Promise<Schemas["Session"][]> {
  const { data, error } = await client.GET("/sessions", { params: { query: { status: ["failed"], limit: 10 } } });
  if (error) throw new InspectorError(error);
  return data.sessions;
}
// snippet end

// snippet: errors
/** What the inspector answered instead. `code` is for programs, `title` and `detail` are for people. */
export class InspectorError extends Error {
  constructor(readonly problem: Schemas["Problem"]) {
    super([problem.title, problem.detail].filter(Boolean).join(": "));
  }
}

export async function find(client: Client, id: string): Promise<Schemas["Session"] | undefined> {
  const { data, error } = await client.GET("/sessions/{id}", { params: { path: { id } } });
  if (error?.code === "session_not_found") return undefined;
  if (error) throw new InspectorError(error);
  return data;
}
// snippet end

// snippet: paging
type Query = NonNullable<paths["/sessions"]["get"]["parameters"]["query"]>;

export async function* sessions(client: Client, query: Query = {}): AsyncGenerator<Schemas["Session"]> {
  let cursor: string | undefined;
  do {
    const page = await client.GET("/sessions", { params: { query: { ...query, ...(cursor && { cursor }) } } });
    if (page.error) throw new InspectorError(page.error);
    yield* page.data.sessions;
    cursor = page.data.next_cursor;
  } while (cursor);
}
// snippet end

// snippet: trace
/** The spans by their id: a span may stand on several lines, and the last one counts. */
export async function trace(client: Client, id: string): Promise<Map<string, Schemas["Span"]>> {
  const options = { params: { path: { id } }, parseAs: "text" } as const;
  const { data, error } = await client.GET("/trace/{id}", options);
  if (error) throw new InspectorError(error);
  const lines = data.split("\n").filter(Boolean);
  return new Map(lines.map((line) => JSON.parse(line) as Schemas["Span"]).map((span) => [span.span_id, span]));
}
// snippet end

// snippet: stream
import { EventSource } from "eventsource";

export function follow(
  inspector: string,
  token: string,
  after: number | undefined,
  seen: (event: Schemas["Event"]) => void,
): EventSource {
  const url = new URL(`${inspector}/events`);
  if (after !== undefined) url.searchParams.set("last_event_id", String(after));
  // It connects again by itself, with `Last-Event-ID`. In a page the browser's own EventSource does, with the cookie of
  // `POST /auth` instead of the header.
  const source = new EventSource(url, {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } }),
  });
  source.addEventListener("message", (message) => {
    const event = JSON.parse(message.data) as Schemas["Event"];
    if (event.type === "Gap") console.warn(`at most ${event.at_most} events were missed`);
    seen(event);
  });
  return source;
}
// snippet end
