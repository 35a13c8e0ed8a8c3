import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Page, expect, test } from "@playwright/test";
import { Host } from "./host.ts";

const FIXTURES = new URL("../../tests/fixtures/otlp/", import.meta.url);
const PICTURES = fileURLToPath(new URL("../screenshots/", import.meta.url));
const LONG_RUN = "swe-marshmallow-1867-genai";
const TASKS = [
  "What does the README say about the mount?",
  "Which file pins the lints? Quote it.",
  "Summarise docs/decisions/0002-the-ring-is-the-bus.md",
  "What is in Cargo.toml?",
];
/** The tasks, the one the example starts by itself, three conventions of one run, and one of two recorded agents. */
const COMPLETED = TASKS.length + 5;

const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 360, height: 740 } };

/** Each screen in a state, and how one knows that it is there. */
const SCREENS: readonly [name: string, path: string, ready: (page: Page) => Promise<void>][] = [
  ["sessions-full", "sessions", (page) => expect(page.getByText("1 session waits for you")).toBeVisible()],
  ["sessions-nothing", "sessions?q=status%3Afailed+since%3A1h+invoice", (page) => expect(page.getByText("No session matches")).toBeVisible()],
  ["search-empty", "search", (page) => expect(page.getByRole("button", { name: "status:error" })).toBeVisible()],
  ["search-hits", "search?q=marshmallow+kind%3Atool", (page) => expect(page.locator("mark").first()).toBeVisible()],
  ["search-fault", "search?q=duration%3A%3Esoon", (page) => expect(page.getByRole("alert")).toBeVisible()],
  ["search-nothing", "search?q=unheardof", (page) => expect(page.getByText("Nothing found")).toBeVisible()],
  [
    "events-full",
    "events",
    async (page) => {
      await page.getByRole("option", { name: /SpanFinished/ }).first().click();
      await expect(page.getByRole("region", { name: "Chosen event" })).toBeVisible();
    },
  ],
  ["health", "health", (page) => expect(page.getByRole("heading", { name: "Store" })).toBeVisible()],
];

let host: Host;

// A host of its own for each test, so that all pictures show the same.
test.beforeEach(async () => {
  test.setTimeout(700_000);
  host = await Host.start();
  for (const convention of ["genai", "openinference", "traceloop"]) {
    await host.sendOtlp(await readFile(new URL(`marshmallow-1867.${convention}.json`, FIXTURES)));
  }
  const recorded = await readFile(new URL("pydantic_ai_genai_gzip.jsonl", FIXTURES), "utf8");
  const request = JSON.parse(recorded) as { headers: Record<string, string>; body_b64: string };
  await host.sendOtlp(Buffer.from(request.body_b64, "base64"), {
    "content-type": request.headers["content-type"] ?? "",
    "content-encoding": request.headers["Content-Encoding"] ?? "",
  });
  for (const task of TASKS) await host.run(task);
  await fetch(`${host.mount}/events`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify([
      { type: "session_started", session_id: "release", title: "Release 1.4.2", agent: "releaser" },
      { type: "hitl_escalated", session_id: "release", prompt: "All checks passed. Publish 1.4.2 to the registry?" },
    ]),
  });
});

test.afterEach(async () => {
  await host.remove();
});

for (const scheme of ["dark", "light"] as const) {
  test(`pictures in ${scheme}`, async ({ page }) => {
    const take = pictures(page, scheme);
    await open(page, scheme, { width: 1440, height: 900 });
    // One run is caught at work, the others have ended.
    await expect(page.getByRole("grid").getByText("Completed")).toHaveCount(COMPLETED);
    await host.run("Where are the limits of an attribute explained?");
    const running = page.getByRole("row").filter({ hasText: "Running" });
    await expect(running.locator(".cell-tools")).toHaveText("1");
    await take("sessions");

    await page.goto(`${host.page}sessions/${LONG_RUN}`);
    await page.getByRole("treeitem", { name: /execute_tool/ }).nth(3).click();
    await settled(page);
    await take("trace");
    await page.goto(host.page);
    await page.getByRole("grid").getByRole("link", { name: TASKS[0] }).click();
    await page.getByRole("treeitem", { name: /chat/ }).last().click();
    await settled(page);
    await take("run");
    await page.getByRole("link", { name: "Health" }).click();
    await expect(page.getByRole("heading", { name: "Store" })).toBeVisible();
    await take("health");
  });

  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`pictures of the screens around the debugger, ${scheme} and ${size}`, async ({ page }) => {
      const take = pictures(page, `${scheme}-${size}`);
      await open(page, scheme, viewport);
      await expect(page.getByRole("grid").getByText("Completed")).toHaveCount(COMPLETED);
      for (const [name, path, ready] of SCREENS) {
        await page.goto(host.page + path);
        await ready(page);
        await take(name);
      }
      await page.goto(host.page);
      await expect(page.getByRole("grid")).toBeVisible();
      for (const [name, key] of [["palette", "Control+k"], ["shortcuts", "?"]] as const) {
        await page.keyboard.press(key);
        await expect(page.getByRole("dialog")).toBeVisible();
        if (name === "palette") await expect(page.getByRole("dialog").getByText("Release 1.4.2")).toBeAttached();
        await take(name);
        await page.keyboard.press("Escape");
        await expect(page.getByRole("dialog")).toBeHidden();
      }
      await page.route(/\/sessions\?/, (route) => route.fulfill({ json: { sessions: [], degraded: [] } }));
      await page.goto(host.page);
      await expect(page.getByText("No session yet")).toBeVisible();
      await take("sessions-empty");
    });
  }

  test(`pictures in ${scheme} on a telephone`, async ({ page }) => {
    const take = pictures(page, `${scheme}-narrow`);
    await open(page, scheme, { width: 360, height: 740 });
    await expect(page.getByRole("grid").getByText("Completed")).toHaveCount(COMPLETED);
    await take("sessions");
    await page.goto(`${host.page}sessions/${LONG_RUN}`);
    await page.getByRole("treeitem", { name: /execute_tool/ }).nth(3).click();
    await settled(page);
    await take("span");
    for (const view of ["Tree", "Timeline"]) {
      await page.getByRole("button", { name: view }).click();
      await take(view.toLowerCase());
    }
  });
}

async function open(page: Page, colorScheme: "dark" | "light", size: { width: number; height: number }): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await page.setViewportSize(size);
  await page.goto(host.page);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
}

function pictures(page: Page, kind: string): (name: string) => Promise<unknown> {
  return (name) => page.screenshot({ path: `${PICTURES}${name}-${kind}.png`, scale: "css" });
}

/** The chosen span's attributes are there. */
async function settled(page: Page): Promise<void> {
  const panel = page.getByRole("region", { name: "Chosen span" });
  await expect(panel.getByRole("heading", { name: "Attributes" })).toBeVisible();
}
