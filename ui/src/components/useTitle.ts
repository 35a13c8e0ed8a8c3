import { useEffect } from "react";
import { oneLine } from "../model/text";

const NAME = "agent-inspector";

/** Names the browser tab: many of them stand beside each other on a bad day. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${oneLine(title, 80)} · ${NAME}`;
    return () => {
      document.title = NAME;
    };
  }, [title]);
}
