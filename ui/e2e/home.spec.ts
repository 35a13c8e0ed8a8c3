import { type Page, expect, test } from "@playwright/test";
import { Host } from "./host.ts";
import { live as openLive } from "./page.ts";
import { otlpRun } from "./otlp.ts";
import { watch } from "./quiet.ts";

let host: Host;

test.beforeAll(async () => {
  test.setTimeout(700_000);
  host = await Host.start();
  await host.sendOtlp(otlpRun("home-run"));
});

test.afterAll(async () => {
  await host.remove();
});

const live = (page: Page, path = ""): Promise<void> => openLive(page, host.page + path);

test("a paused session is recognised in the list, and its question read there", async ({ page }) => {
  const quiet = watch(page, () => host.mount);
  await live(page);
  await host.report(
    { type: "session_started", session_id: "branches", title: "Clean up", agent: "janitor" },
    { type: "hitl_escalated", session_id: "branches", prompt: "Delete feature/a and feature/b?" },
  );
  const strip = page.getByRole("region", { name: "Sessions that wait for you" });
  await expect(strip.getByRole("heading")).toContainText("1 session waits for you");
  await expect(strip.getByRole("link", { name: /Delete feature\/a and feature\/b\?/ })).toBeVisible();
  const row = page.getByRole("row").filter({ hasText: "PAUSED" });
  await expect(row).toContainText("Delete feature/a and feature/b?");
  await strip.getByRole("link").first().click();
  await expect(page).toHaveURL(/sessions\/branches/);

  await page.goBack();
  await expect(strip).toBeVisible();
  await host.report({ type: "hitl_resolved", session_id: "branches" });
  await expect(strip).toBeHidden();
  quiet();
});

test("search finds what a tool answered, and leads to its span", async ({ page }) => {
  const quiet = watch(page, () => host.mount);
  await host.run("What is in Cargo.toml?");
  await live(page, "search");
  await expect(async () => {
    await page.getByRole("textbox", { name: "Search every span and event" }).fill("");
    await page.getByRole("textbox", { name: "Search every span and event" }).fill("kind:tool edition");
    await expect(page.locator("mark").first()).toHaveText(/edition/i, { timeout: 2_000 });
  }).toPass();
  const hit = page.getByRole("main").getByRole("link").first();
  const name = (await hit.textContent()) ?? "";
  await hit.click();
  await expect(page).toHaveURL(/span=/);
  await expect(page.getByRole("treeitem", { selected: true })).toContainText(name);
  await page.goBack();
  await expect(page.getByRole("textbox")).toHaveValue("kind:tool edition");
  quiet();
});

test("a query that cannot be understood is pointed at", async ({ page }) => {
  await live(page, "search?q=rain+duration%3A%3Esoon");
  await expect(page.getByRole("alert")).toContainText("A time like");
  await expect(page.getByRole("alert").locator("mark")).toHaveText("duration:>soon");
});

test("the event feed shows the past, what comes, and stands still when told to", async ({ page }) => {
  const quiet = watch(page, () => host.mount);
  await live(page, "events");
  const rows = page.getByRole("option");
  await expect(rows.filter({ hasText: "SpanFinished" }).first()).toBeVisible();
  await host.report({ type: "budget_warning", session_id: "spender", spent_usd: 4.1 });
  await expect(rows.filter({ hasText: "budget_warning" })).toBeVisible();
  await page.keyboard.press("p");
  await host.report({ type: "budget_gone", session_id: "spender" });
  await expect(page.getByRole("button", { name: /new event/ })).toBeVisible();
  await expect(rows.filter({ hasText: "budget_gone" })).toHaveCount(0);
  await page.keyboard.press("p");
  await rows.filter({ hasText: "budget_gone" }).click();
  const detail = page.getByRole("region", { name: "Chosen event" });
  await expect(detail).toContainText("budget_gone");
  await detail.getByRole("link", { name: /Open the/ }).click();
  await expect(page).toHaveURL(/sessions\/spender/);
  quiet();
});

test("the palette goes anywhere by the keyboard alone", async ({ page }) => {
  await live(page);
  await expect(page.getByRole("grid")).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Commands and sessions" })).toBeFocused();
  await page.keyboard.type("health");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Health", level: 1 })).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("home-run");
  await expect(page.getByRole("option").filter({ hasText: "replayed" })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("option", { selected: true })).toContainText("replayed");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/sessions\/home-run/);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("theme light");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  await page.keyboard.press("g");
  await page.keyboard.press("e");
  await expect(page.getByRole("heading", { name: "Events", level: 1 })).toBeAttached();
});

test("keys pressed right after the palette closed are the screen's", async ({ page }) => {
  await live(page, "health");
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Commands and sessions" })).toBeFocused();
  // In one task of the page: no frame lies between, in which the browser would take the focus from the closed palette.
  await page.evaluate(() => {
    const input = document.activeElement;
    if (!(input instanceof HTMLInputElement)) throw new Error("The palette has not the focus");
    input.closest("dialog")?.close();
    for (const key of ["g", "e"]) input.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  });
  await expect(page.getByRole("heading", { name: "Events", level: 1 })).toBeAttached();
});

test("every screen fits on 360 px", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const path of ["sessions", "sessions?group=parent", "search", "search?q=inspector", "events", "health"]) {
    await live(page, path);
    await expect(page.getByRole("main"), path).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBeLessThanOrEqual(0);
    for (const name of ["Sessions", "Events", "Search", "Health"]) {
      await expect(page.getByRole("navigation").getByRole("link", { name, exact: true }), path).toBeInViewport({ ratio: 1 });
    }
  }
});

// The last one: its sessions go on, and say so among the events.
test("rows stay under the reader's eyes when somebody is waited for above them", async ({ page }) => {
  const many = Array.from({ length: 60 }, (_, n) => ({ type: "session_started", session_id: `row-${n}`, title: `Row ${n}` }));
  await host.report(...many);
  await live(page, "sessions?q=Row");
  const strip = page.getByRole("region", { name: "Sessions that wait for you" });
  const read = page.getByRole("row", { name: /Row 30/ });
  await page.getByRole("grid").hover();
  await page.mouse.wheel(0, 600);
  await expect(read).toBeInViewport();
  const top = async () => (await read.boundingBox())?.y ?? NaN;
  const before = await top();
  // A browser scrolls by whole points, and the strip may have a part of one.
  const stays = async () => expect(Math.abs((await top()) - before)).toBeLessThan(1);
  await host.report({ type: "hitl_escalated", session_id: "row-0", prompt: "Go on?" });
  await expect(strip).toBeVisible();
  await stays();
  await host.report({ type: "hitl_resolved", session_id: "row-0" });
  await expect(strip).toBeHidden();
  await stays();
});
