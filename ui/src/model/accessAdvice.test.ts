import { expect, it } from "vitest";
import { accessAdvice } from "./accessAdvice";

const PLACE = { host: "box.example:8080", origin: "https://box.example:8080" };

it("names what to change, as it must be written", () => {
  expect(accessAdvice("forbidden_host", PLACE)).toMatchObject({ code: '.allow_hosts(["box.example:8080"])' });
  expect(accessAdvice("forbidden_origin", PLACE)).toMatchObject({ code: '.allow_origins(["https://box.example:8080"])' });
  for (const code of ["access_denied", "role_needed", "read_only"]) expect(accessAdvice(code, PLACE)?.words).toMatch(/\.$/);
});

it("has nothing to say of other refusals", () => {
  for (const code of ["", "nothing_waits", "sign_in_required", "constructor"]) expect(accessAdvice(code, PLACE)).toBeUndefined();
});
