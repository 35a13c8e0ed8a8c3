import { expect, test } from "@playwright/test";
import { Host } from "./host.ts";
import { watch } from "./quiet.ts";

/** Every way to mount, by the path it has in the example; the last one is the root of another listener. */
const MOUNTS = [
  "/_inspector",
  "/nested/_inspector",
  "/service/_inspector",
  "/admin/tools/_inspector",
  "/t/acme/_inspector",
  "/proxied/_inspector",
  "",
];

let host: Host;

test.beforeAll(async () => {
  test.setTimeout(700_000);
  host = await Host.start("mounts");
});

test.afterAll(async () => {
  await host.remove();
});

test("the example has every mount", () => {
  expect(host.pages.map((page) => new URL(page).pathname)).toEqual(MOUNTS.map((mount) => `${mount}/ui/`));
});

for (const [index, path] of MOUNTS.entries()) {
  test(`the page works at ${path === "" ? "the root" : path} and stays below it`, async ({ page }) => {
    const address = host.pages[index] ?? "";
    const mount = new URL(address).origin + path;
    const quiet = watch(page, () => mount);
    // Without a token to bring along, a person types what the host named: the mount itself.
    await page.goto(address.includes("#token=") ? address : mount);
    await expect(page.getByText("Live", { exact: true })).toBeVisible();
    await page.getByRole("grid", { name: "Sessions" }).getByRole("link").first().click();
    const tree = page.getByRole("tree", { name: "Spans" });
    await tree.getByRole("treeitem", { name: /look_around/ }).click();
    await expect(page).toHaveURL(/span=/);
    expect(page.url()).toContain(`${mount}/ui/sessions/`);
    expect(page.url()).not.toContain("token");

    await page.reload();
    await expect(tree.getByRole("treeitem", { name: /look_around/, selected: true })).toBeVisible();
    await expect(page.getByRole("region", { name: "Chosen span" }).getByRole("heading", { level: 2 })).toHaveText(/look_around/);
    await page.getByRole("link", { name: "Health" }).click();
    await expect(page.getByText("Mounted at").locator("xpath=following-sibling::dd")).toHaveText(path === "" ? "/" : path);
    await page.getByRole("link", { name: "Sessions", exact: true }).click();
    await expect(page.getByRole("grid", { name: "Sessions" })).toBeVisible();

    // A link to any screen works as it stands, and stays below the mount.
    await page.goto(`${mount}/ui/search?q=look_around`);
    await page.getByRole("link", { name: /look_around/ }).first().click();
    await expect(tree.getByRole("treeitem", { name: /look_around/, selected: true })).toBeVisible();
    await page.goto(`${mount}/ui/events?type=SpanFinished`);
    await expect(page.getByRole("option", { name: /look_around/ }).first()).toBeVisible();
    expect(page.url()).toContain(`${mount}/ui/events`);
    quiet();
  });
}

test("what lies beside a mount is the host's", async ({ request }) => {
  const origin = new URL(host.page).origin;
  for (const path of ["/", "/_inspectors", "/t/acme", "/nested/ui/"]) {
    const answer = await request.get(origin + path);
    expect(await answer.text(), path).not.toContain("agent-inspector");
  }
});

test("a mistyped address below a mount is answered as a problem, never with a page", async ({ request }) => {
  const answer = await request.get(`${host.mount}/sessionz`);
  expect(answer.status()).toBe(404);
  expect(answer.headers()["content-type"]).toBe("application/problem+json");
});
