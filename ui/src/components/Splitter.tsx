import type { KeyboardEvent, PointerEvent } from "react";
import "./splitter.css";

const STEP = 24;

interface Props {
  label: string;
  /** Width of the column to the right, in pixels. */
  size: number;
  onChange: (size: number) => void;
}

/** A hairline that can be dragged, or moved with the arrow keys. */
export function Splitter({ label, size, onChange }: Props) {
  function drag(event: PointerEvent<HTMLDivElement>): void {
    const from = event.clientX;
    const line = event.currentTarget;
    line.setPointerCapture(event.pointerId);
    line.onpointermove = (move) => onChange(size + from - move.clientX);
    line.onpointerup = line.onpointercancel = () => {
      line.onpointermove = null;
    };
    event.preventDefault();
  }

  function keys(event: KeyboardEvent): void {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    event.nativeEvent.stopImmediatePropagation();
    onChange(size + (event.key === "ArrowLeft" ? STEP : -STEP));
  }

  return (
    // A separator that can be moved is a control by the ARIA specification, whatever the rule's list says.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      className="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={size}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onPointerDown={drag}
      onKeyDown={keys}
    />
  );
}
