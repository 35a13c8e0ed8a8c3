/** What a link in a foreign text leads to. */
export interface LinkTarget {
  /** As a person may read it: in ASCII where the name of a host could be mistaken for another. */
  readonly shown: string;
  /** The address to open; undefined for everything that is not the web. */
  readonly opens: string | undefined;
}

export function readLink(href: string): LinkTarget {
  let url: URL;
  try {
    url = new URL(href);
  } catch {
    // Relative: it means a place that this page doesn't know.
    return { shown: href, opens: undefined };
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return { shown: href, opens: undefined };
  return { shown: url.href, opens: url.href };
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", hellip: "…", mdash: "—", ndash: "–" };

/** The entities that people write; others stay as they stand there. */
export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,8}));/gi, (all, decimal: string, hex: string, name: string) => {
    if (name) return Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] ?? all) : all;
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return isCharacter ? String.fromCodePoint(code) : all;
  });
}

/** Whether a text may be markdown at all; most prompts and answers of programs are not. */
export function mayBeMarkdown(text: string): boolean {
  return /[*_`#[\]<>~|]|^\s*(?:[-+]|\d+[.)])\s|https?:\/\/|^(?:---|===)/m.test(text);
}

/** Longer texts are shown as they are: a parser of markdown may take a time that grows faster than its text. */
const MOST_CHARS = 20_000;
/** The same for marks of emphasis in one paragraph, each of which may open, close or mean nothing. */
const MOST_MARKS = 1_000;
/** Quotes within quotes are read by calls within calls. */
const DEEP_QUOTE = /(?:>[ \t]?){30}/;

/** Whether a text can be read as markdown in a time that nobody notices, whoever wrote it. */
export function isCheapMarkdown(text: string): boolean {
  if (text.length > MOST_CHARS || DEEP_QUOTE.test(text)) return false;
  return text.split(/\n[ \t]*\n/).every((paragraph) => (paragraph.match(/[*_~]/g)?.length ?? 0) <= MOST_MARKS);
}
