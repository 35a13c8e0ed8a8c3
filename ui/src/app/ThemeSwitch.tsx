import { Monitor, Moon, Sun } from "lucide-react";
import { useSyncExternalStore } from "react";
import { type Theme, chooseTheme, chosenTheme } from "./theme";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: Monitor, light: Sun, dark: Moon };

/** One button that goes round: by the system, light, dark. */
export function ThemeSwitch() {
  const theme = useSyncExternalStore(chosenTheme.subscribe, chosenTheme.get);
  const Icon = ICONS[theme];
  const label = `Theme: ${theme}`;
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      onClick={() => chooseTheme(NEXT[theme])}
    >
      <Icon size={16} strokeWidth={1.75} aria-hidden />
    </button>
  );
}
