import type { Media, Span } from "../api/types";
import { parseJson, textOf } from "./json";
import { atPointer } from "./jsonTree";

/** A picture whose bytes lie in the span: the only kind that is ever drawn. */
export interface Picture {
  readonly url: string;
  readonly type: string;
  readonly width: number;
  readonly height: number;
}

/** Why a picture is told and not drawn. */
export type NoPicture = "elsewhere" | "cut" | "unsupported" | "too-large";

/** A few kilobytes can say that they are a picture of a terabyte; a browser would try to draw it. */
const MOST_PIXELS = 40_000_000;
const MOST_BASE64 = 8_000_000;

/**
 * The embedded picture that a part of a message stands for. What it is, is read from its bytes and not believed: only
 * raster formats that every browser draws, since SVG is a document that can hold anything.
 */
export function pictureOf(media: Media, span: Span): Picture | NoPicture {
  const place = media.data;
  if (place === undefined) return "elsewhere";
  const attributes = place.event === undefined ? span.attributes : (span.events[place.event]?.attributes ?? {});
  const base64 = base64Of(textAt(attributes[place.attribute], place.path));
  if (base64 === undefined) return "cut";
  const bytes = bytesOf(base64);
  if (bytes === undefined || (media.size != null && Math.abs(bytes.length - media.size) > 2)) return "cut";
  const found = measure(bytes);
  if (found === undefined) return "unsupported";
  if (found.width * found.height > MOST_PIXELS || found.width === 0 || found.height === 0) return "too-large";
  return { ...found, url: `data:${found.type};base64,${base64}` };
}

function textAt(value: unknown, path: string | undefined): string | undefined {
  if (path === undefined) return typeof value === "string" ? value : undefined;
  const root = parseJson(typeof value === "string" ? value : textOf(value));
  const node = root && atPointer(root, path);
  return node?.kind === "string" ? node.text : undefined;
}

/** Also of what came as a `data:` address, and as base64 for addresses. */
function base64Of(text: string | undefined): string | undefined {
  if (text === undefined || text.length > MOST_BASE64) return undefined;
  const data = /^data:[^,]*;base64,/i.exec(text.slice(0, 200))?.[0] ?? "";
  const base64 = text.slice(data.length).replace(/\s+/g, "").replaceAll("-", "+").replaceAll("_", "/");
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? base64 : undefined;
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

type Size = Omit<Picture, "url">;

function measure(bytes: Uint8Array): Size | undefined {
  if (bytes.length < 16) return undefined;
  const view = new DataView(bytes.buffer);
  const begins = (...start: number[]): boolean => start.every((byte, index) => bytes[index] === byte);
  const tag = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (begins(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a) && bytes.length >= 24) {
    return { type: "image/png", width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (tag(0) === "GIF8") return { type: "image/gif", width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (tag(0) === "RIFF" && tag(8) === "WEBP" && bytes.length >= 30) return webp(view, tag(12));
  if (begins(0xff, 0xd8, 0xff)) return jpeg(view);
  return undefined;
}

function webp(view: DataView, chunk: string): Size | undefined {
  const size = (width: number, height: number): Size => ({ type: "image/webp", width, height });
  if (chunk === "VP8X") return size((view.getUint32(24, true) & 0xffffff) + 1, ((view.getUint32(26, true) >>> 8) & 0xffffff) + 1);
  if (chunk === "VP8 ") return size(view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff);
  if (chunk !== "VP8L") return undefined;
  const bits = view.getUint32(21, true);
  return size((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
}

/** The size stands in the first frame's header, behind any number of other segments. */
function jpeg(view: DataView): Size | undefined {
  let at = 2;
  while (at + 9 < view.byteLength) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) at += 1;
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { type: "image/jpeg", width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    } else at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}
