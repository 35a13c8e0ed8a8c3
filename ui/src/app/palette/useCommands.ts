import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { useLocation } from "wouter";
import { signedIn } from "../../api/client";
import { traceUrl } from "../../api/control";
import { refusalWords } from "../../api/refusal";
import { listSessions } from "../../api/requests";
import { chooseDensity, useDensity } from "../../components/density";
import { canNotify, chooseNotices, useNotices } from "../../components/notices";
import { copyText } from "../../components/copyText";
import { useDebounced } from "../../components/useDebounced";
import { curlOf, traceFileName } from "../../model/curl";
import { oneLine } from "../../model/text";
import { leave } from "../leave";
import { chooseTheme } from "../theme";
import type { Command } from "./commands";

const TYPING_PAUSE_MS = 120;
const SESSIONS = 8;

/** All that can be done from here, for what was typed. `say` tells that something was done which cannot be seen. */
export function useCommands(typed: string, say: (words: string) => void, onHelp: () => void): { commands: Command[]; looking: boolean } {
  const [path, navigate] = useLocation();
  const density = useDensity();
  const notices = useNotices();
  const isIn = useSyncExternalStore(signedIn.subscribe, signedIn.get);
  const text = useDebounced(typed.trim(), TYPING_PAUSE_MS, "");
  const sessions = useQuery({
    queryKey: ["palette-sessions", text],
    queryFn: ({ signal }) => listSessions(text === "" ? {} : { text }, undefined, signal),
    staleTime: 0,
    placeholderData: (before) => before,
  });
  const copy = (what: string, said: string): void => {
    copyText(what).then(
      () => say(said),
      () => say("The browser did not let it be copied"),
    );
  };

  const commands: Command[] = [
    ...sessionCommands(idIn(path), copy),
    { id: "sessions", group: "Go to", title: "Sessions", hint: "g s", run: () => navigate("/sessions") },
    { id: "waiting", group: "Go to", title: "Waiting sessions", hint: "paused, need you", run: () => navigate("/sessions?q=status%3Apaused") },
    { id: "failed", group: "Go to", title: "Failed sessions", run: () => navigate("/sessions?q=status%3Afailed") },
    { id: "events", group: "Go to", title: "Events", hint: "g e", run: () => navigate("/events") },
    { id: "search", group: "Go to", title: "Search", hint: "g r", run: () => navigate("/search") },
    { id: "health", group: "Go to", title: "Health", hint: "g h", run: () => navigate("/health") },
    { id: "link", group: "Actions", title: "Copy link to this view", run: () => copy(location.href, "Link copied") },
    ...(["system", "light", "dark"] as const).map(
      (theme): Command => ({ id: `theme-${theme}`, group: "Actions", title: `Theme: ${theme}`, run: () => chooseTheme(theme) }),
    ),
    {
      id: "density",
      group: "Actions",
      title: density === "compact" ? "Density: comfortable" : "Density: compact",
      run: () => chooseDensity(density === "compact" ? "comfortable" : "compact"),
    },
    ...(canNotify()
      ? [
          {
            id: "notices",
            group: "Actions" as const,
            title: notices ? "Notices of questions: off" : "Notices of questions: on",
            hint: "while you look elsewhere",
            run: () => void chooseNotices(!notices),
          },
        ]
      : []),
    ...(isIn
      ? [
          {
            id: "sign-out",
            group: "Actions" as const,
            title: "Sign out",
            hint: "in all tabs",
            run: () => void leave().catch((error: unknown) => say(`Signing out failed: ${refusalWords(error)}`)),
          },
        ]
      : []),
    { id: "help", group: "Actions", title: "Keyboard shortcuts", hint: "?", run: onHelp },
    ...(typed.trim() === "" ? [] : [searchCommand(typed.trim(), navigate)]),
    ...(sessions.data?.sessions ?? []).slice(0, SESSIONS).map(
      (session): Command => ({
        id: `session-${session.id}`,
        group: "Sessions",
        title: oneLine(session.title) || session.id,
        hint: session.agent ?? session.engine,
        session,
        run: () => navigate(`/sessions/${encodeURIComponent(session.id)}`),
      }),
    ),
  ];
  return { commands, looking: sessions.isFetching };
}

function idIn(path: string): string | undefined {
  const found = /^\/sessions\/([^/]+)$/.exec(path)?.[1];
  try {
    return found === undefined ? undefined : decodeURIComponent(found);
  } catch {
    return found;
  }
}

function sessionCommands(id: string | undefined, copy: (what: string, said: string) => void): Command[] {
  if (id === undefined) return [];
  const url = traceUrl(id);
  return [
    { id: "copy-id", group: "This session", title: "Copy the session’s id", run: () => copy(id, "Id copied") },
    { id: "curl", group: "This session", title: "Copy as curl", hint: "the whole trace", run: () => copy(curlOf(url), "Command copied") },
    {
      id: "download",
      group: "This session",
      title: "Download the trace",
      hint: "JSON lines",
      run: () => {
        const link = document.createElement("a");
        link.href = url.href;
        link.download = traceFileName(id);
        link.click();
      },
    },
  ];
}

function searchCommand(typed: string, navigate: (to: string) => void): Command {
  return { id: "search-all", group: "Search", title: `Search everything for “${typed}”`, run: () => navigate(`/search?${new URLSearchParams({ q: typed })}`) };
}
