import { defineConfig } from "vitest/config";
import react from "@vitejs/plugin-react";
import { licences } from "./scripts/licences.ts";
import { baseOf, versions } from "./scripts/versions.ts";

/**
 * Where `vite dev` finds a running inspector, e.g. `INSPECTOR_URL=http://127.0.0.1:3000/_inspector npm run dev`.
 * Its API is proxied below the dev server's own `/_inspector/`, so cookies and Origin checks behave as in production.
 */
const inspector = new URL(process.env.INSPECTOR_URL ?? "http://127.0.0.1:3000/_inspector");

export default defineConfig({
  // Relative asset addresses: the page may be mounted at any depth of any host.
  base: "./",
  plugins: [react(), licences("LICENSES.txt"), versions()],
  build: {
    outDir: "../ui-dist",
    emptyOutDir: true,
    // Fixed names keep the committed build's history readable; the server adds the content hash.
    target: "es2022",
    cssTarget: ["chrome123", "firefox128", "safari17.5"],
    cssCodeSplit: false,
    modulePreload: false,
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    rollupOptions: {
      output: {
        entryFileNames: "assets/app.js",
        // A feature's first file is its page, so the feature gives the name.
        chunkFileNames: ({ facadeModuleId, name }) => `assets/${/features\/([\w-]+)\/Page/.exec(facadeModuleId ?? "")?.[1] ?? name}.js`,
        assetFileNames: "assets/app[extname]",
        codeSplitting: { groups: [{ name: (id, modules) => baseOf(id, modules) }] },
      },
    },
  },
  // The workers' scripts lie beside the page's, so all find the mount two folders up.
  worker: {
    format: "es",
    rollupOptions: {
      output: { entryFileNames: ({ name }) => (name === "shared" ? "assets/worker.js" : `assets/${name}.js`) },
    },
  },
  server: {
    proxy: {
      "/_inspector": {
        target: inspector.origin,
        rewrite: (path) => path.replace(/^\/_inspector/, inspector.pathname.replace(/\/$/, "")),
      },
    },
  },
  test: {
    globals: true,
    restoreMocks: true,
    // A machine that is busy is no failure; a test that hangs still is.
    testTimeout: 30_000,
    projects: [
      {
        // What needs no page is tested without one: making a DOM for each file takes longer than most of them run. Nothing is
        // left behind in a module, so that the files share one.
        extends: true,
        test: {
          name: "plain",
          environment: "node",
          isolate: false,
          include: ["src/**/*.test.ts"],
          exclude: ["src/**/*.dom.test.ts"],
          setupFiles: ["src/testing/worker.ts"],
          unstubGlobals: true,
        },
      },
      {
        extends: true,
        test: {
          name: "dom",
          environment: "jsdom",
          include: ["src/**/*.test.tsx", "src/**/*.dom.test.ts"],
          setupFiles: ["src/testing/setup.ts"],
        },
      },
    ],
  },
});
