import { describe, expect, it } from "vitest";
import type { Health } from "../../api/types";
import { lag, limits, losses, summary, traffic } from "./words";

const health: Health = {
  status: "ok",
  version: "0.1.0",
  read_only: false,
  instance: "7f3a",
  uptime_seconds: 1,
  mount: "",
  store: { kind: "memory", bytes: 0, sessions: 0, spans: 0, events: 0 },
  events_last_minute: 0,
  subscribers: 0,
  backlog_bytes: 0,
  counters: { published: 12, dropped_capture: 0, brand_new: 3, trace_file_bytes_written: 15_065 },
  limits: { body_idle_ms: 10_000, ring_bytes: 16_777_216, streams: 8_192, store_backlog_bytes: 1_000 },
  prices: { date: "2026-11-21", source: "x", models: 1 },
  parts: [{ name: "store", state: "ok" }],
};

describe("the words of the health screen", () => {
  it("say that all is well only when nothing was lost and no part is in trouble", () => {
    expect(summary(health)).toEqual({ ok: true, text: "All is well, nothing was lost since the start" });
    expect(summary({ ...health, counters: { dropped_capture: 7 } }).text).toContain("something was lost");
    expect(summary({ ...health, parts: [{ name: "temporal", state: "degraded" }] })).toEqual({ ok: false, text: "temporal is in trouble" });
    const without: Partial<Health> = { ...health };
    delete without.store;
    expect(summary(without as Health).ok).toBe(false);
  });

  it("mark a loss", () => expect(losses({ ...health, counters: { missed: 2 } })).toMatchObject([{ value: "2", bad: true }]));

  it("show also what a younger host counts, with its unit", () => {
    const shown = traffic(health).map(({ words, value }) => `${words}: ${value}`);
    expect(shown).toEqual(["Events published: 12", "Written to trace files: 15 kB", "Brand new: 3"]);
  });

  it("read the unit of a bound from its name", () => {
    expect(limits(health).map(({ words, value }) => `${words}: ${value}`)).toEqual([
      "Body idle: 10.0 s",
      "Ring: 17 MB",
      "Streams: 8,192",
      "Store backlog: 1.0 kB",
    ]);
  });

  it("tell how far the store is behind", () => {
    expect(lag(health)).toBe("none");
    expect(lag({ ...health, backlog_bytes: 500 })).toBe("500 B wait to be stored, 50 % of the bound");
  });
});
