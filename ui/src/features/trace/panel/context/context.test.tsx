import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { Message, Span, SpanContent } from "../../../../api/types";
import { renderAt } from "../../../../testing/page";
import { sampleDetail } from "../../../../testing/sample";
import { SpanTabs } from "../SpanPanel";

const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
const NOTHING: SpanContent = { input_messages: [], output_messages: [], tool_definitions: [], documents: [], sources: [], unreadable: [] };

function open(content: Partial<SpanContent>, change: Partial<Span> = {}, more = "") {
  const span = sampleDetail({ content: { ...NOTHING, ...content }, ...change });
  return renderAt(`/sessions/s1?tab=context${more}`, <SpanTabs span={span} sessionId="s1" alive />);
}

const says = (role: string, ...parts: Message["parts"]): Message => ({ role, parts });
const text = (said: string): Message["parts"][number] => ({ type: "text", text: said });

describe("the Context tab", () => {
  it("reads like a conversation, the instructions folded", async () => {
    const user = userEvent.setup();
    open({
      input_messages: [says("system", text("You are careful.\nAlways.")), says("user", text("What is 6 × 7?"))],
      output_messages: [{ ...says("assistant", text("42")), finish_reason: "length" }],
    });
    expect(await screen.findByRole("region", { name: "User" })).toHaveTextContent("What is 6 × 7?");
    expect(screen.getByRole("region", { name: "Assistant" })).toHaveTextContent("42It stopped because the answer became too long.");
    const system = screen.getByRole("region", { name: "System" });
    expect(within(system).queryByText(/Always/, { selector: "pre" })).toBeNull();
    await user.click(within(system).getByRole("button", { name: /You are careful/ }));
    expect(within(system).getByText(/Always/, { selector: "pre" })).toBeInTheDocument();
  });

  it("has a tool's answer at its call, and says when there is none here", async () => {
    open({
      input_messages: [
        says("assistant", { type: "tool_call", id: "1", name: "ls", arguments: { path: "src" } }),
        says("tool", { type: "tool_result", id: "1", result: "main.rs", is_error: true }),
      ],
      output_messages: [says("assistant", { type: "tool_call", id: "2", name: "cat" })],
    });
    const [first, second] = await screen.findAllByRole("region", { name: "Assistant" });
    expect(first).toHaveTextContent("ls1failedcalled with{\"path\":\"src\"}failed withmain.rs");
    expect(second).toHaveTextContent("Its answer isn’t told in this span.");
    expect(screen.queryByRole("region", { name: "Tool" })).toBeNull();
  });

  it("tells tokens with their parts, and what is unknown as unknown", async () => {
    open(
      { output_messages: [says("assistant", text("hi"))] },
      { model: "gpt-4.1", usage: { input_tokens: 1_200, cache_read_tokens: 1_000 } },
    );
    const pill = await screen.findByRole("list", { name: "Model, tokens and cost" });
    expect(pill).toHaveTextContent("gpt-4.11.20k in (1.00k cached)— outunpriced");
  });

  it("draws embedded pictures only, and loads nothing", async () => {
    open(
      {
        input_messages: [
          says(
            "user",
            { type: "image", mime_type: "image/png", data: { attribute: "picture" } },
            { type: "image", mime_type: "image/png", uri: "https://evil.example/a.png" },
            { type: "resource", uri: "file:///etc/passwd", mime_type: "text/plain" },
            { type: "audio", mime_type: "audio/wav", size: 2_000, transcript: "hello there" },
          ),
        ],
      },
      { attributes: { picture: DOT } },
    );
    const picture = await screen.findByRole("img", { name: /Embedded in the message, 1 by 1/ });
    expect(picture).toHaveAttribute("src", `data:image/png;base64,${DOT}`);
    expect(document.querySelectorAll("img")).toHaveLength(1);
    for (const said of ["https://evil.example/a.png", "file:///etc/passwd", "hello there"]) expect(screen.getByText(said)).toBeInTheDocument();
    expect(document.querySelector("a[href*='evil'], a[href^='file']")).toBeNull();
  });

  it("folds what a model thought, and tells of thoughts that nobody may read", async () => {
    const user = userEvent.setup();
    open({
      output_messages: [
        says("assistant", { type: "reasoning", text: "Let me think" }, { type: "reasoning", text: "", redacted: true }, { type: "refusal", text: "No." }),
      ],
    });
    expect(await screen.findByText(/gave the thoughts encrypted/)).toBeInTheDocument();
    expect(screen.queryByText("Let me think")).toBeNull();
    await user.click(screen.getByRole("button", { name: /^Reasoning/ }));
    expect(screen.getByText("Let me think")).toBeInTheDocument();
    expect(screen.getByText("It refuses:")).toBeInTheDocument();
  });

  it("shows the end of a long conversation first", async () => {
    const user = userEvent.setup();
    open({ input_messages: [says("system", text("rules")), ...Array.from({ length: 300 }, (_, index) => says("user", text(`message ${index}`)))] });
    expect(await screen.findByText("message 299")).toBeInTheDocument();
    expect(screen.queryByText("message 0")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Show 200 earlier messages of 260" }));
    await user.click(screen.getByRole("button", { name: "Show 60 earlier messages" }));
    expect(screen.getByText("message 0")).toBeInTheDocument();
  });

  it("finds words in what is drawn and in what is not yet, opening what holds them", async () => {
    const user = userEvent.setup();
    const { history } = open({
      input_messages: [
        says("system", text("Never eat a Fig.")),
        ...Array.from({ length: 300 }, (_, index) => says("user", text(index === 7 ? `a fig\n${"line\n".repeat(40)}and the fig of message 7` : `message ${index}`))),
        says("assistant", { type: "tool_call", id: "1", name: "buy", arguments: { what: "fig" } }),
        says("tool", { type: "tool_result", id: "1", result: "no fig left" }),
      ],
      output_messages: [says("assistant", { type: "reasoning", text: "Is a fig a fruit?" })],
    });
    const box = await screen.findByRole("textbox", { name: "Find what was said" });
    await user.type(box, "fig");
    expect(await screen.findByText("6")).toBeInTheDocument();
    expect(history.at(-1)).toContain("said=fig");
    const here = () => document.querySelector("[aria-current=location]");
    await user.type(box, "{Enter}");
    expect(screen.getByText("1 of 6")).toBeInTheDocument();
    expect(here()).toHaveTextContent("Never eat a Fig.");
    await user.type(box, "{Enter}{Enter}");
    expect(here()).toHaveTextContent("and the fig of message 7");
    await user.type(box, "{Enter}{Enter}");
    expect(here()).toHaveTextContent("no fig left");
    await user.click(screen.getByRole("button", { name: "Next match" }));
    expect(here()).toHaveTextContent("Is a fig a fruit?");
    await user.type(box, "{Enter}{Shift>}{Enter}{/Shift}");
    expect(screen.getByText("6 of 6")).toBeInTheDocument();
    await user.type(box, "{Escape}");
    expect(here()).toBeNull();
    expect(history.at(-1)).not.toContain("said=");
  });

  it("shows the first place of the words in its address", async () => {
    open({ input_messages: [says("system", text("rules of rain"))], output_messages: [says("assistant", text("rain"))] }, {}, "&said=rain");
    expect(await screen.findByText("1 of 2")).toBeInTheDocument();
    expect(screen.getByText("rules of rain", { selector: "pre" })).toBeInTheDocument();
  });

  it("tells a tool's call, and a search's documents with their scores", async () => {
    open({ tool_input: "ls -l", tool_output: { lines: 3 } }, { kind: "tool", tool: "bash" });
    expect(await screen.findByText("bash")).toBeInTheDocument();
    expect(screen.getByText('{"lines":3}')).toBeInTheDocument();
  });

  it("shows documents", async () => {
    open({ documents: [{ id: "d1", score: 0.123456, text: "Rain in the evening." }, { metadata: { page: 3 } }] }, { kind: "retrieval" });
    const documents = await screen.findByRole("region", { name: "Documents" });
    expect(documents).toHaveTextContent("1 d1score 0.1235Rain in the evening.");
    expect(documents).toHaveTextContent("Its text wasn’t recorded.");
  });

  it("folds the tools that could be called", async () => {
    const user = userEvent.setup();
    open({ tool_definitions: [{ name: "bash", description: "Runs a command", parameters: { type: "object" } }] });
    await user.click(await screen.findByRole("button", { name: /1 tool it could call: bash/ }));
    await user.click(screen.getByRole("button", { name: /Runs a command/ }));
    expect(screen.getByText(/"type": "object"/)).toBeInTheDocument();
  });

  it("says what was cut, left out or cannot be read", async () => {
    open({
      output_messages: [says("assistant", { type: "omitted", items: 7 })],
      sources: [{ field: "input_messages", source: "gen_ai.input.messages", truncated: true }],
      unreadable: ["llm.output"],
      left_out: { messages: 12, parts: 0, bytes: 5_000 },
    });
    expect(await screen.findByText(/7 of them were left out/)).toBeInTheDocument();
    for (const said of [/gen_ai.input.messages was larger than 30 KiB/, /llm.output holds JSON that cannot be read/, /12 of the messages/]) {
      expect(screen.getByText(said)).toBeInTheDocument();
    }
  });

  it("says what would stand here, and how to record it", async () => {
    open({});
    expect(await screen.findByText("Nothing was said here")).toBeInTheDocument();
    expect(screen.getByText(/OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT/)).toBeInTheDocument();
  });

  it("lays an answer out that is nothing but JSON", async () => {
    open({ output_messages: [says("assistant", text('{"a":[1]}'))] });
    expect(await screen.findByText(/"a": \[/)).toBeInTheDocument();
  });

  it("is scrolled by keys when it has the focus, and the page does not hear them", async () => {
    const heard: string[] = [];
    const listener = (event: KeyboardEvent) => !event.defaultPrevented && heard.push(event.key);
    document.addEventListener("keydown", listener);
    open({ output_messages: [says("assistant", text("long"))] });
    await screen.findByText("long");
    const body = document.querySelector<HTMLElement>(".panel-body");
    body?.focus();
    await userEvent.setup().keyboard("{ArrowDown}{PageDown}j");
    document.removeEventListener("keydown", listener);
    expect(body?.scrollTop).toBeGreaterThan(500);
    expect(heard).toEqual(["j"]);
  });

  it("lays markdown out, or leaves it as it is when that is wanted", async () => {
    const user = userEvent.setup();
    open({ output_messages: [says("assistant", text("A **bold** word"))] });
    expect(await screen.findByText("bold")).toContainHTML("<strong>bold</strong>");
    await user.keyboard("a");
    expect(screen.getByText("A **bold** word")).toBeInTheDocument();
  });
});
