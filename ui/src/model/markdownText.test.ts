import { describe, expect, it } from "vitest";
import { decodeEntities, isCheapMarkdown, mayBeMarkdown, readLink } from "./markdownText";

describe("a link in a foreign text", () => {
  it("opens the web and nothing else", () => {
    expect(readLink("https://example.org/a?b").opens).toBe("https://example.org/a?b");
    for (const href of ["javascript:alert(1)", " JaVaScRiPt:alert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "/relative", "//host/x", "mailto:a@b"]) {
      expect(readLink(href), href).toEqual({ shown: href, opens: undefined });
    }
  });

  it("is shown as it will be opened", () => {
    expect(readLink("https://аpple.com").shown).toBe("https://xn--pple-43d.com/");
    expect(readLink("https://a@b.example/").shown).toContain("a@b.example");
  });
});

it("decodes the entities that people write", () => {
  expect(decodeEntities("a &lt;b&gt; &amp;amp; &#65;&#x202e; &unknown; &#xd800; &constructor;")).toBe("a <b> &amp; A\u202e &unknown; &#xd800; &constructor;");
});

it("sees whether a text may be markdown", () => {
  for (const text of ["# a", "**b**", "- c", "1. d", "`e`", "https://f", "a\n---"]) expect(mayBeMarkdown(text), text).toBe(true);
  for (const text of ["List the files, please.", "It is 3 - 4 = -1"]) expect(mayBeMarkdown(text), text).toBe(false);
});

it("does not read what is made to take for ever", () => {
  expect(isCheapMarkdown("# A plan\n\n" + "- **one** _two_\n".repeat(100))).toBe(true);
  for (const text of ["_a_ _".repeat(4_000), "a**b".repeat(2_000), ">".repeat(200), "> ".repeat(200), "x".repeat(30_000)]) {
    expect(isCheapMarkdown(text), text.slice(0, 10)).toBe(false);
  }
});
