import { type RefObject, useLayoutEffect } from "react";

/**
 * Rows stay where they are under the reader's eyes when something appears above their list, or leaves: the list is then
 * scrolled by as much as it was moved. A list that stands at its top shows its top.
 */
export function useSteadyRows(scroller: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    let before = element.getBoundingClientRect().top;
    // What takes room above takes it from the list, so its size tells; it does so before anything is drawn.
    const sizes = new ResizeObserver(() => {
      const now = element.getBoundingClientRect().top;
      if (element.scrollTop > 0) element.scrollTop += now - before;
      before = now;
    });
    sizes.observe(element);
    return () => sizes.disconnect();
  }, [scroller]);
}
