import { Rows3, Rows4 } from "lucide-react";
import { chooseDensity, useDensity } from "../components/density";

/** Two choices, one button. */
export function DensitySwitch() {
  const density = useDensity();
  const label = `Density: ${density}`;
  const Icon = density === "compact" ? Rows4 : Rows3;
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      onClick={() => chooseDensity(density === "compact" ? "comfortable" : "compact")}
    >
      <Icon size={16} strokeWidth={1.75} aria-hidden />
    </button>
  );
}
