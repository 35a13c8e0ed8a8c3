import { type BrowserContext, type Page, expect, test } from "@playwright/test";
import { Host, openConnections, subscribers } from "./host.ts";
import { otlpRun } from "./otlp.ts";
import { live, sessions } from "./page.ts";
import { Proxy } from "./proxy.ts";
import { watch } from "./quiet.ts";

/** The browser's bound on connections to one host over HTTP/1.1. */
const BROWSER_CONNECTIONS = 6;
const TABS = 10;

let host: Host;

test.beforeAll(async () => {
  test.setTimeout(700_000);
  host = await Host.start();
});

test.afterAll(async () => {
  await host.remove();
});

/** Takes from the page what it would share a stream with. */
function without(...names: ("SharedWorker" | "locks")[]): (context: BrowserContext) => Promise<void> {
  return async (context) => {
    await context.addInitScript((gone) => {
      if (gone.includes("SharedWorker")) Reflect.deleteProperty(globalThis, "SharedWorker");
      if (gone.includes("locks")) Reflect.deleteProperty(Navigator.prototype, "locks");
    }, names);
  };
}

const WAYS: [string, (context: BrowserContext) => Promise<void>][] = [
  ["a shared worker", without()],
  ["a leading tab", without("SharedWorker")],
];

async function openTabs(context: BrowserContext, address: string, count: number): Promise<Page[]> {
  const pages: Page[] = [];
  for (let tab = 0; tab < count; tab += 1) {
    const page = await context.newPage();
    await live(page, address);
    // A list that was never there cannot stay when the host dies.
    await expect(sessions(page)).toBeVisible();
    pages.push(page);
  }
  return pages;
}

/** Headless pages are always visible, whatever lies before them: the page is told otherwise, as a browser would. */
async function setVisible(page: Page, visible: boolean): Promise<void> {
  await page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, value: state });
    document.dispatchEvent(new Event("visibilitychange"));
  }, visible ? "visible" : "hidden");
}

function sees(page: Page, title: string): Promise<void> {
  return expect(page.getByRole("grid", { name: "Sessions" }).getByText(title).first()).toBeVisible();
}

