import AxeBuilder from "@axe-core/playwright";
import { type Page, expect, test } from "@playwright/test";
import { Host } from "./host.ts";
import { chosen, row, rows, sessions } from "./page.ts";

let host: Host;
/** Of the mount that asks for a token: the page's address and the token. */
let page_: string;
let token: string;

test.beforeAll(async () => {
  test.setTimeout(700_000);
  host = await Host.start("mounts");
  [page_ = "", token = ""] = host.pages.find((address) => address.includes("#token="))?.split("#token=") ?? [];
});

test.afterAll(async () => {
  await host.remove();
});

async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
}

async function narrow(page: Page): Promise<number> {
  await page.setViewportSize({ width: 360, height: 740 });
  return page.evaluate(() => document.documentElement.scrollWidth);
}

for (const colorScheme of ["dark", "light"] as const) {
  test(`signing in says what is wrong, where the token is, and leads to the link that was opened, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await page.goto(`${page_}sessions?q=status%3Acompleted`);
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await expect(page.getByLabel("Token")).toBeFocused();
    await page.keyboard.type("a token that is none");
    await page.keyboard.press("Enter");
    await expect(page.getByText("This token is not the one")).toBeVisible();
    await page.getByText("Where is the token?").click();
    await accessible(page);
    expect(await narrow(page)).toBe(360);
    await accessible(page);
    await page.route("**/auth", (route) => route.fulfill({ status: 429, headers: { "retry-after": "1" }, body: "" }), { times: 1 });
    await page.getByLabel("Token").fill(`${page_}#token=${token}`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByText("Too many wrong tokens were tried")).toBeVisible();
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(sessions(page)).toBeVisible();
    expect(page.url()).toBe(`${page_}sessions?q=status%3Acompleted`);
  });
}

test("a sign-in that ends leaves the page as it was, and the next one comes back to it", async ({ page, context }) => {
  await page.goto(`${page_}#token=${token}`);
  await sessions(page).getByRole("link").first().click();
  await row(page, /look_around/).click();
  await page.getByLabel("Find spans by name, model or tool").fill("look");
  const address = page.url();
  const tab = await context.newPage();
  await tab.goto(`${page_}events`);
  await expect(tab.getByText("Live", { exact: true })).toBeVisible();

  // As when the program was started anew: the browser has a cookie that is worth nothing.
  await context.clearCookies();
  // Pressed by no pointer: whichever request is the first to find out, this is covered then.
  await page.getByRole("button", { name: "Pin", exact: true }).dispatchEvent("click");
  const again = page.getByRole("dialog", { name: "Sign in again" });
  await expect(again).toBeVisible();
  await accessible(page);
  expect(await page.title()).toContain("Sign in");
  // Nothing behind is read, and no key does anything there.
  const onTop = await page.getByRole("tree").evaluate((tree) => {
    const { x, y, width, height } = tree.getBoundingClientRect();
    const top = document.elementFromPoint(x + width / 2, y + height / 2)?.closest("dialog");
    return top != null && getComputedStyle(top).backgroundColor;
  });
  expect(onTop).not.toMatch(/^false$|transparent|\/ 0/);
  for (const key of ["Escape", "Escape", "Shift+Tab", "j", "Control+k"]) await page.keyboard.press(key);
  await expect(again).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(1);
  await again.getByLabel("Token").fill(token);
  await again.getByLabel("Token").press("Enter");
  await expect(again).toHaveCount(0);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await expect(chosen(page)).toHaveAccessibleName(/look_around/);
  await expect(page.getByLabel("Find spans by name, model or tool")).toHaveValue("look");
  expect(page.url()).toContain(address);
  await page.getByRole("button", { name: "Pin", exact: true }).click();
  await expect(page.getByRole("button", { name: "Unpin", exact: true })).toBeVisible();
  await expect(rows(page).first()).toBeVisible();

  // Out in one tab is out in all, the stream included; the other tab keeps its place.
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in", exact: true })).toBeVisible();
  await expect(page.getByText(/look_around/)).toHaveCount(0);
  await expect(tab.getByRole("dialog", { name: "Sign in again" })).toBeVisible();
  await page.getByLabel("Token").fill(token);
  await page.getByLabel("Token").press("Enter");
  await expect(rows(page).first()).toBeVisible();
  await expect(tab.getByRole("dialog")).toHaveCount(0);
  await expect(tab.getByText("Live", { exact: true })).toBeVisible();
});
