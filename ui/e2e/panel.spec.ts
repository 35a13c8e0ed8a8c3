import { type Locator, type Page, expect, test } from "@playwright/test";
import { Host } from "./host.ts";
import { openFirst, panel as panelOf, row } from "./page.ts";
import { watch } from "./quiet.ts";

let host: Host;

test.beforeAll(async () => {
  test.setTimeout(700_000);
  host = await Host.start("orchestrator");
});

test.afterAll(async () => {
  await host.remove();
});

/** The example's run, once it has ended. */
async function openRun(page: Page): Promise<Locator> {
  await page.goto(host.page);
  await expect(page.getByRole("grid").getByText("Completed")).toBeVisible();
  await openFirst(page);
  await expect(row(page, /planner/)).toBeVisible();
  return panelOf(page);
}

test("the plan of a run can be read in State/Result", async ({ page }) => {
  const quiet = watch(page, () => host.mount);
  const panel = await openRun(page);
  await page.getByRole("tree", { name: "Spans" }).getByRole("treeitem").first().click();
  await panel.getByRole("tab", { name: "State/Result" }).click();
  await expect(page).toHaveURL(/tab=state/);
  await panel.getByRole("textbox", { name: "Search the values" }).fill("step_id");
  await page.keyboard.press("Enter");
  const values = panel.getByRole("tree", { name: "Values" });
  await expect(values.getByRole("treeitem", { name: /Result plan/ })).toBeVisible();
  await expect(values.getByRole("treeitem", { selected: true })).toContainText("read-1");
  await expect(values.getByText("What does README.md say?")).toBeVisible();
  quiet();
});

test("a plan is compared with what it was before", async ({ page }) => {
  const quiet = watch(page, () => host.mount);
  const panel = await openRun(page);
  await page.getByRole("tree", { name: "Spans" }).getByRole("treeitem").first().click();
  await panel.getByRole("tab", { name: "State/Result" }).click();
  const plan = panel.getByRole("treeitem", { name: /Result plan/ });
  await plan.getByRole("button", { name: "Compare" }).click();
  await expect(panel.getByRole("combobox", { name: "Compared with" })).toContainText("planner");
  await expect(panel.getByText("4 changed")).toBeVisible();
  const status = panel.getByRole("treeitem", { name: /status/ }).first();
  await expect(status.locator("del")).toHaveText("pending");
  await expect(status.locator("ins")).toHaveText("completed");
  await panel.getByRole("link", { name: "Open that span" }).click();
  await expect(panel.getByRole("heading", { level: 2 })).toHaveText("planner");
  quiet();
});

test("a model call is read as a conversation, and the tab stays for the next span", async ({ page, context }) => {
  const quiet = watch(page, () => host.mount);
  const panel = await openRun(page);
  const calls = page.getByRole("tree", { name: "Spans" }).getByRole("treeitem", { name: /chat/ });
  await calls.last().click();
  await expect(panel.getByRole("heading", { name: "Attributes" })).toBeVisible();
  await page.keyboard.press("3");
  await expect(panel.getByRole("tab", { name: /Context/, selected: true })).toBeVisible();
  await expect(panel.getByRole("region", { name: "User" })).toContainText("What does");
  await expect(panel.getByText("read_file").first()).toBeVisible();
  await expect(panel.getByRole("list", { name: "Model, tokens and cost" })).toContainText("unpriced");

  // Words are found in what it was told and in what its tools answered, and the next call shows them too.
  await panel.getByRole("textbox", { name: "Find what was said" }).fill("readme");
  await page.keyboard.press("Enter");
  await expect(panel.getByRole("status")).toHaveText(/^1 of \d+$/);
  await page.keyboard.press("Shift+Enter");
  await expect(panel.getByRole("status")).toHaveText(/^(\d+) of \1$/);
  await expect(panel.locator("[aria-current=location]")).toBeInViewport();
  expect(await page.evaluate(() => (CSS.highlights as unknown as Map<string, Highlight>).has("said-here"))).toBe(true);
  await calls.first().click();
  await expect(panel.getByRole("tab", { name: /Context/, selected: true })).toBeVisible();
  await expect(page).toHaveURL(/said=readme/);
  const another = await context.newPage();
  await another.goto(page.url());
  await expect(another.getByRole("tab", { name: /Context/, selected: true })).toBeVisible();
  quiet();
});

test("tabs and values are walked with the keyboard alone", async ({ page }) => {
  const quiet = watch(page, () => host.mount);
  const panel = await openRun(page);
  await page.getByRole("tree", { name: "Spans" }).getByRole("treeitem").first().click();
  const attributes = panel.getByRole("tab", { name: "Attributes" });
  await attributes.focus();
  await page.keyboard.press("ArrowRight");
  await expect(panel.getByRole("tab", { name: "State/Result" })).toBeFocused();
  const values = panel.getByRole("tree", { name: "Values" });
  await values.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowLeft");
  await expect(values.getByRole("treeitem", { name: /Result answer/ })).toHaveAttribute("aria-expanded", "false");
  const spans = page.getByRole("tree", { name: "Spans" });
  await expect(spans.getByRole("treeitem").first()).toHaveAttribute("aria-selected", "true");
  quiet();
});
