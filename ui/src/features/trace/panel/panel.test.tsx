import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { at, sampleDetail } from "../../../testing/sample";
import type { Span } from "../../../api/types";
import { renderAt } from "../../../testing/page";
import { SpanTabs } from "./SpanPanel";

/** Without this, an element and the one around it would both hold the same text. */
function isLeafy(element: Element): boolean {
  return [...element.children].every((child) => child.textContent !== element.textContent);
}

function open(span: Span, address = "/sessions/s1?tab=attributes", alive = true) {
  return renderAt(address, <SpanTabs span={span} sessionId="s1" alive={alive} />);
}

describe("the attributes of a span", () => {
  it("begin with the normalised fields, and unknown ones have no row", () => {
    open(sampleDetail({
          model: "gpt-4.1",
          provider: "openai",
          usage: { input_tokens: 4_096, output_tokens: 180 },
          cost: { usd: 0.0041, source: "computed" },
        }));
    for (const text of ["LLM call", "gpt-4.1", "openai", "4,096", "≈$0.0041"]) {
      expect(screen.getByText(text, { exact: false })).toBeInTheDocument();
    }
    expect(screen.queryByText("Tool")).toBeNull();
    expect(screen.queryByText("Agent")).toBeNull();
  });

  it("say what failed before anything else", () => {
    open(sampleDetail({ status: { code: "error" }, error: { type: "RateLimitError", message: "429" } }), undefined, false);
    expect(screen.getByText("RateLimitError")).toBeInTheDocument();
    expect(screen.getByText("429")).toBeInTheDocument();
  });

  it("lay out JSON, mark what was cut, and fold what is long", async () => {
    const user = userEvent.setup();
    open(sampleDetail({
          attributes: {
            "mcp.tool.input_json": '{"command":"ls"}',
            prompt: "line\n".repeat(40),
            prompt_truncated: true,
          },
        }));
    expect(screen.getByText(/"command": "ls"/)).toBeInTheDocument();
    expect(screen.getByText("cut")).toBeInTheDocument();
    expect(screen.queryByText("prompt_truncated")).toBeNull();
    expect(screen.getByText("200 B")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Show all" }));
    expect(screen.queryByRole("button", { name: "Show all" })).toBeNull();
    await user.click(screen.getByRole("button", { name: "Fold" }));
    expect(screen.getByRole("button", { name: "Show all" })).toBeInTheDocument();
  });

  it("can be filtered", async () => {
    const user = userEvent.setup();
    const attributes = Object.fromEntries(["a", "b", "c", "d", "e", "needle"].map((key) => [key, 1]));
    open(sampleDetail({ attributes }));
    await user.type(screen.getByRole("textbox", { name: "Filter the attributes" }), "need");
    expect(screen.getByText("needle")).toBeInTheDocument();
    expect(screen.queryByText("a")).toBeNull();
    await user.type(screen.getByRole("textbox"), "x");
    expect(screen.getByText("No attribute matches.")).toBeInTheDocument();
  });

  it("show the whole span as JSON", async () => {
    const user = userEvent.setup();
    open(sampleDetail());
    await user.click(screen.getByRole("button", { name: "Raw" }));
    expect(screen.getByText(/"otel_kind": "client"/)).toBeInTheDocument();
  });

  it("end with events, links, resource and scope, when there are any", () => {
    open(sampleDetail({
          events: [{ name: "exception", time: at(2), attributes: { "exception.type": "Oops" } }],
          links: [{ trace_id: "f".repeat(32), span_id: "e".repeat(16), attributes: {} }],
          resource: { "service.name": "swe-agent" },
          scope: { name: "my.library", version: "1.2" },
          dropped_attributes: 3,
        }));
    for (const text of ["exception", "+1.0 s", "Oops", "e".repeat(16), "swe-agent", "my.library 1.2"]) {
      expect(screen.getByText((_text, element) => element?.textContent.trim() === text && isLeafy(element))).toBeInTheDocument();
    }
    expect(screen.getByText(/3 more were dropped/)).toBeInTheDocument();
  });

  it("draw markup as text", () => {
    open(sampleDetail({ attributes: { html: "<img src=x onerror=alert(1)>" } }));
    expect(screen.getByText("<img src=x onerror=alert(1)>")).toBeInTheDocument();
    expect(document.querySelector("img")).toBeNull();
  });
});
