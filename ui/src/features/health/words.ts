import type { Health } from "../../api/types";
import { formatBytes, formatCount } from "../../model/format";
import { formatDuration } from "../../model/time";

/** What was lost, in words. Each is 0 while all is well. */
const LOSSES: readonly [name: string, words: string][] = [
  ["dropped_capture", "Records of this program that came faster than they could be taken"],
  ["missed", "Events that live readers were too slow for, at most"],
  ["not_stored", "Records that the store did not take"],
  ["hooks_lost", "Hook calls that were lost"],
  ["hooks_not_stored", "Hook calls that were not stored"],
  ["hooks_not_understood", "Hook calls that could not be understood"],
  ["agent_spans_left_out", "Spans of an agent’s program left out"],
  ["redactions_overrun", "Values dropped because their redaction took too long"],
  ["panics_contained", "Faults in parts of the inspector that were contained"],
  ["readers_cut", "Readers cut off because they were too slow"],
  ["refused", "Requests asked to come again later"],
  ["trace_file_bad_lines", "Lines of trace files that could not be read"],
];

const TRAFFIC: readonly [name: string, words: string][] = [
  ["published", "Events published"],
  ["ingested_spans", "Spans taken over OTLP"],
  ["ingested_log_records", "Log records taken over OTLP"],
  ["ingested_metric_points", "Metric points taken over OTLP"],
  ["metric_points_ignored", "of them not about a session"],
  ["hooks_taken", "Hook calls taken"],
  ["trace_file_spans_read", "Spans read from trace files"],
  ["trace_file_bytes_written", "Written to trace files"],
  ["trace_files_removed", "Trace files removed"],
  ["trace_files_repaired", "Trace files repaired"],
];

export interface Fact {
  name: string;
  words: string;
  value: string;
  /** Something was lost here. */
  bad?: boolean;
}

export function losses({ counters }: Health): Fact[] {
  return LOSSES.flatMap(([name, words]) => {
    const count = counters[name];
    return count === undefined ? [] : [{ name, words, value: formatCount(count), bad: count > 0 }];
  });
}

/** The other counters; one that a younger host counts is shown by its own name. */
export function traffic({ counters }: Health): Fact[] {
  const known = new Map(TRAFFIC);
  const lost = new Set(LOSSES.map(([name]) => name));
  const order = [...known.keys(), ...Object.keys(counters).filter((name) => !known.has(name) && !lost.has(name))];
  return order.flatMap((name) => {
    const count = counters[name];
    if (count === undefined) return [];
    return [{ name, words: known.get(name) ?? spoken(name), value: inUnit(name, count) }];
  });
}

export function limits({ limits: all }: Health): Fact[] {
  return Object.entries(all).map(([name, value]) => ({ name, words: spoken(name), value: inUnit(name, value) }));
}

/** The unit is the end of the name. */
function inUnit(name: string, value: number): string {
  if (/_bytes(_|$)/.test(name)) return formatBytes(value);
  if (name.endsWith("_ms")) return formatDuration(value);
  return formatCount(value);
}

function spoken(name: string): string {
  const words = name.replace(/_(bytes|ms)$/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** How it is, in a sentence. */
export function summary(health: Health): { text: string; ok: boolean } {
  const degraded = health.parts.filter(({ state }) => state !== "ok");
  const lost = losses(health).filter(({ bad }) => bad === true);
  if (degraded.length > 0) return { ok: false, text: `${degraded.map(({ name }) => name).join(", ")} ${degraded.length === 1 ? "is" : "are"} in trouble` };
  if (health.store == null) return { ok: false, text: "The store does not answer" };
  if (lost.length > 0) return { ok: true, text: "All parts work; something was lost since the start" };
  return { ok: true, text: "All is well, nothing was lost since the start" };
}

/** How far the store is behind what was taken. */
export function lag({ backlog_bytes: waiting, limits: all }: Health): string {
  const most = all.store_backlog_bytes;
  const share = most === undefined || most === 0 ? "" : `, ${Math.round((waiting / most) * 100)} % of the bound`;
  return waiting === 0 ? "none" : `${formatBytes(waiting)} wait to be stored${share}`;
}
