import AxeBuilder from "@axe-core/playwright";
import { type BrowserContext, type Page, expect, test } from "@playwright/test";
import { Host } from "./host.ts";
import { live } from "./page.ts";
import { watch } from "./quiet.ts";

let host: Host;

test.beforeAll(async () => {
  test.setTimeout(700_000);
  host = await Host.start("host_sessions");
});

test.afterAll(async () => {
  await host.remove();
});

/** Signs in to the host, whose own sessions the inspector goes by. */
async function signIn(context: BrowserContext, name: string): Promise<void> {
  const answer = await context.request.post(new URL("/login", host.page).href, { data: { name, password: name } });
  expect(answer.status()).toBe(204);
}

async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
}

async function width(page: Page, narrow: boolean): Promise<number> {
  await page.setViewportSize(narrow ? { width: 360, height: 740 } : { width: 1440, height: 900 });
  return page.evaluate(() => document.documentElement.scrollWidth);
}

test("a viewer sees everything, is offered nothing that is others’, and is told why", async ({ page, context, browser }) => {
  await signIn(context, "vera");
  const quiet = watch(page, () => host.mount);
  const refused: string[] = [];
  page.on("response", (answer) => {
    if (answer.status() >= 400) refused.push(`${answer.status()} ${answer.url()}`);
  });
  await live(page, host.page);
  await expect(page.getByRole("heading", { name: "1 session waits for an answer" })).toBeVisible();
  await expect(page.getByRole("note", { name: /^View only/ })).toBeVisible();
  await page.getByRole("link", { name: "Publish the report", exact: true }).click();
  const card = page.getByRole("form", { name: "publish" });
  await expect(card.getByText("You are a viewer here")).toBeVisible();
  for (const name of ["Yes", "No", "Deny…"]) await expect(card.getByRole("button", { name })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Pin", exact: true })).toBeDisabled();
  for (const name of ["Cancel", "Stop next", "Breakpoints…"]) await expect(page.getByRole("button", { name })).toHaveCount(0);
  await page.getByRole("button", { name: "More actions" }).click();
  await expect(page.getByRole("button", { name: "Delete…" })).toBeDisabled();
  await expect(page.getByRole("group", { name: "More actions" }).getByText("You are a viewer here")).toBeVisible();
  await accessible(page);
  expect(await width(page, true)).toBe(360);
  await accessible(page);
  await page.keyboard.press("Escape");
  await width(page, false);
  // It is the host that holds it: the page only says so.
  for (const [method, path] of [["PUT", "sessions/report/pin"], ["DELETE", "sessions/report"], ["POST", "cancel/report"], ["POST", "breakpoints"]] as const) {
    const answer = await context.request.fetch(`${host.mount}/${path}`, { method, data: {} });
    expect([answer.status(), ((await answer.json()) as { code: string }).code], path).toEqual([403, "role_needed"]);
  }

  // What an operator does is seen at once, with who it was.
  const other = await browser.newContext();
  await signIn(other, "otto");
  const desk = await other.newPage();
  await desk.goto(`${host.page}sessions/report`);
  await desk.getByRole("button", { name: "Pin", exact: true }).click();
  await expect(desk.getByRole("button", { name: "Unpin", exact: true })).toBeVisible();
  await desk.getByRole("button", { name: "Yes" }).click();
  await expect(page.getByText("Completed").first()).toBeVisible();
  await desk.getByRole("button", { name: "More actions" }).click();
  await expect(desk.getByText("Deleting is an administrator’s")).toBeVisible();
  await other.close();
  await page.getByRole("link", { name: "Events" }).click();
  await expect(page.getByText(/^pinned by otto from (127\.0\.0\.1|::1)$/)).toBeVisible();
  await expect(page.getByText(/^got publish: answered by otto from/)).toBeVisible();
  expect(refused).toEqual([]);
  quiet();
});

for (const colorScheme of ["dark", "light"] as const) {
  test(`whom the host does not know is told so by a page that needs nothing, ${colorScheme}`, async ({ page, context }) => {
    await page.emulateMedia({ colorScheme });
    const answer = await page.goto(`${host.page}sessions/report`);
    expect([answer?.status(), answer?.headers()["content-type"]]).toEqual([403, "text/html; charset=utf-8"]);
    await expect(page.getByRole("heading", { name: "You may not use the inspector" })).toBeVisible();
    // Its style is let through by its own policy.
    expect(await page.getByRole("link", { name: "Try again" }).evaluate((link) => getComputedStyle(link).borderRadius)).toBe("4px");
    await accessible(page);
    expect(await width(page, true)).toBe(360);
    await signIn(context, "vera");
    await page.getByRole("link", { name: "Try again" }).click();
    await expect(page.getByRole("heading", { name: "Publish the report" })).toBeVisible();
  });
}
