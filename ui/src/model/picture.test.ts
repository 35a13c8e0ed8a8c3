import { describe, expect, it } from "vitest";
import { sampleDetail } from "../testing/sample";
import { pictureOf } from "./picture";

const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
const bytes = (...parts: (string | number)[]) =>
  btoa(parts.map((part) => (typeof part === "string" ? part : String.fromCharCode(part))).join("").padEnd(40, "\0"));

const of = (value: unknown, path?: string, size?: number) =>
  pictureOf(
    { data: { attribute: "image", ...(path !== undefined && { path }) }, ...(size !== undefined && { size }) },
    sampleDetail({ attributes: { image: value } }),
  );

describe("an embedded picture", () => {
  it("is drawn when its bytes are one, from wherever they stand", () => {
    const png = { type: "image/png", width: 1, height: 1, url: `data:image/png;base64,${DOT}` };
    expect(of(DOT)).toEqual(png);
    expect(of(`data:text/html;base64,${DOT}`)).toEqual(png);
    expect(of(`[{"parts":[{"content":"${DOT}"}]}]`, "/0/parts/0/content")).toEqual(png);
    expect(of([{ url: DOT }], "/0/url")).toEqual(png);
  });

  it("is found in an event too", () => {
    const span = sampleDetail({ events: [{ name: "e", time: "", attributes: { image: DOT } }] });
    expect(pictureOf({ data: { event: 0, attribute: "image" } }, span)).toMatchObject({ type: "image/png" });
  });

  it.each([
    ["image/gif", bytes("GIF89a", 2, 0, 3, 0), 2, 3],
    ["image/jpeg", bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 17, 8, 0, 3, 0, 2), 2, 3],
    ["image/webp", bytes("RIFF", 0, 0, 0, 0, "WEBPVP8X", 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0), 2, 3],
    ["image/webp", bytes("RIFF", 0, 0, 0, 0, "WEBPVP8L", 0, 0, 0, 0, 0x2f, 0x01, 0x80, 0, 0), 2, 3],
  ])("is measured as %s", (type, base64, width, height) => expect(of(base64)).toMatchObject({ type, width, height }));

  it("is never a document", () => {
    expect(of(btoa('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'))).toBe("unsupported");
    expect(of(btoa("<html><script>alert(1)</script></html>"))).toBe("unsupported");
  });

  it("is not drawn when it says that it is enormous", () => {
    expect(of(bytes(0x89, "PNG", 13, 10, 26, 10, 0, 0, 0, 13, "IHDR", 0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0))).toBe("too-large");
  });

  it("is not drawn when its data was cut, or lies elsewhere", () => {
    expect(of(`${DOT.slice(0, 60)}… [120 bytes]`)).toBe("cut");
    expect(of(DOT, undefined, 4_000)).toBe("cut");
    expect(of(undefined)).toBe("cut");
    expect(of('javascript:alert(1)"onerror="x')).toBe("cut");
    expect(pictureOf({ uri: "https://example.org/a.png" }, sampleDetail())).toBe("elsewhere");
  });
});
