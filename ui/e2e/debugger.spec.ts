import { type Page, expect, test } from "@playwright/test";
import { Host } from "./host.ts";
import { chosen, openSession, row, rows } from "./page.ts";
import { watch } from "./quiet.ts";

let host: Host;
const RUN = "debugger-run";
const START = Date.parse("2026-01-05T08:00:00Z");

test.beforeAll(async () => {
  test.setTimeout(700_000);
  host = await Host.start();
  await host.report(...run(RUN));
});

test.afterAll(async () => {
  await host.remove();
});

function at(seconds: number): string {
  return new Date(START + seconds * 1000).toISOString();
}

interface Span {
  id: string;
  name: string;
  kind: string;
  from: number;
  /** Open without. */
  to?: number;
  parent?: string;
  [more: string]: unknown;
}

function span(session: string, { id, parent, from, to, ...rest }: Span): object[] {
  const about = { session_id: session, span_id: id, ...(parent !== undefined && { parent_span_id: parent }), ...rest };
  const begun = { type: "span_started", timestamp: at(from), ...about };
  return to === undefined ? [begun] : [begun, { type: "span_finished", timestamp: at(to), ...about }];
}

/** Two turns with an hour of waiting between them; the second tool failed and the third call reads ten times as much. */
function run(session: string): object[] {
  const call = { name: "chat gpt-5-mini", kind: "llm", model: "gpt-5-mini" };
  return [
    { type: "session_started", session_id: session, title: "Delete old branches", timestamp: at(0) },
    ...span(session, { id: "agent", name: "coder", kind: "agent", from: 0, to: 3_660 }),
    ...span(session, { id: "turn-1", parent: "agent", name: "first turn", kind: "workflow", from: 0, to: 30 }),
    ...span(session, { id: "call-1", parent: "turn-1", ...call, from: 1, to: 5, usage: { input_tokens: 1_000, output_tokens: 50 } }),
    ...span(session, { id: "tool-1", parent: "turn-1", name: "list_branches", kind: "tool", tool: "git", from: 6, to: 7 }),
    ...span(session, { id: "tool-2", parent: "turn-1", name: "read_file", kind: "tool", tool: "read", from: 7, to: 8, status: "error", error: "EACCES: permission denied" }),
    ...span(session, { id: "wait-1", parent: "agent", name: "approve?", kind: "human", from: 30, to: 3_630 }),
    ...span(session, { id: "turn-2", parent: "agent", name: "second turn", kind: "workflow", from: 3_630, to: 3_660 }),
    ...span(session, { id: "call-2", parent: "turn-2", ...call, from: 3_631, to: 3_640, usage: { input_tokens: 12_000, output_tokens: 80 } }),
    { type: "session_finished", session_id: session, status: "completed", timestamp: at(3_660) },
  ];
}

const openRun = (page: Page, query = "", session = RUN): Promise<void> => openSession(page, host.page, session, query);

test("keys jump to errors, waits, the slowest child and jumps of tokens", async ({ page }) => {
  const quiet = watch(page, () => host.mount);
  await openRun(page);
  await expect(chosen(page)).toContainText("coder");
  await page.keyboard.press("e");
  await expect(chosen(page)).toContainText("read_file");
  await page.keyboard.press("w");
  await expect(chosen(page)).toContainText("approve?");
  await page.keyboard.press("d");
  await expect(chosen(page)).toContainText("12.1k");
  await page.keyboard.press("Home");
  await page.keyboard.press("b");
  await expect(chosen(page)).toContainText("approve?");
  await page.keyboard.press("[");
  await expect(chosen(page)).toContainText("first turn");
  await page.keyboard.press("]");
  await expect(chosen(page)).toContainText("approve?");
  await page.keyboard.press("b");
  await expect(page.getByText("The chosen span has no children")).toBeVisible();
  quiet();
});

test("what is folded and which kinds are hidden is in the address", async ({ page }) => {
  await openRun(page);
  await row(page, /first turn/).click();
  await page.keyboard.press("h");
  await expect(row(page, /read_file/)).toBeHidden();
  await expect(row(page, /first turn/)).toHaveAttribute("aria-expanded", "false");
  await expect(page).toHaveURL(/fold=/);

  await page.getByRole("button", { name: "Kinds" }).click();
  await page.getByRole("button", { name: "Only Tool" }).click();
  await expect(row(page, /approve\?/)).toBeHidden();
  await expect(page).toHaveURL(/hide=/);
  await page.reload();
  await expect(row(page, /first turn/)).toHaveAttribute("aria-expanded", "false");
  await expect(row(page, /approve\?/)).toBeHidden();
  await row(page, /first turn/).click();
  await page.keyboard.press("l");
  await expect(row(page, /read_file/)).toBeVisible();
  // What stands above tools stays, as their context.
  await expect(row(page, /coder/)).toHaveClass(/is-context/);

  await page.keyboard.press("<");
  await page.keyboard.press("<");
  await expect(rows(page)).toHaveCount(1);
});

