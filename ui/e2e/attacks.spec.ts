import { connect } from "node:net";
import { type BrowserContext, type Page, chromium, expect, test } from "@playwright/test";
import { Attacker, type Seen, type Target, attack } from "./attacker.ts";
import { Host } from "./host.ts";
import { sessions } from "./page.ts";

let attacker: Attacker;

test.beforeAll(async () => {
  attacker = await Attacker.start();
});

test.afterAll(async () => {
  await attacker.stop();
});

/** All that an attack could change, as the inspector tells it to a program that may ask. */
async function state({ mount, session }: Target, token?: string): Promise<unknown> {
  const ask = async (path: string): Promise<unknown> => {
    const headers: Record<string, string> = token === undefined ? {} : { "x-inspector-token": token };
    const answer = await fetch(mount + path, { headers, signal: AbortSignal.timeout(30_000) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.json();
  };
  const list = (await ask("/sessions?limit=500")) as { sessions: { id: string; status: string; pinned: boolean; title: string }[] };
  const { events } = (await ask(`/sessions/${session}/events`)) as { events: { type: string }[] };
  return {
    sessions: list.sessions.map(({ id, status, pinned, title }) => ({ id, status, pinned, title })),
    waits: await ask(`/sessions/${session}/waits`),
    breakpoints: ((await ask("/breakpoints")) as { breakpoints: unknown[] }).breakpoints,
    said: events.map(({ type }) => type).filter((type) => type !== "Heartbeat" && type !== "SessionUpdated"),
  };
}

/** Waits until the session asks and all that it did until then is stored: a wait can be answered, and so is listed, before that. */
async function asks(target: Target): Promise<void> {
  await expect.poll(() => state(target).catch(String)).toMatchObject({
    sessions: [{ id: target.session, status: "paused" }],
    waits: { total: 1 },
    said: expect.arrayContaining(["WaitingOnSignal"]),
  });
}

/** What may be seen of a request: that it failed, as it does where nobody answers at all. */
const NOTHING = new Set([
  "TypeError",
  "error",
  // A frame or a form's target that shows nothing of the inspector, and is not the attacker's to look into.
  "SecurityError",
  "SecurityError 0",
  "queued",
  "nothing",
]);

function more(seen: readonly Seen[]): Seen[] {
  return seen.filter((each) => !NOTHING.has(each.seen));
}

/** Attacks from every page of the attacker's, in a browser that the target lets in. */
async function attackFromAll(page: Page, target: Target): Promise<void> {
  for (const from of attacker.pages) {
    await page.goto(from);
    const seen = await page.evaluate(attack, target);
    expect(seen.length, from).toBeGreaterThan(200);
    expect(more(seen), from).toEqual([]);
    // Whatever was there and whatever was not look the same.
    const probes = seen.filter(({ what }) => /^(image|script|style) /.test(what));
    expect(new Set(probes.map((probe) => probe.seen)), from).toEqual(new Set(["error"]));
    expect(seen.find(({ what }) => what === "WebSocket")?.seen, from).toBe("error");
    expect(seen.find(({ what }) => what === "EventSource")?.seen, from).toBe("error");
    // Those that went away were blank again.
    const shown = page.frames().slice(1).map((frame) => frame.url());
    expect(new Set(shown.filter((url) => url !== "about:blank")), from).toEqual(new Set(["chrome-error://chromewebdata/"]));
    await lookAtWindow(page, target, from);
  }
  expect(attacker.received.filter((asked) => asked !== "GET /favicon.ico")).toEqual([]);
}

/** A window that the attacker opened shows the inspector to the person, and nothing to the attacker. */
async function lookAtWindow(page: Page, { mount, session }: Target, from: string): Promise<void> {
  const popup = page.context().waitForEvent("page");
  await page.evaluate((address) => void Object.assign(window, { handle: window.open(address, "inspected") }), `${mount}/ui/sessions/${session}`);
  const opened = await popup;
  await expect(opened.getByRole("treeitem").first()).toBeVisible();
  const said = await page.evaluate(() => {
    const { handle } = window as unknown as { handle: Window };
    const read = (look: () => unknown): string => {
      try {
        return String(look());
      } catch (error) {
        return (error as Error).name;
      }
    };
    handle.postMessage({ type: "signed-in" }, "*");
    return [() => handle.document.title, () => handle.location.href, () => handle.name, () => handle.localStorage.length, () => handle.history.length, () => handle.document.body.textContent].map(read);
  });
  expect(said, from).toEqual(said.map(() => "SecurityError"));
  expect(await page.evaluate(() => (window as unknown as { handle: Window }).handle.length), from).toBe(0);
  await opened.close();
}

test("a page of somebody else’s reads, changes and finds out nothing of an inspector on the same machine", async ({ page }) => {
  test.setTimeout(700_000);
  const host = await Host.start("approve_a_tool");
  try {
    const target = { mount: host.mount, session: "clean-up", signal: "approve_deletion" };
    await asks(target);
    const before = await state(target);
    await attackFromAll(page, target);
    expect(await state(target)).toEqual(before);
    // It was there to be answered all the time.
    await page.goto(`${host.page}sessions/clean-up`);
    await page.getByRole("radio", { name: "No" }).check();
    await page.getByRole("button", { name: "Send" }).click();
    await expect(page.getByText("Completed").first()).toBeVisible();
  } finally {
    await host.remove();
  }
});

test("nor of one that its reader is signed in to, whose sign-in and guesses it leaves alone", async ({ page, context }) => {
  test.setTimeout(700_000);
  const host = await Host.start("mounts");
  try {
    const [address = "", token = ""] = host.pages.find((each) => each.includes("#token="))?.split("#token=") ?? [];
    await page.goto(`${address}#token=${token}`);
    await sessions(page).getByRole("link").first().click();
    await expect(page.getByRole("treeitem").first()).toBeVisible();
    const session = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    const target = { mount: address.replace(/\/ui\/$/, ""), session, signal: "approve" };
    const before = await state(target, token);
    await attackFromAll(page, target);
    expect(await state(target, token)).toEqual(before);
    await stillSignedIn(context, target.mount);
    // Its guesses were not looked at, so the reader's is.
    await context.clearCookies();
    await page.goto(address);
    await page.getByLabel("Token").fill(token);
    await page.getByLabel("Token").press("Enter");
    await expect(sessions(page)).toBeVisible();
  } finally {
    await host.remove();
  }
});

async function stillSignedIn(context: BrowserContext, mount: string): Promise<void> {
  expect((await context.request.get(`${mount}/sessions`)).status()).toBe(200);
}

/** One request as it stands, and the whole answer. */
function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
  });
}

