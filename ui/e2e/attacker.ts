import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A site of somebody else's: empty pages, and a count of whatever is sent to it. */
export class Attacker {
  /** Whatever was asked of it but its own pages. */
  readonly received: string[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Attacker> {
    const server = createServer();
    const attacker = new Attacker(server);
    server.on("request", (request, response) => {
      const path = new URL(request.url ?? "/", "http://attacker").pathname;
      if (path !== "/" && path !== "/unnamed") attacker.received.push(`${request.method} ${path}`);
      response.setHeader("content-type", "text/html");
      // A page that sends no referrer sends `Origin: null` with its forms.
      response.end(`<!doctype html><title>attack</title>${path === "/unnamed" ? '<meta name="referrer" content="no-referrer">' : ""}<body></body>`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return attacker;
  }

  /** One that shares the inspector’s name and not its port, to which strict cookies are sent, and one that is another site. */
  get pages(): readonly string[] {
    const { port } = this.server.address() as AddressInfo;
    return [`http://127.0.0.1:${port}/`, `http://localhost:${port}/`, `http://127.0.0.1:${port}/unnamed`];
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** What is attacked: the mount, a session of it, and the signal that it waits for. */
export interface Target {
  mount: string;
  session: string;
  signal: string;
}

/** What a request came to, as far as the attacker's page can see. */
export interface Seen {
  what: string;
  seen: string;
}

/** Runs in the attacker's page: asks in every way that a page has, and tells all that it could see. */
export async function attack({ mount, session, signal }: Target): Promise<Seen[]> {
  const seen: Seen[] = [];
  const answer = { signal, payload: { approved: true } };
  const event = [{ type: "session_started", session_id: "evil", title: "evil" }];
  const hook = { hook_event_name: "SessionStart", session_id: "evil", cwd: "/", transcript_path: "/x" };
  const requests: [method: string, path: string, body?: object][] = [
    ["GET", "/sessions"],
    ["GET", `/sessions/${session}`],
    ["GET", `/sessions/${session}/spans`],
    ["GET", `/sessions/${session}/waits`],
    ["GET", `/trace/${session}`],
    ["GET", "/search?q=a"],
    ["GET", "/health"],
    ["GET", "/metrics"],
    ["GET", "/openapi.json"],
    ["GET", "/ui/"],
    ["GET", "/nothing-here"],
    ["POST", `/signal/${session}`, answer],
    ["POST", `/signal/${session}`, { signal, deny: {} }],
    ["POST", `/cancel/${session}`],
    ["POST", "/breakpoints", { checkpoint: "*" }],
    ["POST", "/events", event],
    ["POST", "/hooks/claude-code", hook],
    ["POST", "/hooks/codex", hook],
    ["POST", "/v1/traces", { resourceSpans: [] }],
    ["POST", "/auth", { token: "a guess that is wrong" }],
    ["DELETE", "/auth"],
    ["DELETE", `/sessions/${session}`],
    ["PUT", `/sessions/${session}/pin`],
  ];
  const types = [undefined, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"];
  const all: Promise<void>[] = [];
  for (const [method, path, body] of requests) {
    for (const mode of ["cors", "no-cors"] as const) {
      for (const credentials of ["include", "omit"] as const) {
        for (const type of body === undefined ? [undefined] : types) {
          const ask = async (): Promise<string> => {
            try {
              const init = { method, mode, credentials, ...(body && { body: JSON.stringify(body) }), ...(type !== undefined && { headers: { "content-type": type } }) };
              const response = await fetch(mount + path, init);
              return `${response.type} ${response.status} ${(await response.text()).length} ${response.headers.get("content-type") ?? 0}`;
            } catch (error) {
              return (error as Error).name;
            }
          };
          all.push(ask().then((said) => void seen.push({ what: `fetch ${mode} ${credentials} ${type} ${method} ${path}`, seen: said })));
        }
      }
    }
  }
  // Several at a time end sooner than the browser's six connections would let them one after the other.
  await Promise.all(all);
  for (const [method, path, body] of requests) {
    if (method !== "POST") continue;
    const sent = navigator.sendBeacon(mount + path, new Blob([JSON.stringify(body ?? {})], { type: "text/plain" }));
    seen.push({ what: `beacon ${path}`, seen: sent ? "queued" : "refused" });
  }

  const once = (element: EventTarget, ...names: string[]): Promise<string> =>
    new Promise((resolve) => names.forEach((name) => element.addEventListener(name, () => resolve(name), { once: true })));
  const stream = new EventSource(`${mount}/events?last_event_id=0`, { withCredentials: true });
  seen.push({ what: "EventSource", seen: await once(stream, "open", "message", "error") });
  stream.close();
  const socket = new WebSocket(`${mount.replace("http", "ws")}/ws`);
  seen.push({ what: "WebSocket", seen: await once(socket, "open", "message", "error") });
  for (const path of ["/ui/assets/app.js", "/ui/assets/nothing.js", "/sessions", `/sessions/${session}`, "/sessions/nothing", "/health", "/ui/"]) {
    const image = new Image();
    image.src = mount + path;
    seen.push({ what: `image ${path}`, seen: await once(image, "load", "error") });
    const script = document.createElement("script");
    script.src = mount + path;
    document.body.append(script);
    seen.push({ what: `script ${path}`, seen: await once(script, "load", "error") });
    const style = document.createElement("link");
    Object.assign(style, { rel: "stylesheet", href: mount + path });
    document.head.append(style);
    seen.push({ what: `style ${path}`, seen: await once(style, "load", "error") });
  }
  for (const path of ["/ui/", `/ui/sessions/${session}`, "/sessions"]) {
    const frame = document.createElement("iframe");
    frame.src = mount + path;
    document.body.append(frame);
    await once(frame, "load");
    let inside: string;
    try {
      inside = `${frame.contentWindow?.document.body.textContent} ${frame.contentWindow?.location.href}`;
    } catch (error) {
      inside = (error as Error).name;
    }
    seen.push({ what: `frame ${path}`, seen: `${inside} ${frame.contentWindow?.length}` });
  }

  // Forms need no permission to send, from a page with a name and from one without.
  let serial = 0;
  for (const [method, path, body] of requests) {
    if (method !== "POST") continue;
    for (const enctype of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      const into = document.createElement("iframe");
      into.name = `into-${++serial}`;
      document.body.append(into);
      const form = document.createElement("form");
      Object.assign(form, { method: "post", action: mount + path, enctype, target: into.name });
      const field = document.createElement("input");
      const text = JSON.stringify(body ?? {});
      // As text it is JSON with an equals sign in a string: `{…,"x":"=y"}`.
      Object.assign(field, { name: `${text.slice(0, -1)}${text.length > 2 && text.startsWith("{") ? "," : ""}"x":"`, value: '"}' });
      form.append(field);
      document.body.append(form);
      const loaded = once(into, "load");
      form.submit();
      await loaded;
      let inside: string;
      try {
        inside = `read ${into.contentDocument?.body.textContent} ${into.contentWindow?.document.title}`;
      } catch (error) {
        inside = (error as Error).name;
      }
      seen.push({ what: `form ${enctype} ${path}`, seen: inside });
      into.remove();
      form.remove();
    }
  }

  // What the browser itself keeps of each request.
  for (const entry of performance.getEntriesByType("resource") as PerformanceResourceTiming[]) {
    if (!entry.name.startsWith(mount)) continue;
    const sizes = [entry.transferSize, entry.encodedBodySize, entry.decodedBodySize, entry.responseStatus, entry.requestStart, entry.responseStart];
    seen.push({ what: `timing ${entry.initiatorType} ${entry.name}`, seen: sizes.every((size) => size === 0) ? "nothing" : sizes.join(" ") });
  }
  return seen;
}