for (const [name, prepare] of WAYS) {
  test.describe(`over ${name}`, () => {
    test.beforeEach(async ({ context }) => prepare(context));

    test("ten tabs share one stream and leave the host's connections free", async ({ context }) => {
      const pages = await openTabs(context, host.page, TABS);
      const quiet = pages.map((page) => watch(page, () => host.mount));
      expect(await subscribers(host)).toBe(1);
      expect(await openConnections(host)).toBeLessThanOrEqual(BROWSER_CONNECTIONS);

      await host.run(`Count tabs over ${name}`);
      for (const page of pages) await sees(page, `Count tabs over ${name}`);

      const last = pages.at(-1);
      if (last === undefined) throw new Error("no tab was opened");
      const answers = await last.evaluate(async (health) => {
        const all = Array.from({ length: 5 }, () => fetch(health).then((answer) => answer.status));
        return Promise.all(all);
      }, `${host.mount}/health`);
      expect(answers).toEqual([200, 200, 200, 200, 200]);

      for (const page of pages.slice(0, -1)) await page.close();
      await host.run(`Count one tab over ${name}`);
      await sees(last, `Count one tab over ${name}`);
      await expect(last.getByText("Live", { exact: true })).toBeVisible();
      // The host may learn a moment later that a closed tab's connection has ended.
      await expect.poll(() => subscribers(host)).toBe(1);
      for (const still of quiet) still();
      await last.close();
      await expect.poll(() => subscribers(host)).toBe(0);
    });

    test("the stream is released when every tab is hidden, and goes on after the last id", async ({ context }) => {
      const proxy = await Proxy.before(host.mount);
      const [one, two] = (await openTabs(context, proxy.page, 2)) as [Page, Page];
      await host.run(`Seen over ${name}`);
      await sees(one, `Seen over ${name}`);
      await sees(two, `Seen over ${name}`);

      await setVisible(one, false);
      await setVisible(two, false);
      await expect.poll(() => proxy.open, { timeout: 30_000 }).toBe(0);
      await expect(two.getByText("Paused while hidden", { exact: true })).toBeVisible();
      const before = proxy.ids.at(-1);
      await host.run(`Missed over ${name}`);

      const words: string[] = [];
      await two.exposeFunction("heard", (text: string) => words.push(text));
      await two.evaluate(() => {
        const label = document.querySelector(".connection");
        if (label === null) throw new Error("no label");
        new MutationObserver(() => (globalThis as unknown as { heard: (text: string) => void }).heard(label.textContent)).observe(label, {
          subtree: true,
          characterData: true,
          childList: true,
        });
      });
      await setVisible(two, true);
      await expect(two.getByText("Live", { exact: true })).toBeVisible();
      expect([...new Set(words)]).toEqual(["Connecting", "Live"]);
      await sees(two, `Missed over ${name}`);
      expect(proxy.asked).toHaveLength(2);
      // The place also moves past events that aren't asked for.
      expect(proxy.places[1]).toBeGreaterThanOrEqual(before ?? Infinity);
      expect(proxy.ids).toEqual([...new Set(proxy.ids)].sort((a, b) => a - b));
      // The other one hears it too, though it is still hidden.
      await sees(one, `Missed over ${name}`);
      for (const page of [one, two]) await page.close();
      await proxy.close();
    });

    test("a hidden tab doesn't end the stream of one that is seen", async ({ context }) => {
      const proxy = await Proxy.before(host.mount);
      const [one, two] = (await openTabs(context, proxy.page, 2)) as [Page, Page];
      await setVisible(one, false);
      await setVisible(two, false);
      await setVisible(two, true);
      await one.close();
      await host.run(`Still there over ${name}`);
      await sees(two, `Still there over ${name}`);
      await two.close();
      await proxy.close();
    });

    test("every tab goes on by itself after 429, 503 and a broken connection", async ({ context }) => {
      const proxy = await Proxy.before(host.mount);
      proxy.refusals.push({ status: 429, retryAfter: "1" }, { status: 503, retryAfter: "1" });
      const pages = await openTabs(context, proxy.page, 2);
      expect(proxy.asked).toHaveLength(3);
      await host.run(`After refusals over ${name}`);
      for (const page of pages) await sees(page, `After refusals over ${name}`);
      for (const page of pages) await page.close();
      await proxy.close();
    });

    test("the tab that began the stream crashes, and the others go on after the last id", async ({ context }) => {
      const proxy = await Proxy.before(host.mount);
      const [first, second] = (await openTabs(context, proxy.page, 2)) as [Page, Page];
      await host.run(`Before the crash over ${name}`);
      await sees(second, `Before the crash over ${name}`);
      // A shared worker lives in the process of the tab that started it, and ends with it.
      const crashed = first.waitForEvent("crash");
      const devtools = await context.newCDPSession(first);
      devtools.send("Page.crash").catch(() => {
        // The one who would answer is gone.
      });
      await crashed;
      await host.run(`After the crash over ${name}`);
      await sees(second, `After the crash over ${name}`);
      await expect.poll(() => proxy.open).toBe(1);
      expect(proxy.places).toEqual([null, expect.any(Number)]);
      await second.close();
      await proxy.close();
    });

    test("the host dies and comes back, and every tab goes on", async ({ context }) => {
      const pages = await openTabs(context, host.page, 3);
      await host.stop("SIGKILL");
      for (const page of pages) {
        await expect(page.getByText("Offline", { exact: true })).toBeVisible();
        await expect(page.getByText(/last update .* ago/)).toBeVisible();
        await expect(page.getByRole("grid", { name: "Sessions" })).toBeVisible();
      }
      await host.start();
      for (const page of pages) await expect(page.getByText("Live", { exact: true })).toBeVisible();
      await host.run(`Back over ${name}`);
      for (const page of pages) await sees(page, `Back over ${name}`);
      expect(await subscribers(host)).toBe(1);
      for (const page of pages) await page.close();
    });
  });
}

