import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { Router } from "wouter";
import { pagePath } from "../api/base";
import { forgetRefusals } from "../api/barred";
import { ApiError, signInRequired } from "../api/client";
import { LiveProvider } from "../api/hooks";
import { askStandingAgain } from "../api/standing";
import type { LiveSource } from "../api/live";
import { SignInAgain } from "../features/sign-in/Again";
import { SignInPage } from "../features/sign-in/Page";
import { backoff } from "../model/backoff";
import { Routes } from "./Routes";
import { Shell } from "./Shell";

const RETRIES = 3;

/** An answer that will be the same next time is not asked for again. */
function worthRetrying(failures: number, error: Error): boolean {
  const passing = !(error instanceof ApiError) || error.status === 429 || error.status >= 500;
  return passing && failures < RETRIES;
}

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: worthRetrying,
        retryDelay: (attempt, error) =>
          Math.max(backoff(attempt, Math.random()), (error instanceof ApiError ? error.retryAfterMs : undefined) ?? 0),
        // The stream keeps what is shown current; asking again because a window got focus would be noise.
        staleTime: Infinity,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        networkMode: "always",
      },
    },
  });
}

export function App({ live, client }: { live: LiveSource; client: QueryClient }) {
  const locked = useSyncExternalStore(signInRequired.subscribe, signInRequired.get);

  useEffect(() => {
    live.start();
    return () => live.stop();
  }, [live]);

  // Who has seen something comes back to it as it was, with what was folded, scrolled and begun.
  const [seen, setSeen] = useState(() => live.status.get().phase === "live");
  useEffect(
    () =>
      live.status.subscribe(() => {
        if (live.status.get().phase === "live") setSeen(true);
      }),
    [live],
  );

  // What was refused before signing in is asked for again after; what was shown stays until the answer comes.
  useEffect(() => {
    if (locked) return;
    forgetRefusals();
    askStandingAgain(client);
    void client.resetQueries({ predicate: ({ state }) => state.status === "error" && state.data === undefined });
    void client.invalidateQueries({ predicate: ({ state }) => state.status === "error" });
  }, [locked, client]);

  return (
    <QueryClientProvider client={client}>
      <LiveProvider value={live}>
        <Router base={pagePath}>
          {(!locked || seen) && <Shell>{(back) => <Routes back={back} />}</Shell>}
          {locked && (seen ? <SignInAgain /> : <SignInPage />)}
        </Router>
      </LiveProvider>
    </QueryClientProvider>
  );
}
