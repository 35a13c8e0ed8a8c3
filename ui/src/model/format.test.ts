import { describe, expect, it } from "vitest";
import type { Counters } from "../api/types";
import { formatBytes, formatCost, formatSessionCost, formatTokens, formatUsd, plural, totalTokens } from "./format";

const none: Counters = {
  spans: 0,
  llm_calls: 0,
  tool_calls: 0,
  errors: 0,
  input_tokens: 0,
  output_tokens: 0,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  reasoning_tokens: 0,
  unpriced_calls: 0,
};

it.each([
  [undefined, "—"],
  [0, "0"],
  [999, "999"],
  [1_000, "1.00k"],
  [12_400, "12.4k"],
  [851_000, "851k"],
  [999_600, "1.00M"],
  [1_250_000, "1.25M"],
  [2_500_000_000, "2.50G"],
])("shows %s tokens as %s", (count, text) => expect(formatTokens(count)).toBe(text));

it.each([
  [0, "$0"],
  [0.0025, "$0.0025"],
  [0.03, "$0.03"],
  [0.0304, "$0.03"],
  [0.21, "$0.21"],
  [0.00001234, "$0.000012"],
  [0.00000001, "<$0.000001"],
  [12.3, "$12.30"],
  [12_345.6, "$12,346"],
])("shows %d dollars as %s", (usd, text) => expect(formatUsd(usd)).toBe(text));

describe("cost", () => {
  it("says where it is from", () => {
    expect(formatCost({ usd: 0.21, source: "reported" }).text).toBe("$0.21");
    expect(formatCost({ usd: 0.21, source: "computed" })).toMatchObject({ text: "≈$0.21" });
    expect(formatCost(undefined)).toMatchObject({ text: "—", meaning: expect.stringContaining("Unpriced") as string });
  });

  it("of a session is never zero when it is unknown", () => {
    expect(formatSessionCost(none).text).toBe("—");
    expect(formatSessionCost({ ...none, unpriced_calls: 3 }).meaning).toContain("3 calls");
    expect(formatSessionCost({ ...none, cost_usd: 0 }).text).toBe("$0");
  });

  it("of a session with unpriced calls is a lower bound", () => {
    expect(formatSessionCost({ ...none, cost_usd: 0.5, unpriced_calls: 1 })).toEqual({
      text: "$0.50+",
      meaning: "At least; no price is known for 1 call. Reported for all priced calls",
    });
  });

  it("of a session says how much of it was computed", () => {
    const computed = formatSessionCost({ ...none, cost_usd: 0.3, computed_cost_usd: 0.3 });
    expect(computed).toMatchObject({ text: "≈$0.30", meaning: expect.stringMatching(/^Computed/) as string });
    expect(formatSessionCost({ ...none, cost_usd: 0, computed_cost_usd: 0 }).text).toBe("≈$0");
    expect(formatSessionCost({ ...none, cost_usd: 0.5, computed_cost_usd: 0.3, unpriced_calls: 2 })).toEqual({
      text: "≈$0.50+",
      meaning:
        "At least; no price is known for 2 calls. $0.20 reported, $0.30 computed from tokens and the price list",
    });
    expect(formatSessionCost({ ...none, cost_usd: 0.5 }).meaning).toBe("Reported for all priced calls");
  });
});

it("tokens of a session of which nobody reported any are unknown, and 0 only when that was reported", () => {
  expect(totalTokens({ ...none, llm_calls: 2 })).toBeUndefined();
  expect(totalTokens({ ...none, llm_calls: 2, unpriced_calls: 2 })).toBe(0);
  expect(totalTokens({ ...none, llm_calls: 2, cost_usd: 0 })).toBe(0);
  expect(totalTokens(none)).toBeUndefined();
  expect(totalTokens({ ...none, llm_calls: 1, input_tokens: 3, output_tokens: 4 })).toBe(7);
});

it.each([
  [999, "999 B"],
  [1_500, "1.5 kB"],
  [999_700, "1.0 MB"],
  [18_432_000, "18 MB"],
])("shows %d bytes as %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

it("counts in words", () => {
  expect(plural(1, "span")).toBe("1 span");
  expect(plural(1_200, "span")).toBe("1,200 spans");
});
