import { expect, it } from "vitest";
import { at, sampleSpan, spanId } from "../testing/sample";
import { snapshotsAround } from "./snapshots";

const ids = (spans: readonly { span_id: string }[]) => spans.map((span) => Number.parseInt(span.span_id, 16));

const root = sampleSpan(1, undefined, { start_time: at(0), end_time: at(60) });
const planner = sampleSpan(2, 1, { start_time: at(1), end_time: at(5) });
const worker = sampleSpan(3, 1, { start_time: at(6), end_time: at(9) });
const running = sampleSpan(4, 1, { start_time: at(2), end_time: undefined });

it("orders snapshots by when they were last written, not by when their spans began", () => {
  const spans = [root, worker, running, planner];
  expect(ids(snapshotsAround(root, spans).earlier)).toEqual([2, 3]);
  expect(ids(snapshotsAround(root, spans).later)).toEqual([4]);
  expect(ids(snapshotsAround(planner, spans).earlier)).toEqual([]);
  expect(ids(snapshotsAround(running, spans).earlier)).toEqual([2, 3, 1]);
});

it("tells spans with the same id in two traces apart", () => {
  const twin = { ...planner, trace_id: "b".repeat(32), span_id: spanId(2) };
  const { earlier, later } = snapshotsAround(planner, [planner, twin]);
  expect(earlier.length + later.length).toBe(1);
});
