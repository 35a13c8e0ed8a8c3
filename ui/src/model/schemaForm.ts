/** JSON as it is sent. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
interface JsonObject {
  [name: string]: Json;
}
type Schema = Record<string, unknown>;

interface Common {
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly initial: Json | undefined;
}

/** One field of a form. What a form cannot draw is written as JSON: there is no question that nobody can answer. */
export type Field = Common &
  (
    | { readonly kind: "text"; readonly long: boolean; readonly minLength: number; readonly maxLength: number | undefined; readonly format: string | undefined }
    | { readonly kind: "number"; readonly whole: boolean; readonly minimum: number | undefined; readonly maximum: number | undefined }
    | { readonly kind: "boolean" }
    | { readonly kind: "choice"; readonly options: readonly Json[] }
    | { readonly kind: "list"; readonly item: Field; readonly minItems: number; readonly maxItems: number | undefined }
    | { readonly kind: "object"; readonly parts: readonly Part[] }
    | { readonly kind: "variants"; readonly variants: readonly Field[] }
    | { readonly kind: "json" }
  );

export interface Part {
  readonly name: string;
  readonly required: boolean;
  readonly field: Field;
}

/** What is wrong with a part of an answer; `pointer` is a JSON Pointer. */
export interface Wrong {
  readonly pointer: string;
  readonly message: string;
}

/** A schema may refer to itself; nobody fills in a form that deep. */
const MOST_DEPTH = 8;
/** Longer lists of choices, and objects with more parts, are written as JSON. */
const MOST_OPTIONS = 500;
const MOST_PARTS = 100;
/** In a whole form; what is beyond is written as JSON. */
const MOST_FIELDS = 200;

/** The whole schema, and how many fields may still be drawn. */
interface Root {
  readonly schema: unknown;
  left: number;
}

/** The form for a schema. */
export function formOf(schema: unknown): Field {
  return fieldOf(schema, { schema, left: MOST_FIELDS }, 0);
}

function fieldOf(given: unknown, root: Root, depth: number): Field {
  const schema = resolved(given, root);
  const common: Common = { title: text(schema.title), description: text(schema.description), initial: schema.default as Json | undefined };
  root.left -= 1;
  if (depth > MOST_DEPTH || root.left < 0) return { ...common, kind: "json" };
  if (schema.const !== undefined) return { ...common, kind: "choice", options: [schema.const as Json] };
  if (Array.isArray(schema.enum) && schema.enum.length > 0 && schema.enum.length <= MOST_OPTIONS) {
    return { ...common, kind: "choice", options: schema.enum as Json[] };
  }
  const variants = variantsOf(schema);
  if (variants !== undefined) return variantField(variants, common, root, depth);
  switch (typeOf(schema)) {
    case "string":
      return {
        ...common,
        kind: "text",
        long: (count(schema.maxLength) ?? Number.POSITIVE_INFINITY) > 200 && schema.format === undefined && schema.pattern === undefined,
        minLength: count(schema.minLength) ?? 0,
        maxLength: count(schema.maxLength),
        format: text(schema.format),
      };
    case "number":
    case "integer":
      return { ...common, kind: "number", whole: typeOf(schema) === "integer", minimum: number(schema.minimum), maximum: number(schema.maximum) };
    case "boolean":
      return { ...common, kind: "boolean" };
    case "array":
      if (schema.prefixItems !== undefined || schema.items === undefined) return { ...common, kind: "json" };
      return {
        ...common,
        kind: "list",
        item: fieldOf(schema.items, root, depth + 1),
        minItems: count(schema.minItems) ?? 0,
        maxItems: count(schema.maxItems),
      };
    case "object": {
      const properties = Object.entries(record(schema.properties) ?? {});
      if (properties.length === 0 || properties.length > MOST_PARTS) return { ...common, kind: "json" };
      const required = Array.isArray(schema.required) ? schema.required : [];
      const parts = properties.map(([name, part]) => ({ name, required: required.includes(name), field: fieldOf(part, root, depth + 1) }));
      return { ...common, kind: "object", parts };
    }
    default:
      return { ...common, kind: "json" };
  }
}

