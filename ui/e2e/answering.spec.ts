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

/** What the page is told of the open waits, changed on its way; answers still go to the host. */
async function asIf(page: Page, change: (wait: { prompt?: string; schema?: unknown; until?: string }) => void): Promise<void> {
  await page.route("**/waits", async (route) => {
    const answer = await route.fetch();
    const list = (await answer.json()) as { waits: Parameters<typeof change>[0][] };
    list.waits.forEach(change);
    await route.fulfill({ response: answer, json: list });
  });
}

test("two people answer one question: one is taken, and the other hears whose it was and keeps the draft", async ({ page, browser }) => {
  await openSession(page, asking.page, "clean-up");
  const contexts = await Promise.all([browser.newContext(), browser.newContext()]);
  const [other, third] = await Promise.all([contexts[0].newPage(), contexts[1].newPage()]);
  await Promise.all([other, third].map((each) => openSession(each, asking.page, "clean-up")));
  await expect(page.getByText("Delete report.pdf? It is 12 MB")).toBeVisible();
  await expect(page.getByRole("timer")).toHaveText(/^9 m \d\d s left$/);
  await accessible(page);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByText("An answer is wanted here.")).toBeVisible();
  // The third one types, and the other one's answer is on its way when the first one is taken.
  await third.getByLabel("comment (optional)").fill("not befo");
  let arrives: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (arrives = resolve));
  await other.route("**/signal/**", async (route) => {
    await held;
    await route.continue();
  });
  await other.getByRole("radio", { name: "No" }).check();
  await other.getByRole("button", { name: "Send" }).click();
  await expect(other.getByText("Sending…")).toBeVisible();
  // By keyboard alone from here: the group, its first answer, and the key that sends.
  await page.getByRole("radio", { name: "Yes" }).focus();
  await page.keyboard.press("Space");
  await page.getByRole("radio", { name: "Yes" }).press("Control+Enter");
  await expect(row(page, /delete_file/)).toBeVisible();
  await expect(page.getByRole("form", { name: "approve_deletion" })).toHaveCount(0);
  const refused = other.waitForResponse((response) => response.url().includes("/signal/"));
  arrives();
  expect((await refused).status()).toBe(409);
  for (const late of [other, third]) {
    await expect(late.getByText("Answered by somebody at the host’s machine.")).toBeVisible();
    await expect(late.getByRole("button", { name: "Send" })).toHaveCount(0);
    await expect(row(late, /delete_file/)).toBeVisible();
  }
  // Nothing typed goes astray: the field is still there, with the focus.
  await third.keyboard.type("re May");
  await expect(third.getByLabel("comment (optional)")).toHaveValue("not before May");
  await expect(third.getByText("Completed").first()).toBeVisible();
  await accessible(third);
  await third.getByRole("button", { name: "Dismiss" }).click();
  await expect(third.getByText("Answered by")).toHaveCount(0);
  await Promise.all(contexts.map((context) => context.close()));
  await expect(page.getByText("Completed").first()).toBeVisible();
});

test("what the host refuses stands at its field, and a hostile schema is text", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("dialog", (dialog) => {
    throw new Error(`a script ran: ${dialog.message()}`);
  });
  const script = "<img src=http://127.0.0.1:9/x onerror=alert(1)><script>alert(2)</script>";
  // The page is told of another schema than the host checks: only the host finds what is wrong.
  await asIf(page, (wait) => {
    wait.prompt = `${script}\n[here](javascript:alert(3))`;
    wait.until = "nonsense";
    wait.schema = {
      type: "object",
      title: script,
      required: ["approved", "kind"],
      properties: {
        approved: { type: "string", title: `May \u202eti ${"x".repeat(100_000)}`, description: script },
        kind: { oneOf: [{ type: "string", title: "By name" }, { type: "integer", title: `By ${script}` }], default: 7 },
        [script]: { enum: [script, "\u202e", { html: script }], description: "y".repeat(100_000) },
        comment: { type: "string", default: script },
      },
    };
  });
  await page.setViewportSize({ width: 360, height: 740 });
  await openSession(page, asking.page, "clean-up");
  const form = page.getByRole("form", { name: "approve_deletion" });
  await expect(form.getByText("[here](javascript:alert(3))")).toBeVisible();
  // The kind that fits the default, and its value.
  await expect(form.getByLabel("Which kind")).toHaveValue("1");
  await expect(form.getByRole("spinbutton")).toHaveValue("7");
  await expect(form.getByText(/^May ‹RLO›ti x/)).toBeAttached();
  await expect(form.getByLabel("comment (optional)")).toHaveValue(script);
  expect(await form.locator("img, script, a, iframe").count()).toBe(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await form.getByLabel(/^May/).fill("certainly");
  await form.getByRole("button", { name: "Send" }).click();
  const field = form.getByLabel(/^May/);
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toHaveAccessibleDescription(/boolean/);
  await expect(form.getByRole("alert")).toBeVisible();
  await expect(field).toBeEnabled();
  await expect(page.getByText("Paused").first()).toBeVisible();
  const own = new URL(asking.page).origin;
  expect(asked.filter((url) => !url.startsWith(own) && !url.startsWith("data:"))).toEqual([]);
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
  // A letter in a field is a letter; on the page it lets the agent go on without the call.
  const box = page.getByLabel("Find spans by name, model or tool");
  await box.focus();
  await page.keyboard.press("Shift+K");
  await expect(box).toHaveValue("K");
  await box.clear();
  await box.blur();
  await page.keyboard.press("Shift+K");
  await expect(page.getByText("Completed").first()).toBeVisible();
  await expect(row(page, /search_shops/)).toBeVisible();
  await expect(row(page, /^order/)).toHaveCount(0);
});