test("spans are found in the trace, and counted", async ({ page }) => {
  await openRun(page);
  await page.getByRole("textbox", { name: /^Find spans/ }).fill("gpt-5");
  await expect(page.getByRole("search")).toContainText("2");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("search")).toContainText("2 of 2");
  await expect(chosen(page)).toContainText("12.1k");
  await expect(page).toHaveURL(/find=gpt-5/);
});

test("an hour of waiting is folded on the time axis, and a shown range survives a reload", async ({ page }) => {
  await openRun(page, "?tab=context");
  await expect(page.getByTitle(/1 h 00 m in which nothing but waits ran/).first()).toBeVisible();
  await page.keyboard.press("c");
  await expect(page.getByTitle(/1 h 00 m in which nothing but waits ran/)).toHaveCount(0);
  await page.keyboard.press("c");

  const axis = page.locator(".time-axis");
  const box = await axis.boundingBox();
  if (box === null) throw new Error("no axis");
  await page.mouse.move(box.x + 4, box.y + 12);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 12, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/range=/);
  const minimap = page.getByRole("slider", { name: "Shown part of the time" });
  await expect(minimap).not.toHaveAttribute("aria-valuetext", /^all/);
  const shown = await minimap.getAttribute("aria-valuetext");
  await page.reload();
  await expect(minimap).toHaveAttribute("aria-valuetext", shown ?? "");
  // What others wrote into the address is still there.
  expect(page.url()).toContain("tab=context");
  await page.keyboard.press("Escape");
  await expect(minimap).toHaveAttribute("aria-valuetext", /^all/);
  await expect(page).not.toHaveURL(/range=/);

  // The keyboard can do the same.
  await minimap.focus();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("End");
  await expect(page).toHaveURL(/range=/);
});

test("a view that is held says what waits and shows all of it when it goes on", async ({ page }) => {
  const session = "debugger-live";
  await host.report(
    { type: "session_started", session_id: session, title: "Still going", timestamp: at(0) },
    ...span(session, { id: "root", name: "worker", kind: "agent", from: 0 }),
  );
  await openRun(page, "", session);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await expect(rows(page)).toHaveCount(1);
  await page.keyboard.press("p");
  await expect(page.getByText(/^View paused/)).toBeVisible();
  await host.report(...Array.from({ length: 5 }, (_, n) => span(session, { id: `t${n}`, parent: "root", name: `step ${n}`, kind: "tool", from: n, to: n + 1 })).flat());
  await expect(page.getByText(/changes? waits?\./)).toBeVisible();
  await expect(rows(page)).toHaveCount(1);
  await page.keyboard.press("p");
  await expect(rows(page)).toHaveCount(6);
  await expect(page.getByText(/^View paused/)).toBeHidden();

  await page.keyboard.press("f");
  await host.report(...Array.from({ length: 60 }, (_, n) => span(session, { id: `u${n}`, parent: "root", name: `more ${n}`, kind: "tool", from: 10 + n, ...(n < 59 && { to: 11 + n }) })).flat());
  await expect(row(page, /more 59/)).toBeInViewport();
  await page.mouse.move(300, 500);
  await page.mouse.wheel(0, -5_000);
  await expect(row(page, /worker/)).toBeInViewport();
  await expect(page.getByRole("button", { name: /^Follow/ })).toHaveAttribute("aria-pressed", "false");
});

test("the way from the list to a span's attributes needs only the keyboard", async ({ page }) => {
  await page.goto(`${host.page}sessions?q=Delete`);
  await expect(page.getByRole("grid")).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(rows(page).first()).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("l");
  await expect(chosen(page)).toContainText("chat gpt-5-mini");
  await expect(page.getByRole("region", { name: "Chosen span" })).toContainText("gpt-5-mini");
  await expect(page.getByRole("tree")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("grid")).toBeVisible();
});

test("a session is pinned, its trace downloaded, and it is deleted after a question", async ({ page }) => {
  const session = "debugger-gone";
  await host.report(...run(session));
  await openRun(page, "", session);
  await page.getByRole("button", { name: "Pin", exact: true }).click();
  await expect(page.getByRole("button", { name: "Unpin", exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Unpin", exact: true }).click();
  await expect(page.getByRole("button", { name: "Pin", exact: true })).toBeVisible();

  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download the trace" }).click()]);
  expect(download.suggestedFilename()).toBe(`${session}.jsonl`);

  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("button", { name: "Keep it" }).click();
  await expect(rows(page).first()).toBeVisible();
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await expect(page.getByRole("grid")).toBeVisible();
  await page.goto(`${host.page}sessions/${session}`);
  await expect(page.getByText("Loading this session failed")).toBeVisible();
});

test("tree, timeline and span stand one at a time at 360 px, each by its address", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await openRun(page, "?view=timeline");
  await expect(page.getByRole("slider", { name: "Shown part of the time" })).toBeVisible();
  await page.getByRole("button", { name: "Tree", exact: true }).click();
  await expect(page.getByRole("slider", { name: "Shown part of the time" })).toBeHidden();
  await row(page, /read_file/).click();
  await expect(page.getByRole("region", { name: "Chosen span" })).toContainText("EACCES");
  await expect(page).toHaveURL(/view=span/);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
});
