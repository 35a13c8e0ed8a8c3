import { CircleHelp, Command } from "lucide-react";
import { type ReactNode, Suspense, lazy, useEffect, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { NARROW, useMedia } from "../components/useMedia";
import { useKeys } from "../components/useKeys";
import { Connection, StaleStrip } from "./Connection";
import { DensitySwitch } from "./DensitySwitch";
import { Denied } from "./Denied";
import { Fault } from "./Fault";
import { LossNotices } from "./LossNotices";
import { OpenBanner } from "./OpenBanner";
import { SignOut } from "./SignOut";
import { ThemeSwitch } from "./ThemeSwitch";
import { ViewOnly } from "./ViewOnly";
import { WaitNotices } from "./WaitNotices";
import { useGoKeys } from "./useGoKeys";
import "./shell.css";

const Palette = lazy(async () => ({ default: (await import("./palette/Palette")).Palette }));
const ShortcutSheet = lazy(async () => ({ default: (await import("./sheet/ShortcutSheet")).ShortcutSheet }));

const SCREENS: readonly [path: string, name: string][] = [
  ["/sessions", "Sessions"],
  ["/events", "Events"],
  ["/search", "Search"],
  ["/health", "Health"],
];

/** The frame around every screen. It remembers the list's address, so that going back keeps the filter. */
export function Shell({ children }: { children: (back: string) => ReactNode }) {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const isList = path === "/" || path === "/sessions";
  const here = `/sessions${search && `?${search}`}`;
  const [lastList, setLastList] = useState("/sessions");
  if (isList && here !== lastList) setLastList(here);
  const [over, setOver] = useState<"palette" | "help" | undefined>();
  const narrow = useMedia(NARROW);

  useKeys({
    "?": () => setOver("help"),
    "/": () => focusSearch(navigate),
    s: () => focusSearch(navigate),
  });
  useGoKeys({ s: () => navigate(lastList), e: () => navigate("/events"), r: () => navigate("/search"), h: () => navigate("/health") });
  usePaletteKey(() => setOver((before) => (before === undefined ? "palette" : before === "palette" ? undefined : before)));

  const close = (): void => setOver(undefined);
  return (
    <div className="shell">
      <header className="shell-bar">
        <a className="skip" href="#screen" onClick={skip}>
          Skip to the content
        </a>
        <Link href="/sessions" className="shell-brand" aria-label="agent-inspector, all sessions">
          <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
            <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="1.75" />
            <circle cx="8" cy="8" r="2.25" fill="currentColor" />
          </svg>
          <span>agent-inspector</span>
        </Link>
        <nav aria-label="Screens">
          {SCREENS.map(([to, name]) => (
            <Link key={to} href={to === "/sessions" ? lastList : to} aria-current={isCurrent(to, path) ? "page" : undefined}>
              {name}
            </Link>
          ))}
        </nav>
        <div className="shell-tools">
          <Connection narrow={narrow} />
          <ViewOnly narrow={narrow} />
          <button type="button" className="icon-button shell-command" aria-label="Command palette" title="Command palette (Ctrl K)" onClick={() => setOver("palette")}>
            <Command size={15} strokeWidth={1.75} aria-hidden />
            <kbd aria-hidden="true">{isApple() ? "⌘K" : "Ctrl K"}</kbd>
          </button>
          {!narrow && (
            <>
              <DensitySwitch />
              <ThemeSwitch />
              <SignOut />
              <button type="button" className="icon-button" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={() => setOver("help")}>
                <CircleHelp size={16} strokeWidth={1.75} aria-hidden />
              </button>
            </>
          )}
        </div>
      </header>
      {narrow && <StaleStrip />}
      <Denied />
      <OpenBanner />
      <LossNotices />
      <WaitNotices />
      <Fault key={path}>{children(lastList)}</Fault>
      <Suspense>
        {over === "help" && <ShortcutSheet onClose={close} />}
        {over === "palette" && <Palette onClose={close} onHelp={() => setOver("help")} />}
      </Suspense>
    </div>
  );
}

function isCurrent(screen: string, path: string): boolean {
  return screen === "/sessions" ? path === "/" || path.startsWith("/sessions") : path === screen;
}

/** A screen without a box of its own sends to the search over everything. */
function focusSearch(navigate: (to: string) => void): void {
  const box = document.querySelector<HTMLInputElement>("input[data-search]");
  if (box === null) navigate("/search");
  box?.focus();
  box?.select();
}

function skip(event: { preventDefault: () => void }): void {
  event.preventDefault();
  const main = document.querySelector<HTMLElement>("main");
  if (main === null) return;
  main.tabIndex = -1;
  main.focus();
}

/** The one key with a modifier: it works also while somebody types. */
function usePaletteKey(open: () => void): void {
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      if (document.querySelector(".sign-in-over") === null) open();
    };
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  });
}

function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}
