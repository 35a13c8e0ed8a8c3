import { CircleHelp } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { useKeys } from "../components/useKeys";
import { Fault } from "./Fault";
import { Connection } from "./Connection";
import { LossNotices } from "./LossNotices";
import { ShortcutSheet } from "./ShortcutSheet";
import { ThemeSwitch } from "./ThemeSwitch";
import "./shell.css";

/** The frame around every screen. It remembers the list's address, so that going back keeps the filter. */
export function Shell({ children }: { children: (back: string) => ReactNode }) {
  const [path] = useLocation();
  const search = useSearch();
  const isList = path === "/" || path === "/sessions";
  const here = `/sessions${search && `?${search}`}`;
  const [lastList, setLastList] = useState("/sessions");
  if (isList && here !== lastList) setLastList(here);
  const [help, setHelp] = useState(false);

  useKeys({
    "?": () => setHelp(true),
    "/": focusSearch,
    s: focusSearch,
  });

  return (
    <div className="shell">
      <header className="shell-bar">
        <Link href="/sessions" className="shell-brand" aria-label="agent-inspector, all sessions">
          <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
            <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="1.75" />
            <circle cx="8" cy="8" r="2.25" fill="currentColor" />
          </svg>
          <span>agent-inspector</span>
        </Link>
        <nav aria-label="Screens">
          <Link href={lastList} aria-current={path === "/health" ? undefined : "page"}>
            Sessions
          </Link>
          <Link href="/health" aria-current={path === "/health" ? "page" : undefined}>
            Health
          </Link>
        </nav>
        <div className="shell-tools">
          <Connection />
          <ThemeSwitch />
          <button
            type="button"
            className="shell-icon"
            aria-label="Keyboard shortcuts"
            title="Keyboard shortcuts (?)"
            onClick={() => setHelp(true)}
          >
            <CircleHelp size={16} strokeWidth={1.75} aria-hidden />
          </button>
        </div>
      </header>
      <LossNotices />
      <Fault key={path}>{children(lastList)}</Fault>
      {help && <ShortcutSheet onClose={() => setHelp(false)} />}
    </div>
  );
}

function focusSearch(): void {
  const box = document.querySelector<HTMLInputElement>("input[data-search]");
  box?.focus();
  box?.select();
}
