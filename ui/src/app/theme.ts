import { Signal } from "../api/signal";
import { recall, remember } from "../api/storage";

export type Theme = "system" | "light" | "dark";

const KEY = "theme";

export function storedTheme(): Theme {
  const stored = recall(KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}

/** `color-scheme` follows this attribute and every colour follows `color-scheme`. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export const chosenTheme = new Signal<Theme>(storedTheme());

export function chooseTheme(theme: Theme): void {
  chosenTheme.set(theme);
  applyTheme(theme);
  remember(KEY, theme === "system" ? null : theme);
}
