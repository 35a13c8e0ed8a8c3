import { QueryClientProvider } from "@tanstack/react-query";
import { act, render } from "@testing-library/react";
import type { ReactElement } from "react";
import { Router } from "wouter";
import { memoryLocation } from "wouter/memory-location";
import { LiveProvider } from "../api/hooks";
import type { LiveBatch, LiveSource, LiveStatus } from "../api/live";
import { Signal } from "../api/signal";
import { newQueryClient } from "../app/App";

/** A live source that says what the test tells it to. */
export class FakeLive implements LiveSource {
  readonly status = new Signal<LiveStatus>({ phase: "live", lastByteAt: undefined });
  private readonly listeners = new Set<(batch: LiveBatch) => void>();
  retries = 0;
  feeders = 0;

  subscribe(listener: (batch: LiveBatch) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  send(batch: LiveBatch): void {
    act(() => {
      for (const listener of [...this.listeners]) listener(batch);
    });
  }

  wantFeed(): () => void {
    this.feeders += 1;
    return () => {
      this.feeders -= 1;
    };
  }

  start(): void {
    // It is always there.
  }

  stop(): void {
    // It is always there.
  }

  retry(): void {
    this.retries += 1;
  }
}

/** Draws a screen at an address, with everything a screen finds around itself in the real page. */
export function renderAt(address: string, screen: ReactElement) {
  const live = new FakeLive();
  const [path, search = ""] = address.split("?");
  const { hook, searchHook, history } = memoryLocation({ path: path ?? "/", searchPath: search, record: true });
  const client = newQueryClient();
  const view = render(
    <QueryClientProvider client={client}>
      <LiveProvider value={live}>
        <Router hook={hook} searchHook={searchHook}>
          {screen}
        </Router>
      </LiveProvider>
    </QueryClientProvider>,
  );
  return { live, client, history, ...view };
}
