import type { SpanKind } from "../api/types";
import type { Interval } from "./activity";

/** What an address says about the debugger. Other parameters belong to others and are left alone. */
export interface TraceAddress {
  span: string | undefined;
  trace: string | undefined;
  view: TraceView | undefined;
  hidden: readonly SpanKind[];
  everything: boolean;
  find: string;
  level: number | undefined;
  opened: readonly string[];
  closed: readonly string[];
  /** The shown time, in milliseconds from the start of the session. */
  range: Interval | undefined;
  /** Silences are folded on the time axis. */
  folded: boolean;
  columns: readonly Column[];
}

export type TraceView = "tree" | "timeline" | "span";
export type Column = "tokens" | "cost" | "duration" | "self";

export const COLUMNS: readonly Column[] = ["tokens", "cost", "duration", "self"];
export const USUAL_COLUMNS: readonly Column[] = ["tokens", "duration"];
const VIEWS: readonly TraceView[] = ["tree", "timeline", "span"];
/** More decisions about single spans would make an address that nobody can send; it then speaks of the level only. */
const MOST_IDS = 40;

export function readTraceAddress(parameters: URLSearchParams): TraceAddress {
  const level = Number(parameters.get("level") ?? NaN);
  const columns = list(parameters, "cols").filter((name): name is Column => (COLUMNS as readonly string[]).includes(name));
  return {
    span: parameters.get("span") ?? undefined,
    trace: parameters.get("trace") ?? undefined,
    view: VIEWS.find((view) => view === parameters.get("view")),
    // A kind that nobody knows hides nothing, and a younger host's stays in the address.
    hidden: list(parameters, "hide") as SpanKind[],
    everything: parameters.get("details") === "true",
    find: parameters.get("find") ?? "",
    level: Number.isInteger(level) && level >= 0 ? level : undefined,
    opened: list(parameters, "open"),
    closed: list(parameters, "fold"),
    range: readRange(parameters.get("range")),
    folded: parameters.get("gaps") !== "shown",
    columns: parameters.has("cols") ? columns : USUAL_COLUMNS,
  };
}

/** The parameters with some of them changed. What is as usual is not said. */
export function withTraceAddress(parameters: URLSearchParams, change: Partial<TraceAddress>): URLSearchParams {
  const next = new URLSearchParams(parameters);
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined || value === "") next.delete(name);
    else next.set(name, value);
  };
  const write: { [Key in keyof TraceAddress]: (value: TraceAddress[Key]) => void } = {
    span: (value) => set("span", value),
    trace: (value) => set("trace", value),
    view: (value) => set("view", value === "tree" ? undefined : value),
    hidden: (value) => set("hide", value.join(",")),
    everything: (value) => set("details", value ? "true" : undefined),
    find: (value) => set("find", value),
    level: (value) => set("level", value?.toString()),
    opened: (value) => set("open", ids(value)),
    closed: (value) => set("fold", ids(value)),
    range: (value) => set("range", value?.map(short).join("-")),
    folded: (value) => set("gaps", value ? undefined : "shown"),
    columns: (value) => {
      if (value.join() === USUAL_COLUMNS.join()) next.delete("cols");
      else next.set("cols", value.join(","));
    },
  };
  for (const key of Object.keys(change) as (keyof TraceAddress)[]) {
    (write[key] as (value: unknown) => void)(change[key]);
  }
  return next;
}

function list(parameters: URLSearchParams, name: string): string[] {
  return (parameters.get(name) ?? "").split(",").filter(Boolean);
}

function ids(of: readonly string[]): string | undefined {
  return of.length > MOST_IDS ? undefined : of.join(",");
}

function readRange(text: string | null): Interval | undefined {
  const [from = NaN, to = NaN] = (text ?? "").split("-").map((part) => (part === "" ? NaN : Number(part)));
  return from >= 0 && to > from ? [from, to] : undefined;
}

/** To the microsecond, without digits that mean nothing. */
function short(ms: number): string {
  return String(Math.round(Math.max(0, ms) * 1000) / 1000);
}
