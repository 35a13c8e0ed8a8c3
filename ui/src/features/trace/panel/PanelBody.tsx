import type { KeyboardEvent, ReactNode, Ref } from "react";

const STEP = 40;

/** What a tab shows, scrolling by itself. With the focus on it the keys that scroll do so, and not what the page does by them. */
export function PanelBody({ className = "", bodyRef, children }: { className?: string; bodyRef?: Ref<HTMLDivElement>; children: ReactNode }) {
  return (
    // Text without a control in it must be reached and scrolled by those who have no pointer.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      ref={bodyRef}
      className={`panel-body ${className}`}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onKeyDown={scroll}
    >
      {children}
    </div>
  );
}

function scroll(event: KeyboardEvent<HTMLElement>): void {
  const body = event.currentTarget;
  if (event.target !== body || event.ctrlKey || event.altKey || event.metaKey) return;
  const page = body.clientHeight * 0.9;
  const moves: Record<string, number> = {
    ArrowDown: STEP,
    ArrowUp: -STEP,
    PageDown: page,
    PageUp: -page,
    " ": event.shiftKey ? -page : page,
    Home: -body.scrollHeight,
    End: body.scrollHeight,
  };
  const by = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
  if (by === undefined) return;
  event.preventDefault();
  body.scrollTop += by;
}
