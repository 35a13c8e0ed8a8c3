import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

interface Licensed {
  name: string;
  version: string;
  licence: string;
  text: string;
}

/**
 * Collects the licence of every package that really ends up in the bundle and writes one text file.
 * Reading the bundle's own module list (not package.json) means a transitive package can't be forgotten,
 * and sorting by name means the same input gives the same bytes.
 */
export function licences(fileName: string): Plugin {
  return {
    name: "licences",
    apply: "build",
    generateBundle(_options, bundle) {
      const folders = new Set<string>();
      for (const output of Object.values(bundle)) {
        if (output.type !== "chunk") continue;
        for (const id of output.moduleIds) {
          const folder = packageFolder(id);
          if (folder !== undefined) folders.add(folder);
        }
      }
      const found = [...folders].map(read).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
      const source =
        "The page contains code of these packages, under these licences.\n" +
        found.map((p) => `\n${"-".repeat(72)}\n${p.name} ${p.version} (${p.licence})\n\n${p.text}\n`).join("");
      this.emitFile({ type: "asset", fileName, source });
    },
  };
}

function packageFolder(id: string): string | undefined {
  if (!id.includes("/node_modules/")) return undefined;
  let folder = dirname(id.replace(/^\0/, "").replace(/\?.*$/, ""));
  while (folder !== "/") {
    // A nested package.json without a name only marks a module format.
    const manifest = join(folder, "package.json");
    if (existsSync(manifest) && (JSON.parse(readFileSync(manifest, "utf8")) as { name?: string }).name) return folder;
    folder = dirname(folder);
  }
  return undefined;
}

function read(folder: string): Licensed {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    name: string;
    version: string;
    license?: string;
  };
  const file = readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying)/i.test(name))
    .sort()[0];
  const licence = manifest.license ?? "see text";
  if (file === undefined && manifest.license === undefined) throw new Error(`${manifest.name} states no licence`);
  const text = file === undefined ? `Licence: ${licence}` : readFileSync(join(folder, file), "utf8").trim();
  return { name: manifest.name, version: manifest.version, licence, text: text.replaceAll("\r\n", "\n") };
}
