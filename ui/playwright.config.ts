import { defineConfig } from "@playwright/test";

/**
 * Drives the page as a real host serves it. No browser is downloaded: `CHROMIUM` names one, or the system's is taken.
 * The switches keep it from calling home and let it run in a container.
 */
export default defineConfig({
  testDir: "e2e",
  projects: [
    { name: "e2e", testMatch: "*.spec.ts" },
    // Pictures for the documentation; nothing is compared.
    { name: "screenshots", testMatch: "*.pictures.ts" },
  ],
  timeout: 60_000,
  expect: { timeout: 10_000 },
  // Each spec has a host of its own, and waits more than it works; more at once would only make each other late.
  workers: 2,
  forbidOnly: process.env.CI !== undefined,
  reporter: "list",
  use: {
    browserName: "chromium",
    viewport: { width: 1440, height: 900 },
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
