import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FakeHost, json } from "../../testing/host";
import { renderAt } from "../../testing/page";
import { sampleSpan } from "../../testing/sample";
import { SearchPage } from "./Page";

afterEach(() => vi.unstubAllGlobals());

const snippet = { field: "attributes.gen_ai.output.messages", snippet: "<b>Rain</b> in the evening.", highlights: [{ start: 3, end: 7 }] };

function hit(id: number, change: object = {}): object {
  return { type: "span", session_id: "monday", span: sampleSpan(id, undefined, { name: `step ${id}`, kind: "tool" }), matches: [snippet], ...change };
}

function open(answer: object, address = "/search?q=rain") {
  const host = new FakeHost({ search: answer });
  return { host, ...renderAt(address, <SearchPage />) };
}

describe("the search screen", () => {
  it("shows where it was found, as text and marked, and leads to the span", async () => {
    open({ hits: [hit(1)], sessions: { monday: { title: "Weather", agent: "coder" } } });
    const link = await screen.findByRole("link", { name: "step 1" });
    expect(link).toHaveAttribute("href", expect.stringMatching(/^\/sessions\/monday\?span=0{15}1&trace=/));
    expect(screen.getByText("Rain").tagName).toBe("MARK");
    expect(document.querySelector("b")).toBeNull();
    expect(await screen.findByText("Weather")).toBeInTheDocument();
  });

  it("shows an event by what it says", async () => {
    open({ sessions: {}, hits: [{ type: "event", session_id: "monday", event: { id: 4, type: "Log", level: "warn", message: "two hours old", attributes: {}, timestamp: "2026-11-21T00:00:01.000000000Z" }, matches: [] }] });
    expect(await screen.findByRole("link", { name: "Log warn: two hours old" })).toHaveAttribute("href", "/sessions/monday");
  });

  it("asks for more at the end, and says how far back a search that was cut has looked", async () => {
    const user = userEvent.setup();
    const { host } = open({ sessions: {}, hits: [hit(1)], next_cursor: "c2", searched_to: "2026-11-20T00:00:00.000000000Z" });
    expect(await screen.findByText(/Searched back to .*2026/)).toBeInTheDocument();
    host.answers.search = { sessions: {}, hits: [hit(2)] };
    await user.click(screen.getByRole("button", { name: "Search further back" }));
    expect(await screen.findByText("step 2")).toBeInTheDocument();
    expect(host.to("search").at(-1)?.searchParams.get("cursor")).toBe("c2");
    expect(screen.getByText("That is all.")).toBeInTheDocument();
  });

  it("points at what is wrong in a query and says what is wanted there", async () => {
    open(
      () =>
        new Response(
          JSON.stringify({ type: "about:blank", title: "The query cannot be understood", status: 400, code: "invalid_query", detail: "`q`: at character 6, `duration:>soon`: a time like `>5s` is wanted" }),
          { status: 400, headers: { "content-type": "application/problem+json" } },
        ),
      "/search?q=rain+duration:%3Esoon",
    );
    const fault = await screen.findByRole("alert");
    expect(within(fault).getByText("duration:>soon").tagName).toBe("MARK");
    expect(within(fault).getByText("A time like `>5s` is wanted.")).toBeInTheDocument();
    expect(screen.getByRole("textbox")).toHaveAttribute("aria-invalid", "true");
  });

  it("helps with the fields before anything is asked, and asks nothing", async () => {
    const user = userEvent.setup();
    const { host } = open({ sessions: {}, hits: [] }, "/search");
    expect(screen.getByRole("textbox")).toHaveFocus();
    expect(host.to("search")).toHaveLength(0);
    await user.click(screen.getByRole("button", { name: "status:error" }));
    expect(screen.getByRole("textbox")).toHaveValue("status:error");
    await waitFor(() => expect(host.to("search").at(-1)?.searchParams.get("q")).toBe("status:error"));
  });

  it("takes a range of time and a session from the address, and lets go of them", async () => {
    const user = userEvent.setup();
    const { host } = open({ sessions: {}, hits: [] }, "/search?q=rain&since=24h&session=monday");
    expect(await screen.findByText("Nothing found")).toBeInTheDocument();
    const asked = host.to("search")[0]?.searchParams;
    expect(asked?.get("session_id")).toBe("monday");
    expect(Date.now() - Date.parse(asked?.get("since") ?? "")).toBeGreaterThanOrEqual(86_400_000 - 5_000);
    host.answers.search = () => json({ sessions: {}, hits: [hit(3)] });
    await user.click(screen.getByRole("button", { name: "Search any time" }));
    expect(await screen.findByText("step 3")).toBeInTheDocument();
    expect(host.to("search").at(-1)?.searchParams.has("since")).toBe(false);
  });

  it("moves from hit to hit by keys", async () => {
    const user = userEvent.setup();
    open({ sessions: {}, hits: [hit(1), hit(2)] });
    await screen.findByText("step 1");
    await user.keyboard("j");
    expect(screen.getByRole("link", { name: "step 1" })).toHaveFocus();
    await user.keyboard("j");
    expect(screen.getByRole("link", { name: "step 2" })).toHaveFocus();
    await user.keyboard("k");
    expect(screen.getByRole("link", { name: "step 1" })).toHaveFocus();
  });
});
