import { screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { Health } from "../../api/types";
import { FakeHost } from "../../testing/host";
import { renderAt } from "../../testing/page";
import { HealthPage } from "./Page";

afterEach(() => vi.unstubAllGlobals());

const health: Health = {
  status: "degraded",
  version: "0.1.0",
  read_only: false,
  instance: "7f3a",
  uptime_seconds: 7_500,
  mount: "/_inspector",
  store: { kind: "sqlite", path: "/data/store.db", bytes: 18_432_000, sessions: 73, spans: 12_031, events: 1_561 },
  sessions_active_24h: 41,
  events_last_minute: 182,
  subscribers: 2,
  backlog_bytes: 0,
  counters: { dropped_capture: 7, missed: 0 },
  limits: { streams: 8_192 },
  prices: { date: "2026-11-21", source: "litellm 1.109.1", models: 2_880, own_models: 3, path: "/etc/prices.txt" },
  parts: [
    { name: "store", state: "ok" },
    { name: "temporal", state: "degraded", why: "connection refused" },
  ],
};

it("shows which part is in trouble and why, what is stored and what was lost", async () => {
  new FakeHost({ health });
  renderAt("/health", <HealthPage />);
  expect(await screen.findByText("connection refused")).toBeInTheDocument();
  for (const text of ["/data/store.db", "12,031", "Records of this program that came faster than they could be taken", "7", "/_inspector", "temporal is in trouble"]) {
    expect(screen.getByText(text)).toBeInTheDocument();
  }
});

it("says so when the host doesn't answer", async () => {
  new FakeHost();
  renderAt("/health", <HealthPage />);
  expect(await screen.findByText("Asking for its health failed")).toBeInTheDocument();
});

it("calls the root by its name", async () => {
  new FakeHost({ health: { ...health, mount: "" } });
  renderAt("/health", <HealthPage />);
  expect(await screen.findByText("/")).toBeInTheDocument();
});
