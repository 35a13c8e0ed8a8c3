import { useSyncExternalStore } from "react";
import { Signal } from "../api/signal";
import { recall, remember } from "../api/storage";

const KEY = "notices";

/** Whether the reader wants to hear of questions while looking elsewhere, and the browser lets us say so. */
const wanted = new Signal<boolean>(recall(KEY) === "on");

/** Whether this browser can say anything at all outside of the page. */
export const canNotify = (): boolean => "Notification" in globalThis;

export function useNotices(): boolean {
  const on = useSyncExternalStore(wanted.subscribe, wanted.get);
  return on && canNotify() && Notification.permission === "granted";
}

/** Asks the browser, which asks the reader: only ever after a click. */
export async function chooseNotices(on: boolean): Promise<void> {
  const allowed = on && canNotify() && (await Notification.requestPermission()) === "granted";
  wanted.set(allowed);
  remember(KEY, allowed ? "on" : null);
}