test("a name that is not the inspector’s own leads nowhere, whether a browser or a program was told it", async () => {
  test.setTimeout(700_000);
  const host = await Host.start("approve_a_tool");
  // A newer browser asks its reader before a page reaches this machine. The inspector does not count on that.
  const browser = await chromium.launch({
    ...test.info().project.use.launchOptions,
    args: [...(test.info().project.use.launchOptions?.args ?? []), "--host-resolver-rules=MAP rebound.example 127.0.0.1", "--disable-features=LocalNetworkAccessChecks"],
  });
  try {
    const port = Number(new URL(host.page).port);
    const target = { mount: host.mount, session: "clean-up", signal: "approve_deletion" };
    await asks(target);
    const before = await state(target);

    // As after DNS rebinding: to the browser the inspector is the attacker's own origin, so it hides nothing from it.
    const page = await browser.newPage();
    const origin = `http://rebound.example:${port}`;
    expect((await page.goto(`${origin}/_inspector/ui/`))?.status()).toBe(403);
    await page.route(`${origin}/`, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>bait</title>" }));
    await page.goto(`${origin}/`);
    const answers = await page.evaluate(async () => {
      const body = JSON.stringify({ signal: "approve_deletion", payload: { approved: true } });
      const json = { "content-type": "application/json" };
      const all: [string, RequestInit][] = [
        ["sessions", {}],
        ["sessions/clean-up/waits", {}],
        ["events", {}],
        ["health", {}],
        ["openapi.json", {}],
        ["signal/clean-up", { method: "POST", body, headers: json }],
        ["cancel/clean-up", { method: "POST" }],
        ["events", { method: "POST", body: "[]", headers: json }],
        ["sessions/clean-up", { method: "DELETE" }],
        ["auth", { method: "POST", body: '{"token":"x"}', headers: json }],
      ];
      return Promise.all(all.map(async ([path, init]) => [path, (await fetch(`/_inspector/${path}`, init)).status] as const));
    });
    expect(answers.filter(([, status]) => status !== 403)).toEqual([]);

    const forged = [
      "Host: evil.example",
      `Host: evil.example:${port}`,
      "Host: 127.0.0.1.evil.example",
      "Host: localhost.evil.example",
      "Host: evil.example\r\nX-Forwarded-Host: localhost",
      `Host: localhost:${port}\r\nX-Forwarded-Host: evil.example`,
      `Host: localhost:${port}\r\nForwarded: for=127.0.0.1;host=localhost`,
      `Host: localhost:${port}\r\nHost: evil.example`,
      `Host: evil.example\r\nHost: localhost:${port}`,
      "Host: localhost@evil.example",
      "Host: localhost:evil.example",
      "Host: evil.example/localhost",
      "Host:",
      `Host: localhost:${port}\r\nOrigin: http://evil.example`,
      `Host: localhost:${port}\r\nOrigin: http://localhost:${port}.evil.example`,
      `Host: 0.0.0.0:${port}`,
    ];
    for (const headers of forged) {
      for (const [method, path, body] of [
        ["GET", "sessions", ""],
        ["GET", "sessions/clean-up/waits", ""],
        ["POST", "signal/clean-up", JSON.stringify({ signal: "approve_deletion", payload: { approved: true } })],
        ["DELETE", "sessions/clean-up", ""],
      ] as const) {
        const more = body === "" ? "" : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
        const answer = await raw(port, `${method} /_inspector/${path} HTTP/1.1\r\n${headers}\r\nConnection: close\r\n${more}\r\n${body}`);
        expect.soft(answer, `${method} ${path} ${headers}`).toMatch(/^HTTP\/1\.1 4(00|01|03) /);
        expect.soft(answer, `${method} ${path} ${headers}`).not.toMatch(/Delete report|janitor/);
      }
    }
    // Without any name there is none to check: a proxy's way, or somebody's by hand.
    expect(await raw(port, "GET /_inspector/sessions HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.[01] 4(00|01|03) /);
    expect(await state(target)).toEqual(before);
  } finally {
    await browser.close();
    await host.remove();
  }
});
