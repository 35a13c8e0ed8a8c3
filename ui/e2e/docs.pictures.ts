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
