import AxeBuilder from "@axe-core/playwright";
import { type Page, expect, test } from "@playwright/test";
import { Host } from "./host.ts";
import { openSession, row } from "./page.ts";

let asking: Host;
let stepping: Host;

test.beforeEach(async () => {
  [asking, stepping] = await Promise.all([Host.start("approve_a_tool"), Host.start("step_through")]);
});

test.afterEach(async () => {
  await Promise.all([asking.remove(), stepping.remove()]);
});

async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
}

test("two people answer one question: one is taken, and the agent goes on", async ({ page, browser }) => {
  await openSession(page, asking.page, "clean-up");
  const other = await browser.newPage();
  await openSession(other, asking.page, "clean-up");
  await expect(page.getByText("Delete report.pdf? It is 12 MB")).toBeVisible();
  await accessible(page);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByText("An answer is wanted here.")).toBeVisible();
  // By keyboard alone from here: the group, its first answer, and the key that sends.
  await page.getByRole("radio", { name: "Yes" }).focus();
  await page.keyboard.press("Space");
  await other.getByRole("radio", { name: "No" }).check();
  // The other one is not told by the stream in time.
  await other.route("**/waits", (route) => route.abort());
  await page.getByRole("radio", { name: "Yes" }).press("Control+Enter");
  await expect(row(page, /delete_file/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Send" })).toHaveCount(0);
  await other.getByRole("button", { name: "Send" }).click({ timeout: 2_000 }).catch(() => undefined);
  await expect(row(other, /delete_file/)).toBeVisible();
  await expect(page.getByText("Completed").first()).toBeVisible();
});

test("a stopped agent's plan is changed, it goes step by step, and a breakpoint stops it again", async ({ page }) => {
  await openSession(page, stepping.page, "errand");
  await expect(page.getByRole("heading", { name: /Stopped at before_tool, before search_shops/ })).toBeVisible();
  await accessible(page);
  await page.getByRole("button", { name: "Breakpoints…" }).click();
  await page.getByLabel("Tool", { exact: true }).fill("ord*");
  await page.getByRole("button", { name: "Set the breakpoint" }).click();
  await expect(page.getByText(/every checkpoint · tool ord\*/)).toBeVisible();
  await accessible(page);
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Change the state…" }).click();
  await page.getByLabel("budget").fill("500");
  await page.getByRole("button", { name: "Change and continue" }).click();
  await expect(page.getByText("At most 100 is taken.")).toBeVisible();
  await page.getByLabel("budget").fill("5");
  await expect(page.getByRole("group", { name: "What is changed" })).toContainText("/budget 5");
  await page.getByRole("button", { name: "Change and continue" }).click();
  await expect(page.getByRole("heading", { name: /before order/ })).toBeVisible();
  await expect(page.getByRole("region", { name: "The state" })).toContainText('"budget": 5');
  await page.getByRole("button", { name: "Skip" }).click();
  await expect(page.getByText("Completed").first()).toBeVisible();
  await expect(row(page, /search_shops/)).toBeVisible();
  await expect(row(page, /^order/)).toHaveCount(0);
});
