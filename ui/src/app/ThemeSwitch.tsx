import { Monitor, Moon, Sun } from "lucide-react";
import { useState } from "react";
import { type Theme, chooseTheme, storedTheme } from "./theme";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: Monitor, light: Sun, dark: Moon };

/** One button that goes round: by the system, light, dark. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(storedTheme);
  const Icon = ICONS[theme];
  const label = `Theme: ${theme}`;
  return (
    <button
      type="button"
      className="shell-icon"
      aria-label={label}
      title={label}
      onClick={() => {
        const next = NEXT[theme];
        chooseTheme(next);
        setTheme(next);
      }}
    >
      <Icon size={16} strokeWidth={1.75} aria-hidden />
    </button>
  );
}
