import { expect, it } from "vitest";
import { apiUrl } from "./base";

it("addresses lie below the mount and lose empty parameters", () => {
  const url = apiUrl("sessions", { status: ["failed", "paused"], engine: [], text: "a&b", limit: 50, cursor: undefined });
  expect(url.pathname).toBe("/_inspector/sessions");
  expect(url.search).toBe("?status=failed&status=paused&text=a%26b&limit=50");
});
