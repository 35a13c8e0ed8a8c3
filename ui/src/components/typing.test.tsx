import { afterEach, describe, expect, it } from "vitest";
import { isTyping } from "./typing";

afterEach(() => {
  document.body.replaceChildren();
});

function put(html: string, selector: string): Element | null {
  document.body.innerHTML = html;
  return document.querySelector(selector);
}

describe("whether somebody types", () => {
  it("is so in a text input, a text area, a list of choices and a group of radio buttons", () => {
    for (const control of ["input", "textarea", "select", "input type=radio"]) expect(isTyping(put(`<${control}>`, control.split(" ")[0] ?? ""))).toBe(true);
  });

  it("is not so on a checkbox, a button, or the page itself", () => {
    for (const control of ["<input type=checkbox>", "<button>Go</button>", "<p>words</p>"]) expect(isTyping(put(control, "body > *"))).toBe(false);
    expect(isTyping(document.body)).toBe(false);
    expect(isTyping(null)).toBe(false);
  });

  it("is over when the dialog around the input closes, although the focus is still there", () => {
    const input = put("<dialog open><input></dialog>", "input");
    expect(isTyping(input)).toBe(true);
    document.querySelector("dialog")?.removeAttribute("open");
    expect(isTyping(input)).toBe(false);
  });
});
