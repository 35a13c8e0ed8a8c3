import { expect, it } from "vitest";
import { givenToken } from "./givenToken";

it("is what was typed, or what stands in a pasted link", () => {
  expect(givenToken(" secret\n")).toBe("secret");
  expect(givenToken("http://127.0.0.1:3000/_inspector/ui/#token=abc123")).toBe("abc123");
  expect(givenToken("sign in: http://[::1]/ui/#x=1&token=abc ")).toBe("abc");
  // A token may have a number sign of its own.
  expect(givenToken("correct#horse")).toBe("correct#horse");
  expect(givenToken("")).toBe("");
});
