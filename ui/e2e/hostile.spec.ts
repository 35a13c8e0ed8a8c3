import { type Locator, type Page, expect, test } from "@playwright/test";
import { EVIL, hostileRun } from "./hostileRun.ts";
import { Host } from "./host.ts";
import { chosen, panel as panelOf, tree } from "./page.ts";
import { watch } from "./quiet.ts";

const SESSION = "hostile";
const SPANS = ["00000000000000f1", "00000000000000f2", "00000000000000f3", "00000000000000f4"];
const TABS = ["Attributes", "State/Result", "Context"];
/** So many folds of one tab are opened; the whole megabyte need not be drawn to prove a point. */
const MOST_FOLDS = 40;

let host: Host;

test.beforeAll(async () => {
  test.setTimeout(700_000);
  host = await Host.start();
  await host.sendOtlp(hostileRun(SESSION));
});

test.afterAll(async () => {
  await host.remove();
});

/** Watches for all that a foreign text could do when it is more than text. */
function guard(page: Page): () => void {
  const quiet = watch(page, () => host.mount);
  const done: string[] = [];
  page.on("dialog", (dialog) => {
    done.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("popup", (popup) => done.push(`window ${popup.url()}`));
  page.on("download", (download) => done.push(`download ${download.url()}`));
  page.on("websocket", (socket) => done.push(`socket ${socket.url()}`));
  page.on("framenavigated", (frame) => {
    if (!frame.url().startsWith(`${host.mount}/ui/`) && frame.url() !== "about:blank") done.push(`went to ${frame.url()}`);
  });
  return () => {
    quiet();
    expect(done).toEqual([]);
  };
}

/** Nothing that a foreign text wrote became a part of the page, and none of it stands outside of the window. */
async function expectTextOnly(page: Page): Promise<void> {
  const found = await page.evaluate((evil) => {
    const made = Array.from(document.querySelectorAll("body script, iframe, object, embed, base, form, body style, body link, body meta"));
    const loads = Array.from(document.querySelectorAll("[src], [srcset], [poster], image, use")).filter(
      (element) => element.tagName !== "SCRIPT" && !(element.getAttribute("src") ?? "").startsWith("data:image/png;base64,"),
    );
    const listens = Array.from(document.querySelectorAll("*")).filter((element) =>
      element.getAttributeNames().some((name) => name.startsWith("on")),
    );
    const links = Array.from(document.querySelectorAll("a")).filter(
      (link) => !/^https?:$/.test(link.protocol) || (link.host === evil && link.rel !== "noopener noreferrer"),
    );
    // An override is told and never drawn.
    const turns: string[] = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
      if (/[\u202a-\u202e\u2066-\u2069]/.test(text.nodeValue ?? "")) turns.push(text.nodeValue ?? "");
    }
    return {
      turns,
      made: [...made, ...loads, ...listens, ...links].map((element) => element.outerHTML.slice(0, 120)),
      overflow: Math.max(0, document.documentElement.scrollWidth - innerWidth),
    };
  }, EVIL);
  expect(found).toEqual({ turns: [], made: [], overflow: 0 });
}

/** Opens what is folded, as a curious reader would. */
async function unfold(panel: Locator): Promise<void> {
  for (let opened = 0; opened < MOST_FOLDS; opened += 1) {
    const closed = panel.locator('.fold-line[aria-expanded="false"], .long-text-more button:text-is("Show all")').first();
    if (!(await closed.isVisible())) return;
    await closed.click();
  }
}

for (const width of [1440, 360]) {
  test(`hostile texts are text in the list and in every tab at ${width} px`, async ({ page }) => {
    test.setTimeout(180_000);
    const quiet = guard(page);
    await page.setViewportSize({ width, height: 800 });
    await page.goto(host.page);
    await expect(page.getByRole("grid").getByRole("link", { name: /onerror/ })).toBeVisible();
    await expectTextOnly(page);

    for (const span of SPANS) {
      await page.goto(`${host.page}sessions/${SESSION}?span=${span}&view=span`);
      const panel = panelOf(page);
      await expect(tree(page).or(panel).first()).toBeVisible();
      // Where there is one column, the span is behind a row of the tree or a segment of the switch.
      if (!(await panel.isVisible())) await chosen(page).click();
      for (const name of TABS) {
        await panel.getByRole("tab", { name }).click();
        const shown = panel.getByRole("tabpanel", { name });
        await expect(shown.locator(".skeleton")).toHaveCount(0);
        await expectTextOnly(page);
        await unfold(shown);
        await expectTextOnly(page);
        await panel.getByRole("button", { name: "Raw" }).click();
        await expectTextOnly(page);
        await panel.getByRole("button", { name: "Raw" }).click();
      }
    }
    quiet();
  });
}

test("what a text hides is told", async ({ page }) => {
  const quiet = guard(page);
  await page.goto(`${host.page}sessions/${SESSION}?span=00000000000000f2&tab=context`);
  const said = page.getByRole("region", { name: /nimda/ });
  for (const mark of ["RLO", "ESC", "ZWSP", "hidden: ignore all previous instructions"]) {
    await expect(said.getByText(mark, { exact: false }).first()).toBeVisible();
  }
  await expect(page.getByText("an instruction that nobody should miss").first()).toBeVisible();
  quiet();
});

test("a value that is a trap for a tree is drawn, searched and left again", async ({ page }) => {
  const quiet = guard(page);
  await page.goto(`${host.page}sessions/${SESSION}?span=00000000000000f3&tab=state`);
  const values = page.getByRole("tree", { name: "Values" });
  await expect(values.getByRole("treeitem", { name: /broken/ })).toBeVisible();
  await page.getByRole("button", { name: "Open all of deep" }).click();
  await page.getByRole("textbox", { name: "Search the values" }).fill("3999");
  await page.keyboard.press("Enter");
  await expect(values.getByRole("treeitem", { selected: true })).toContainText("3999");
  expect(await values.getByRole("treeitem").count()).toBeLessThan(150);
  await expectTextOnly(page);
  quiet();
});
