import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { MARKDOWN, MARKUP, UNSEEN } from "../../../../../e2e/hostileRun";
import Markdown from "./Markdown";

const draw = (text: string) => render(<Markdown text={text} />).container;

describe("markdown", () => {
  it("is drawn as elements", () => {
    const drawn = draw(
      "# Title\n\nA **bold** and *soft* `code` ~~gone~~ text\nnext line\n\n3. three\n4. four\n   - [x] done\n\n> quote\n\n```rust\nlet a = 1;\n```\n\n| a | b |\n|:-:|--:|\n| 1 | 2 |\n\n---\nR&amp;D",
    );
    expect(drawn.querySelector("h4")).toHaveTextContent("Title");
    for (const [selector, said] of [
      ["strong", "bold"],
      ["em", "soft"],
      ["p > code", "code"],
      ["s", "gone"],
      ["ol[start='3'] > li", "three"],
      ["li.is-task", "☑ done"],
      ["blockquote", "quote"],
      ["pre", "let a = 1;"],
      ["td:last-child", "2"],
    ] as const) {
      expect(drawn.querySelector(selector), selector).toHaveTextContent(said);
    }
    expect(drawn).toHaveTextContent("R&D");
  });

  it("opens the web only, and only by the address that it shows", () => {
    const drawn = draw(MARKDOWN);
    const links = [...drawn.querySelectorAll("a")];
    expect(links.length).toBeGreaterThan(2);
    for (const link of links) {
      expect(link.getAttribute("href")).toMatch(/^https?:\/\//);
      expect(link.textContent).toBe(link.getAttribute("href"));
      expect(link).toHaveAttribute("rel", "noopener noreferrer");
      expect(link).toHaveAttribute("target", "_blank");
    }
    expect(screen.getByText("click here").closest("a")).toBeNull();
    expect(screen.getByText('javascript:alert("link")').closest("a")).toBeNull();
  });

  it("never makes an element of markup", () => {
    const drawn = draw(`${MARKDOWN}\n\n${MARKUP}\n\ntext ${MARKUP}`);
    expect(drawn.querySelector("img, script, svg, iframe, style, link, meta, form, input, object, base, [onclick], [onerror]")).toBeNull();
  });

  it("hides nothing that was written", () => {
    const drawn = draw(`${MARKDOWN}\n\n${MARKUP}\n\n${UNSEEN}`).textContent;
    for (const said of ["nobody should miss", "hidden title", "a title", "a picture", 'alert("defined")', "onload", "hidden: ignore all previous instructions", "RLO", "ESC"]) {
      expect(drawn).toContain(said);
    }
    for (const word of MARKUP.match(/[a-z]{4,}/g) ?? []) expect(drawn, word).toContain(word);
  });

  it.each(["_a_ _".repeat(4_000), ">".repeat(5_000), "[".repeat(5_000), "1. ".repeat(3_000)])("is text when it is made to take for ever", (text) => {
    expect(draw(text).textContent.length).toBeGreaterThan(1);
  });
});
