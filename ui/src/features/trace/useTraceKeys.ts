import type { RefObject } from "react";
import { useKeys } from "../../components/useKeys";
import type { TraceAddress } from "../../model/traceAddress";
import type { Step, TraceFrame } from "../../worker/trace/messages";
import { aroundSpan } from "./TraceGrid";
import type { TraceStore } from "./traceStore";
import type { LiveView } from "./useLiveView";
import type { TimeAxis } from "./useTimeAxis";
import type { ChangeAddress } from "./useTraceAddress";

interface Of {
  store: TraceStore;
  frame: TraceFrame;
  /** How many rows fit on the screen. */
  page: RefObject<number>;
  time: TimeAxis;
  live: LiveView;
  address: TraceAddress;
  change: ChangeAddress;
  until: number;
  go: (step: Step) => void;
  open: () => void;
  leave: () => void;
}

/** The keys of the debugger. The sheet of the page names them; keep the two together. */
export function useTraceKeys({ store, frame, page, time, live, address, change, until, go, open, leave }: Of): void {
  const to = (where: Extract<Step, { to: string }>["to"]) => (): void => go({ to: where });
  /** The arrows with Shift are the time's. */
  const sideways = (where: "in" | "out", share: number) => (event: KeyboardEvent): void => {
    if (event.shiftKey) time.pan(share);
    else go({ to: where });
  };
  useKeys({
    ArrowDown: () => go({ by: 1 }),
    ArrowUp: () => go({ by: -1 }),
    j: () => go({ by: 1 }),
    k: () => go({ by: -1 }),
    PageDown: () => go({ by: page.current }),
    PageUp: () => go({ by: -page.current }),
    Home: to("first"),
    End: to("last"),
    ArrowRight: sideways("in", 0.2),
    ArrowLeft: sideways("out", -0.2),
    l: to("in"),
    h: to("out"),
    "]": to("next-sibling"),
    "[": to("previous-sibling"),
    e: to("error"),
    w: to("wait"),
    b: to("slowest"),
    d: to("divergence"),
    n: to("match"),
    N: to("previous-match"),
    "<": () => store.send({ type: "level", by: -1 }),
    ">": () => store.send({ type: "level", by: 1 }),
    p: live.toggleHeld,
    f: live.toggleFollow,
    c: () => change({ folded: !address.folded }),
    "+": () => time.zoom(1),
    "=": () => time.zoom(1),
    "-": () => time.zoom(-1),
    z: () => {
      if (frame.chosen !== undefined) time.show(aroundSpan(frame.chosen, until));
    },
    "0": time.reset,
    Enter: open,
    Escape: () => {
      if (address.find !== "") change({ find: "" });
      else if (time.isZoomed) time.reset();
      else leave();
    },
  });
}
