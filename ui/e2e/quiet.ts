import { type Page, expect } from "@playwright/test";

/**
 * Watches a page for what must never happen: an error in the console (a policy violation is one), an uncaught exception,
 * or a request to anywhere but below `root`. Call the answer at the end of a spec.
 */
export function watch(page: Page, root: () => string): () => void {
  const wrong: string[] = [];
  page.on("console", (message) => {
    // A host that is down on purpose makes the browser report its own failed requests.
    if (message.type() === "error" && !message.text().includes("net::ERR_")) wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith("data:") && !isBelow(url, root())) wrong.push(`fetched ${url}`);
  });
  return () => expect(wrong).toEqual([]);
}

function isBelow(url: string, root: string): boolean {
  return url === root || url.startsWith(`${root}/`);
}