/** One of several, unless all but one say `null`: then it is that one, which may be left out. */
function variantField(variants: readonly unknown[], common: Common, root: Root, depth: number): Field {
  const fields = variants.map((variant) => resolved(variant, root)).filter((variant) => variant.type !== "null");
  const [only] = fields;
  if (fields.length === 1 && only !== undefined) {
    const field = fieldOf(only, root, depth + 1);
    return { ...field, title: common.title ?? field.title, description: common.description ?? field.description, initial: common.initial ?? field.initial };
  }
  const options = fields.map((field) => field.const as Json | undefined);
  // Variants that are one word each, as an enum with descriptions is written.
  if (options.length > 0 && options.every((option) => option !== undefined)) return { ...common, kind: "choice", options };
  return fields.length === 0 || fields.length > MOST_PARTS
    ? { ...common, kind: "json" }
    : { ...common, kind: "variants", variants: fields.map((field) => fieldOf(field, root, depth + 1)) };
}

/** Follows references within the schema, and merges what `allOf` adds. */
function resolved(given: unknown, root: Root): Schema {
  let schema = record(given) ?? {};
  for (let step = 0; step < MOST_DEPTH && typeof schema.$ref === "string"; step++) {
    const { $ref, ...beside } = schema;
    schema = { ...record(at(root.schema, $ref)), ...beside };
  }
  if (!Array.isArray(schema.allOf)) return schema;
  const { allOf, ...own } = schema;
  return (allOf as unknown[]).slice(0, MOST_PARTS).reduce<Schema>((sum, part) => {
    const own = record(part) ?? {};
    const more = typeof own.$ref === "string" ? { ...record(at(root.schema, own.$ref)), ...own } : own;
    const properties = { ...record(sum.properties), ...record(more.properties) };
    const required = [...list(sum.required), ...list(more.required)];
    return { ...more, ...sum, ...(Object.keys(properties).length > 0 && { properties, type: "object" }), ...(required.length > 0 && { required }) };
  }, own);
}

function at(root: unknown, reference: string): unknown {
  if (!reference.startsWith("#")) return undefined;
  return reference
    .slice(1)
    .split("/")
    .filter((name) => name !== "")
    .reduce<unknown>((node, name) => record(node)?.[name.replaceAll("~1", "/").replaceAll("~0", "~")], root);
}

function variantsOf(schema: Schema): readonly unknown[] | undefined {
  if (Array.isArray(schema.oneOf)) return list(schema.oneOf);
  return Array.isArray(schema.anyOf) ? list(schema.anyOf) : undefined;
}

function typeOf(schema: Schema): string | undefined {
  if (typeof schema.type === "string") return schema.type;
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((type) => type !== "null");
    return types.length === 1 ? (types[0] as string) : undefined;
  }
  return record(schema.properties) === undefined ? undefined : "object";
}

function record(value: unknown): Schema | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function count(value: unknown): number | undefined {
  const found = number(value);
  return found === undefined || found < 0 ? undefined : found;
}

/** What a form begins with. A question that is a yes or no begins with neither. */
export function initialOf(field: Field): Json | undefined {
  if (field.initial !== undefined) return field.initial;
  if (field.kind === "object") {
    const parts = field.parts.flatMap(({ name, required, field: part }) => {
      const value = initialOf(part);
      return value === undefined || (!required && part.initial === undefined) ? [] : [[name, value] as const];
    });
    return Object.fromEntries(parts);
  }
  if (field.kind === "list") return [];
  if (field.kind === "choice" && field.options.length === 1) return field.options[0];
  return undefined;
}

/**
 * Which of several kinds a value is meant to be: the one that it fits, with the fewest parts that nobody asked for; else the one
 * that the least is wrong with, for it may be half written. Without a value it is the first.
 */
export function variantOf(variants: readonly Field[], value: Json | undefined): number {
  if (value === undefined) return 0;
  let [best, least] = [0, Infinity];
  for (const [index, variant] of variants.entries()) {
    const misfit = misfitOf(variant, value);
    if (misfit < least) [best, least] = [index, misfit];
  }
  return best;
}

