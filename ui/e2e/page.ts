import { type Locator, type Page, expect } from "@playwright/test";

/** Opens an address and waits until what it shows is current. */
export async function live(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
}

/** The list of sessions, also where they are grouped. */
export function sessions(page: Page): Locator {
  return page.getByRole("grid", { name: "Sessions" }).or(page.getByRole("treegrid", { name: "Sessions" }));
}

export const tree = (page: Page): Locator => page.getByRole("tree", { name: "Spans" });
export const rows = (page: Page): Locator => tree(page).getByRole("treeitem");
export const row = (page: Page, name: RegExp): Locator => page.getByRole("treeitem", { name });
export const chosen = (page: Page): Locator => page.getByRole("treeitem", { selected: true });
export const panel = (page: Page): Locator => page.getByRole("region", { name: "Chosen span" });

/** Opens a session in the debugger by its address and waits for its spans. */
export async function openSession(page: Page, ui: string, session: string, query = ""): Promise<void> {
  await page.goto(`${ui}sessions/${encodeURIComponent(session)}${query}`);
  await expect(rows(page).first()).toBeVisible();
}

/** Opens the first session of the list. */
export async function openFirst(page: Page): Promise<void> {
  await sessions(page).getByRole("link").first().click();
  await expect(rows(page).first()).toBeVisible();
}
