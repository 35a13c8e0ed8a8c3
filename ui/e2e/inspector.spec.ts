import { expect, test } from "@playwright/test";
import { Host } from "./host.ts";
import { otlpRun } from "./otlp.ts";
import { watch } from "./quiet.ts";

let host: Host;

test.beforeAll(async () => {
  test.setTimeout(700_000);
  host = await Host.start();
});

test.afterAll(async () => {
  await host.remove();
});

test("a session appears live, without a reload", async ({ page }) => {
  const quiet = watch(page, () => host.mount);
  await page.goto(host.page);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  const rows = page.getByRole("grid", { name: "Sessions" }).getByRole("link");
  // The host runs a task when it starts; before that row stands, nothing can be counted.
  await expect(rows.first()).toBeVisible();
  const before = await rows.count();
  await host.run("Plan a birthday party");
  await expect(rows).toHaveCount(before + 1);
  quiet();
});

test("its tree and one span's attributes can be opened and deep-linked", async ({ page, context }) => {
  const quiet = watch(page, () => host.mount);
  await page.goto(host.page);
  await page.getByRole("grid").getByRole("link").first().click();
  const tree = page.getByRole("tree", { name: "Spans" });
  await expect(tree.getByRole("treeitem").nth(1)).toBeVisible();
  await tree.getByRole("treeitem").nth(1).click();
  const panel = page.getByRole("region", { name: "Chosen span" });
  await expect(panel.getByRole("heading", { name: "Attributes" })).toBeVisible();
  const name = await panel.getByRole("heading", { level: 2 }).textContent();
  expect(page.url()).toContain("span=");

  const another = await context.newPage();
  await another.goto(page.url());
  await expect(another.getByRole("region", { name: "Chosen span" }).getByRole("heading", { level: 2 })).toHaveText(name ?? "");
  await expect(another.getByRole("treeitem", { selected: true })).toBeVisible();
  quiet();
});

test("spans replayed over OTLP appear live, and again after a restart", async ({ page }) => {
  const quiet = watch(page, () => host.mount);
  await page.goto(`${host.page}sessions?q=engine%3Aotlp`);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await host.sendOtlp(otlpRun("e2e-replay"));
  const row = page.getByRole("grid").getByRole("link").first();
  await expect(row).toBeVisible();
  await row.click();
  await expect(page.getByRole("treeitem", { name: /execute_tool bash/ })).toContainText("exit status 1");

  await host.stop();
  await host.start();
  await page.reload();
  await expect(page.getByRole("treeitem", { name: /execute_tool bash/ })).toContainText("exit status 1");
  quiet();
});

test("the connection goes offline when the host dies and live when it returns, and keeps what is shown", async ({ page }) => {
  await page.goto(host.page);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await expect(page.getByRole("grid")).toBeVisible();
  await host.stop("SIGKILL");
  await expect(page.getByText("Offline", { exact: true })).toBeVisible();
  await expect(page.getByText(/last update .* ago/)).toBeVisible();
  await expect(page.getByRole("grid")).toBeVisible();
  await host.start();
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await host.run("Plan a quieter party");
  await expect(page.getByRole("grid").getByText("Running").or(page.getByRole("grid").getByText("Completed")).first()).toBeVisible();
});

test("the whole way can be gone with the keyboard alone", async ({ page }) => {
  await page.goto(host.page);
  await expect(page.getByRole("grid")).toBeVisible();
  await page.keyboard.press("j");
  await expect(page.getByRole("row", { selected: true })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("tree")).toBeVisible();
  await page.keyboard.press("j");
  await expect(page).toHaveURL(/span=/);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("grid")).toBeVisible();
  await page.keyboard.press("/");
  await page.keyboard.type("status:running nothing-is-called-this");
  await expect(page.getByText("No session matches")).toBeVisible();
});

test("it works at 360 px", async ({ page }) => {
  const quiet = watch(page, () => host.mount);
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(host.page);
  await page.getByRole("grid").getByRole("link").first().click();
  await page.getByRole("treeitem").first().click();
  await expect(page.getByRole("region", { name: "Chosen span" })).toBeVisible();
  await page.getByRole("button", { name: "Timeline" }).click();
  await expect(page.getByRole("treeitem").first()).toBeVisible();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  quiet();
});

test("nothing is fetched from outside and nothing is complained about", async ({ page }) => {
  const quiet = watch(page, () => host.mount);
  await page.goto(host.page);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await page.getByRole("link", { name: "Health" }).click();
  await expect(page.getByRole("heading", { name: "Store" })).toBeVisible();
  await page.getByRole("button", { name: /^Theme/ }).click();
  await page.getByRole("link", { name: "Sessions", exact: true }).click();
  await expect(page.getByRole("grid")).toBeVisible();
  quiet();
});