/** A value of another type, or another word where a word says which kind it is. */
const OTHER_KIND = 1_000;
/** Any JSON fits where nothing else does. */
const ANY_JSON = OTHER_KIND - 1;

/** What speaks against a value's being meant for a field. */
function misfitOf(field: Field, value: Json): number {
  switch (field.kind) {
    case "json":
      return ANY_JSON;
    case "variants":
      return Math.min(OTHER_KIND, ...field.variants.map((variant) => misfitOf(variant, value)));
    case "object": {
      const given = record(value) as Record<string, Json> | undefined;
      if (given === undefined) return OTHER_KIND;
      const names = new Set(field.parts.map(({ name }) => name));
      const unknown = Object.keys(given).filter((name) => !names.has(name)).length;
      return field.parts.reduce((sum, { name, required, field: part }) => {
        const inner = given[name];
        if (inner === undefined) return sum + (required ? 1 : 0);
        return sum + (part.kind === "json" || (inner === null && !required) ? 0 : misfitOf(part, inner));
      }, unknown);
    }
    case "list":
      return Array.isArray(value) ? Math.max(0, ...value.slice(0, MOST_PARTS).map((item) => misfitOf(field.item, item))) : OTHER_KIND;
    case "text":
      return typeof value === "string" ? wrongIn(field, value).length : OTHER_KIND;
    case "number":
      return typeof value === "number" ? wrongIn(field, value).length : OTHER_KIND;
    case "boolean":
      return typeof value === "boolean" ? 0 : OTHER_KIND;
    case "choice":
      return wrongIn(field, value).length === 0 && (value !== null || field.options.includes(null)) ? 0 : OTHER_KIND;
  }
}

/** The place of a part. */
export function pointerTo(pointer: string, name: string | number): string {
  return `${pointer}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** In code points, as JSON Schema counts. */
function lengthOf(value: string): number {
  return Array.from(value).length;
}

/** What is missing or out of bounds, for a person to mend before it is sent. The host checks all of it. */
export function wrongIn(field: Field, value: Json | undefined, pointer = "", required = true): Wrong[] {
  const wrong = (message: string): Wrong[] => [{ pointer, message }];
  if (value === undefined || (value === "" && field.kind === "text" && field.minLength > 0)) return required ? wrong("An answer is wanted here.") : [];
  // Many a part may be null; the host knows which.
  if (value === null) return [];
  switch (field.kind) {
    case "text":
      if (typeof value !== "string") return wrong("A text is wanted.");
      if (lengthOf(value) < field.minLength) return wrong(`At least ${field.minLength} characters are wanted.`);
      return field.maxLength !== undefined && lengthOf(value) > field.maxLength ? wrong(`At most ${field.maxLength} characters are taken.`) : [];
    case "number":
      if (typeof value !== "number") return wrong("A number is wanted.");
      if (field.whole && !Number.isInteger(value)) return wrong("A whole number is wanted.");
      if (field.minimum !== undefined && value < field.minimum) return wrong(`At least ${field.minimum} is wanted.`);
      return field.maximum !== undefined && value > field.maximum ? wrong(`At most ${field.maximum} is taken.`) : [];
    case "boolean":
      return typeof value === "boolean" ? [] : wrong("Yes or no is wanted.");
    case "choice":
      return field.options.some((option) => JSON.stringify(option) === JSON.stringify(value)) ? [] : wrong("One of the choices is wanted.");
    case "list": {
      if (!Array.isArray(value)) return wrong("A list is wanted.");
      if (value.length < field.minItems) return wrong(`At least ${field.minItems} are wanted.`);
      if (field.maxItems !== undefined && value.length > field.maxItems) return wrong(`At most ${field.maxItems} are taken.`);
      return value.flatMap((item, index) => wrongIn(field.item, item, pointerTo(pointer, index)));
    }
    case "object": {
      const parts = record(value) as Record<string, Json> | undefined;
      if (parts === undefined) return wrong("An object is wanted.");
      return field.parts.flatMap((part) => wrongIn(part.field, parts[part.name], pointerTo(pointer, part.name), part.required));
    }
    default:
      return [];
  }
}
