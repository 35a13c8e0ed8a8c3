import { createHash } from "node:crypto";
import type { Plugin, Rollup } from "vite";

/** The server's length of a content hash: the first eight bytes, as hexadecimal digits. */
const DIGITS = 16;

/**
 * Writes `./part.js?v={hash}` wherever a script imports another one, with the hash that the server computes: it then lets the
 * browser keep the part for ever. It is more than a saving. The page itself names its script with a hash, a browser takes two
 * addresses for two modules, and a part that imported the same script without it would run the whole page a second time.
 */
export function versions(): Plugin {
  return {
    name: "versions",
    apply: "build",
    enforce: "post",
    // The part every other part needs is named in the page, so that it is fetched beside the first script and not after it.
    transformIndexHtml: (html) =>
      html.replace("</head>", '  <link rel="modulepreload" crossorigin href="./assets/base.js">\n  </head>'),
    generateBundle(_options, bundle) {
      const chunks = new Map<string, Rollup.OutputChunk>();
      for (const output of Object.values(bundle)) if (output.type === "chunk") chunks.set(output.fileName, output);
      const hashes = new Map<string, string>();
      const begun = new Set<string>();

      /** A part is hashed after those it names, so they must not name each other in a circle. */
      const hash = (chunk: Rollup.OutputChunk): string => {
        const known = hashes.get(chunk.fileName);
        if (known !== undefined) return known;
        if (begun.has(chunk.fileName)) this.error(`${chunk.fileName} imports itself in the end`);
        begun.add(chunk.fileName);
        for (const name of new Set([...chunk.imports, ...chunk.dynamicImports])) {
          const part = chunks.get(name);
          if (part === undefined) continue;
          const file = name.slice(name.lastIndexOf("/") + 1);
          chunk.code = chunk.code.replaceAll(new RegExp(`(["'\`])\\./${file.replaceAll(".", "\\.")}\\1`, "g"), `$1./${file}?v=${hash(part)}$1`);
        }
        const own = createHash("sha256").update(chunk.code).digest("hex").slice(0, DIGITS);
        hashes.set(chunk.fileName, own);
        return own;
      };
      for (const chunk of chunks.values()) hash(chunk);
    },
  };
}

interface Modules {
  getModuleInfo(id: string): { importers: readonly string[]; importedIds: readonly string[]; dynamicallyImportedIds: readonly string[] } | null;
}

/**
 * Puts what the first screen needs and other parts may share into one part, `base`. A module that loads parts later, and all that
 * lead to it, stay in the first script: no part then needs the script that loads it.
 */
export function baseOf(id: string, modules: Modules): string | null {
  return isFirst(id, modules) && !loadsLater(id, modules) ? "base" : null;
}

/** Whether the page's first script needs it at once. */
function isFirst(id: string, modules: Modules): boolean {
  return reaches(id, (each) => modules.getModuleInfo(each)?.importers ?? [], (each) => each.endsWith("/src/main.tsx"));
}

function loadsLater(id: string, modules: Modules): boolean {
  const imported = (each: string): readonly string[] => modules.getModuleInfo(each)?.importedIds ?? [];
  return reaches(id, imported, (each) => (modules.getModuleInfo(each)?.dynamicallyImportedIds.length ?? 0) > 0);
}

function reaches(from: string, next: (id: string) => readonly string[], goal: (id: string) => boolean): boolean {
  const seen = new Set<string>();
  const ahead = [from];
  for (let id = ahead.pop(); id !== undefined; id = ahead.pop()) {
    if (seen.has(id)) continue;
    if (goal(id)) return true;
    seen.add(id);
    ahead.push(...next(id));
  }
  return false;
}
