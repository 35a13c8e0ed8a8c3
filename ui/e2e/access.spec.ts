import AxeBuilder from "@axe-core/playwright";
import { type Page, expect, test } from "@playwright/test";
import { Host } from "./host.ts";
import { live } from "./page.ts";
import { otlpRun } from "./otlp.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

let host: Host;

test.beforeAll(async () => {
  test.setTimeout(700_000);
  host = await Host.start();
  await host.sendOtlp(otlpRun("access-run"));
  const waiting = [
    { type: "session_started", session_id: "top", title: "Plan" },
    { type: "session_started", session_id: "below", parent_session_id: "top", title: "Part of it" },
    { type: "hitl_escalated", session_id: "below", prompt: "Go on?" },
    { type: "session_started", session_id: "bad", title: "Nightly" },
    { type: "session_finished", session_id: "bad", status: "failed", error: "rate limited" },
  ];
  await host.report(...waiting);
});

test.afterAll(async () => {
  await host.remove();
});

/** Each screen, and what is done there before it is looked at. */
const SCREENS: readonly [name: string, path: string, ready: (page: Page) => Promise<void>][] = [
  ["the sessions", "sessions", async (page) => expect(page.getByRole("row").nth(1)).toBeVisible()],
  ["grouped sessions", "sessions?group=parent", async (page) => expect(page.getByRole("treegrid")).toBeVisible()],
  ["no session", "sessions?q=status%3Afailed+nothing", async (page) => expect(page.getByText("No session matches")).toBeVisible()],
  [
    "the proposals of the box",
    "sessions",
    async (page) => {
      await expect(page.getByRole("grid")).toBeVisible();
      await page.keyboard.press("/");
      await page.keyboard.press("ArrowDown");
      await expect(page.getByRole("option", { selected: true })).toBeVisible();
    },
  ],
  [
    "a trace",
    "sessions/access-run",
    async (page) => {
      await page.getByRole("treeitem", { name: /execute_tool bash/ }).click();
      await expect(page.getByRole("region", { name: "Chosen span" })).toBeVisible();
    },
  ],
  ["the search’s help", "search", async (page) => expect(page.getByRole("button", { name: "status:error" })).toBeVisible()],
  ["hits", "search?q=replayed", async (page) => expect(page.locator("mark").first()).toBeVisible()],
  ["a query’s fault", "search?q=duration%3A%3Esoon", async (page) => expect(page.getByRole("alert")).toBeVisible()],
  [
    "the events",
    "events",
    async (page) => {
      await page.getByRole("option").first().click();
      await expect(page.getByRole("region", { name: "Chosen event" })).toBeVisible();
    },
  ],
  ["health", "health", async (page) => expect(page.getByRole("heading", { name: "Store" })).toBeVisible()],
  [
    "the palette",
    "sessions",
    async (page) => {
      await expect(page.getByRole("grid")).toBeVisible();
      await page.keyboard.press("Control+k");
      await expect(page.getByRole("option", { selected: true })).toBeVisible();
    },
  ],
  [
    "the shortcuts",
    "sessions",
    async (page) => {
      await expect(page.getByRole("grid")).toBeVisible();
      await page.keyboard.press("?");
      await expect(page.getByRole("dialog")).toBeVisible();
    },
  ],
  ["an address that means nothing", "nonsense", async (page) => expect(page.getByText("There is no such page")).toBeVisible()],
];

const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 360, height: 740 } };

/** What of the page as it is breaks a rule. It has no frames of others, for which the checker would open a page of its own each time. */
async function faults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).setLegacyMode().analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`);
}

for (const [size, viewport] of Object.entries(SIZES)) {
  test(`every screen is accessible, dark and light and ${size}`, async ({ page }) => {
    test.setTimeout(180_000);
    await page.setViewportSize(viewport);
    for (const [name, path, ready] of SCREENS) {
      await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
      await live(page, host.page + path);
      await ready(page);
      expect.soft(await faults(page), `${name}, dark`).toEqual([]);
      await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
      expect.soft(await faults(page), `${name}, light`).toEqual([]);
    }
  });
}