test("when the leading tab is closed the next one goes on after the last id, and nothing is lost", async ({ context }) => {
  await without("SharedWorker")(context);
  const proxy = await Proxy.before(host.mount);
  const [leader, next, third] = (await openTabs(context, proxy.page, 3)) as [Page, Page, Page];
  expect(proxy.open).toBe(1);
  await host.run("Before anybody goes");
  await sees(third, "Before anybody goes");

  // Asks for what the tabs ask for, and is never interrupted.
  const witness = await Proxy.before(host.mount);
  const from = proxy.ids.at(-1) ?? 0;
  const asked = new URL(`../events${proxy.asked[0]?.search ?? ""}`, witness.page);
  asked.searchParams.set("last_event_id", String(from));
  const reading = new AbortController();
  const answer = await fetch(asked, { signal: reading.signal });
  const text = answer.text().catch(() => "");

  await host.run("Before the leader goes");
  await host.sendOtlp(otlpRun("e2e-leader"));
  await leader.close();
  await host.run("While nobody leads");
  for (const page of [next, third]) await sees(page, "While nobody leads");
  await host.run("After the leader went");
  for (const page of [next, third]) {
    await sees(page, "After the leader went");
    await expect(page.getByRole("grid").getByText("Running")).toHaveCount(0);
  }
  expect(proxy.places).toEqual([null, expect.any(Number)]);
  await expect.poll(() => proxy.ids.at(-1)).toBe(witness.ids.at(-1));
  const read = [...new Set(proxy.ids)].filter((id) => id > from);
  expect(read.sort((a, b) => a - b)).toEqual(witness.ids);
  expect(witness.ids.length).toBeGreaterThan(20);

  reading.abort();
  await text;
  for (const page of [next, third]) await page.close();
  await proxy.close();
  await witness.close();
});

test("a connection that has gone silent is given up for a new one", async ({ context }) => {
  await without("SharedWorker")(context);
  const proxy = await Proxy.before(host.mount);
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(proxy.page);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  proxy.hush();
  await page.clock.fastForward(60_000);
  await page.clock.resume();
  await expect.poll(() => proxy.asked.length).toBe(2);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await host.run("After the silence");
  await sees(page, "After the silence");
  await page.close();
  await proxy.close();
});

test("where tabs can't agree, each reads for itself", async ({ context }) => {
  await without("SharedWorker", "locks")(context);
  const pages = await openTabs(context, host.page, 2);
  expect(await subscribers(host)).toBe(2);
  await host.run("Each for itself");
  for (const page of pages) await sees(page, "Each for itself");
});

test("two mounts of one origin have a stream each", async ({ context }) => {
  const mounts = await Host.start("mounts");
  try {
    const quiet: (() => void)[] = [];
    for (const address of [mounts.pages[0], mounts.pages[0], mounts.pages[1]]) {
      const page = await context.newPage();
      quiet.push(watch(page, () => (address ?? "").replace(/\/ui\/$/, "")));
      await page.goto(address ?? "");
      await expect(page.getByText("Live", { exact: true })).toBeVisible();
    }
    expect(await subscribers(mounts)).toBe(2);
    for (const still of quiet) still();
  } finally {
    await mounts.remove();
  }
});

test("signing in within one tab lets every tab in", async ({ context }) => {
  const mounts = await Host.start("mounts");
  try {
    const link = new URL(mounts.pages.find((page) => page.includes("#token=")) ?? "");
    const token = new URLSearchParams(link.hash.slice(1)).get("token") ?? "";
    link.hash = "";
    const pages = [await context.newPage(), await context.newPage()];
    for (const page of pages) {
      await page.goto(link.href);
      await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    }
    await pages[1]?.getByLabel("Token").fill(token);
    await pages[1]?.keyboard.press("Enter");
    for (const page of pages) {
      await expect(page.getByText("Live", { exact: true })).toBeVisible();
      await expect(page.getByRole("grid", { name: "Sessions" }).getByRole("link").first()).toBeVisible();
    }
  } finally {
    await mounts.remove();
  }
});
