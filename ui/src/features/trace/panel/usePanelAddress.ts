import { useCallback, useState } from "react";
import { useSearchParams } from "wouter";
import { recall, remember } from "../../../api/storage";

export type PanelTab = "attributes" | "state" | "context";

const TABS: readonly PanelTab[] = ["attributes", "state", "context"];
const KEY = "panel-tab";

export interface PanelAddress {
  tab: PanelTab;
  /** Everything is shown as it was recorded, and not laid out. */
  raw: boolean;
  choose: (tab: PanelTab) => void;
  toggleRaw: () => void;
}

/** The tab lives in the address, so that a link opens it; without one it is the tab that the reader chose last. */
export function usePanelAddress(): PanelAddress {
  const [parameters, setParameters] = useSearchParams();
  const [kept, setKept] = useState(() => tabOf(recall(KEY)));
  const raw = parameters.get("raw") === "true";

  const set = useCallback(
    (name: string, value: string | undefined) => {
      setParameters(
        (now) => {
          const next = new URLSearchParams(now);
          if (value === undefined) next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true },
      );
    },
    [setParameters],
  );

  return {
    tab: tabOf(parameters.get("tab")) ?? kept ?? "attributes",
    raw,
    choose: (tab) => {
      set("tab", tab);
      setKept(tab);
      remember(KEY, tab);
    },
    toggleRaw: () => set("raw", raw ? undefined : "true"),
  };
}

function tabOf(name: string | null): PanelTab | undefined {
  return TABS.find((tab) => tab === name);
}
