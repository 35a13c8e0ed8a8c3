import { useState } from "react";
import { recall, remember } from "../../../api/storage";
import { useParameter } from "./useParameter";

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
  const [named, setNamed] = useParameter("tab");
  const [raw, setRaw] = useParameter("raw");
  const [kept, setKept] = useState(() => tabOf(recall(KEY)));
  return {
    tab: tabOf(named) ?? kept ?? "attributes",
    raw: raw === "true",
    choose: (tab) => {
      setNamed(tab);
      setKept(tab);
      remember(KEY, tab);
    },
    toggleRaw: () => setRaw(raw === "true" ? undefined : "true"),
  };
}

function tabOf(name: string | null | undefined): PanelTab | undefined {
  return TABS.find((tab) => tab === name);
}
