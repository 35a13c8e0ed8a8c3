import { ChevronDown } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";

interface Props {
  label: ReactNode;
  /** The whole name, where the label is a picture or short. */
  name?: string;
  className?: string;
  align?: "left" | "right";
  children: ReactNode;
}

/**
 * A button with a small box of controls below it. Escape and a click elsewhere close it, and so does every `.menu-item`; the
 * focus goes back.
 */
export function Menu({ label, name, className = "tool", align = "left", children }: Props) {
  const [place, setPlace] = useState<{ top: number; left?: number; right?: number }>();
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const open = place !== undefined;

  useEffect(() => {
    if (!open) return;
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setPlace(undefined);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  function close(): void {
    setPlace(undefined);
    button.current?.focus();
  }

  function keys(event: KeyboardEvent): void {
    if (!open || event.key !== "Escape") return;
    event.preventDefault();
    event.nativeEvent.stopImmediatePropagation();
    close();
  }

  /** The bars that hold menus scroll sideways and would cut the box off, so it stands on the page. */
  function toggle(): void {
    const at = button.current?.getBoundingClientRect();
    if (open || at === undefined) setPlace(undefined);
    else if (align === "right") setPlace({ top: at.bottom + 4, right: Math.max(8, innerWidth - at.right) });
    else setPlace({ top: at.bottom + 4, left: Math.max(8, Math.min(at.left, innerWidth - 248)) });
  }

  return (
    // The keys come from the controls within.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div ref={root} className="menu" onKeyDown={keys}>
      <button
        ref={button}
        type="button"
        className={className}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={name}
        title={name}
        onClick={toggle}
      >
        {label}
        {typeof label === "string" && <ChevronDown size={12} aria-hidden />}
      </button>
      {open && (
        // The keys of what is in it are clicks as well.
        // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
        <div
          id={id}
          className="menu-box"
          role="group"
          aria-label={name ?? (typeof label === "string" ? label : undefined)}
          style={place}
          onClick={({ target }) => {
            if (target instanceof Element && target.closest(".menu-item") !== null) close();
          }}
        >
          {children}
        </div>
      )}
    </div>
  );
}
