import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { forgetRefusals, noteStanding } from "../../api/barred";
import { FakeHost, problem } from "../../testing/host";
import { renderAt } from "../../testing/page";
import { at, sampleSession } from "../../testing/sample";
import { SessionsPage } from "./Page";
import { rowHeight, trouble } from "./trouble";

afterEach(() => vi.unstubAllGlobals());

function open(sessions: object[], address = "/sessions", more: object = {}) {
  const host = new FakeHost({ sessions: { sessions, degraded: [], ...more } });
  return { host, ...renderAt(address, <SessionsPage />) };
}

function titles(): (string | null)[] {
  return screen.getAllByRole("link").map((link) => link.textContent);
}

describe("the sessions screen", () => {
  it("shows a session with its status in words and its numbers", async () => {
    open([sampleSession({ status: "completed", ended_at: at(72) })]);
    const row = (await screen.findByText("Refactor the parser")).closest<HTMLElement>("[role=row]");
    if (row === null) throw new Error("no row");
    for (const text of ["Completed", "coder", "tokio", "8", "14", "42.1k", "$0.21"]) {
      expect(within(row).getByText(text)).toBeInTheDocument();
    }
    expect(row).toHaveTextContent("1 m 12 s");
    expect(screen.getByRole("grid")).toHaveAttribute("aria-rowcount", "2");
  });

  it("says what a paused session waits for and why one failed, in the row", async () => {
    open([
      sampleSession({ id: "a", status: "paused", waiting_on: { signal_name: "permission", prompt: "Delete?", since: at(2) } }),
      sampleSession({ id: "b", status: "failed", error: "rate limited (429)" }),
    ]);
    expect(await screen.findByText("Waits for permission: Delete?")).toBeInTheDocument();
    expect(screen.getByText("PAUSED")).toBeInTheDocument();
    expect(screen.getByText("rate limited (429)")).toBeInTheDocument();
  });

  it("tells runs apart that have only their agent's name", async () => {
    open([sampleSession({ id: "run-1", title: "swe_agent", agent: "SWE-agent" }), sampleSession({ id: "run-2", title: "Fix it", agent: "coder" })]);
    expect(await screen.findByText("run-1")).toBeInTheDocument();
    expect(screen.queryByText("run-2")).toBeNull();
  });

  it("updates a row and adds a new one while it is open", async () => {
    const { live } = open([sampleSession({ id: "a", title: "First" })]);
    await screen.findByText("First");
    live.send({
      events: [
        { id: 1, type: "SessionStarted", session: sampleSession({ id: "b", title: "Second", started_at: at(30) }) },
        { id: 2, type: "SessionUpdated", session: sampleSession({ id: "a", title: "First, renamed", updated_at: at(9) }) },
      ],
    });
    await waitFor(() => expect(titles()).toEqual(["Second", "First, renamed"]));
  });

  it("offers what is new to a reader who scrolled away, and doesn't move the rows", async () => {
    const user = userEvent.setup();
    const { live } = open(Array.from({ length: 60 }, (_, index) => sampleSession({ id: `s${index}`, started_at: at(100 - index), title: `Run ${index}` })));
    await screen.findByText("Run 0");
    const grid = screen.getByRole("grid");
    grid.scrollTop = 40;
    fireEvent.scroll(grid);
    live.send({ events: [{ id: 1, type: "SessionStarted", session: sampleSession({ id: "new", started_at: at(200), title: "Brand new" }) }] });
    const offer = await screen.findByRole("button", { name: "1 new session" });
    expect(screen.queryByText("Brand new")).toBeNull();
    await user.click(offer);
    expect(screen.getByText("Brand new")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "1 new session" })).toBeNull();
  });

  it("doesn't lose what happened while the list was on its way", async () => {
    const { live } = open([sampleSession({ id: "a", title: "First" })]);
    live.send({ events: [{ id: 1, type: "SessionStarted", session: sampleSession({ id: "b", started_at: at(30), title: "Second" }) }] });
    await waitFor(() => expect(titles()).toEqual(["Second", "First"]));
  });

  it("fetches again after a gap", async () => {
    const { host, live } = open([sampleSession()]);
    await screen.findByText("Refactor the parser");
    host.answers.sessions = { sessions: [sampleSession({ title: "Now current" })], degraded: [] };
    live.send({ events: [], resync: { missed: 214 } });
    expect(await screen.findByText("Now current")).toBeInTheDocument();
  });

  it("sends the filter of the address to the host", async () => {
    const { host } = open([sampleSession()], "/sessions?q=status%3Apaused+engine%3Acodex+refund");
    await screen.findByText("Refactor the parser");
    expect(host.to("sessions")[0]?.search).toBe("?status=paused&engine=codex&text=refund&limit=100");
    expect(screen.getByRole("combobox")).toHaveValue("status:paused engine:codex refund");
    expect(screen.getByRole("button", { name: /^Paused/ })).toHaveAttribute("aria-pressed", "true");
  });

  it("writes a chip into the box, and clears it", async () => {
    const user = userEvent.setup();
    open([sampleSession()]);
    await user.click(await screen.findByRole("button", { name: /^Failed/ }));
    expect(screen.getByRole("combobox")).toHaveValue("status:failed");
    await user.click(screen.getByRole("button", { name: "Clear the filter" }));
    expect(screen.getByRole("combobox")).toHaveValue("");
  });

  it("works from the keyboard", async () => {
    const user = userEvent.setup();
    const { history } = open([sampleSession({ id: "a", started_at: at(5) }), sampleSession({ id: "b" })]);
    await screen.findAllByText("Refactor the parser");
    await user.keyboard("jj");
    expect(screen.getByRole("grid")).toHaveFocus();
    expect(screen.getByRole("grid")).toHaveAttribute("aria-activedescendant", "session-b");
    await user.keyboard("k{Enter}");
    expect(history.at(-1)).toBe("/sessions/a");
  });

  it("tells an empty host what to do, and an empty search why", async () => {
    const first = open([]);
    expect(await screen.findByText("No session yet")).toBeInTheDocument();
    expect(screen.getByText(/app\.nest\("\/_inspector", inspector\.router\(\)\)/)).toBeInTheDocument();
    expect(screen.getByText("OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:3000/_inspector")).toBeInTheDocument();
    first.unmount();
    open([], "/sessions?q=nothing");
    expect(await screen.findByText("No session matches")).toBeInTheDocument();
  });

  it("says which registry is away, and keeps the rest", async () => {
    open([sampleSession()], "/sessions", { degraded: [{ registry: "temporal", message: "connection refused" }] });
    expect(await screen.findByText(/temporal can’t be reached.*connection refused/)).toBeInTheDocument();
    expect(screen.getByText("Refactor the parser")).toBeInTheDocument();
  });

  it("shows an error with what to try", async () => {
    new FakeHost({ sessions: () => problem(403, "forbidden_host", "This host name is not allowed") });
    renderAt("/sessions", <SessionsPage />);
    expect(await screen.findByText("Loading the sessions failed")).toBeInTheDocument();
    expect(screen.getByText(/403 forbidden_host/)).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Try again" })).toBeInTheDocument();
  });

  it("says first who is waited for, the longest wait first, and leads there", async () => {
    const wait = (id: string, since: number, prompt: string) =>
      sampleSession({ id, title: `Run ${id}`, status: "paused", waiting_on: { signal_name: "permission", prompt, since: at(since) } });
    open([wait("a", 50, "Deploy?"), wait("b", 10, "Delete?"), sampleSession({ id: "c" })]);
    const strip = await screen.findByRole("region", { name: "Sessions that wait for you" });
    expect(within(strip).getByRole("heading")).toHaveTextContent("2 sessions wait for you");
    const links = within(strip).getAllByRole("link");
    expect(links.map((link) => link.getAttribute("href"))).toEqual(["/sessions/b", "/sessions/a"]);
    expect(links[0]).toHaveTextContent("Delete?");
  });

  it("tells who may only look that others are waited for, and offers no notices of it", async () => {
    noteStanding({ role: "viewer" });
    open([sampleSession({ id: "a", status: "paused", waiting_on: { signal_name: "go", prompt: "Deploy?", since: at(50) } })]);
    const strip = await screen.findByRole("region", { name: "Sessions that wait for an answer" });
    expect(within(strip).getByRole("heading")).toHaveTextContent("1 session waits for an answer");
    expect(within(strip).queryByRole("button")).toBeNull();
    act(forgetRefusals);
  });

  it("groups sessions below the one that started them, folds a group by keys, and the address says it", async () => {
    const user = userEvent.setup();
    const { history } = open([
      sampleSession({ id: "child", title: "Child", parent_session_id: "top", started_at: at(9) }),
      sampleSession({ id: "top", title: "Top" }),
    ]);
    await screen.findByText("Child");
    expect(screen.getByText("sub-session")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Group" }));
    expect(history.at(-1)).toBe("/sessions?group=parent");
    expect(titles()).toEqual(["Top", "Child"]);
    await user.keyboard("j{ArrowLeft}");
    expect(titles()).toEqual(["Top"]);
    expect(screen.getByRole("row", { selected: true })).toHaveAttribute("aria-expanded", "false");
    await user.keyboard("{ArrowRight}{ArrowRight}");
    expect(screen.getByRole("row", { selected: true })).toHaveTextContent("Child");
    await user.keyboard("{ArrowLeft}");
    expect(screen.getByRole("row", { selected: true })).toHaveTextContent("Top");
  });

  const none = { running: 0, paused: 0, completed: 0, failed: 0, cancelled: 0, abandoned: 0 };

  it("says how many sessions stand so on the host, whatever is in the list and whatever status is shown", async () => {
    const counts = { ...none, running: 2, failed: 100_000 };
    const { host } = open([sampleSession()], "/sessions?q=status%3Afailed+agent%3Acoder", { next_cursor: "more", counts });
    expect(await screen.findByRole("button", { name: "Running 2" })).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Failed 100,000" })).toHaveAttribute("aria-pressed", "true");
    expect(screen.getByRole("button", { name: "Paused" })).toBeInTheDocument();
    const asked = host.to("sessions").filter((url) => url.searchParams.get("counts") === "true");
    expect(asked.map((url) => url.search)).toEqual(["?agent=coder&counts=true&limit=1"]);
  });

  it("says that there may be more sessions than were counted, and no number that nobody counted", async () => {
    const first = open([sampleSession()], "/sessions", { counts: { ...none, running: 1_000 }, counts_at_least: true });
    expect(await screen.findByRole("button", { name: "Running 1,000+" })).toBeInTheDocument();
    first.unmount();
    open([sampleSession()]);
    await screen.findByText("Refactor the parser");
    expect(screen.getByRole("button", { name: "Running" })).toBeInTheDocument();
  });

  it("counts anew after sessions changed, once for all that changed together", async () => {
    const { host, live } = open([sampleSession({ id: "a" })], "/sessions", { counts: { ...none, running: 1 } });
    await screen.findByRole("button", { name: "Running 1" });
    const asked = (): number => host.to("sessions").filter((url) => url.searchParams.has("counts")).length;
    host.answers.sessions = { sessions: [], degraded: [], counts: { ...none, running: 3 } };
    for (const id of ["b", "c"]) live.send({ events: [{ id: 1, type: "SessionStarted", session: sampleSession({ id }) }] });
    expect(await screen.findByRole("button", { name: "Running 3" }, { timeout: 10_000 })).toBeInTheDocument();
    expect(asked()).toBe(2);
  }, 15_000);

  it("draws how busy a session was, and nothing where nobody counted", async () => {
    const activity = { from: at(0), bucket_ms: 1_024, counts: [3, 0, 1] };
    open([sampleSession({ id: "a", activity, status: "completed", ended_at: at(72) }), sampleSession({ id: "b" })]);
    expect(await screen.findByRole("img", { name: "4 spans begun in 1 m 12 s, at most 3 within 1 s" })).toBeInTheDocument();
    expect(screen.getAllByRole("img", { name: /begun in/ })).toHaveLength(1);
  });

  it("leads from the strip of those that wait to the span that waits", async () => {
    const wait = { signal_name: "permission", prompt: "Delete?", since: at(2), trace_id: "ab", span_id: "cd" };
    open([sampleSession({ id: "a", status: "paused", waiting_on: wait })]);
    const strip = await screen.findByRole("region", { name: "Sessions that wait for you" });
    expect(within(strip).getByRole("link", { name: /Delete/ })).toHaveAttribute("href", "/sessions/a?span=cd&trace=ab");
  });

  it("proposes fields and their values at the cursor, by keys", async () => {
    const user = userEvent.setup();
    open([sampleSession({ engine: "claude-code" })]);
    await screen.findByText("Refactor the parser");
    const box = screen.getByRole("combobox");
    await user.click(box);
    await user.keyboard("eng{ArrowDown}{Enter}");
    expect(box).toHaveValue("engine:");
    expect(screen.getByRole("option", { name: "engine:claude-code" })).toBeInTheDocument();
    await user.keyboard("{ArrowDown}{Tab}");
    expect(box).toHaveValue("engine:claude-code ");
    await user.keyboard("{Escape}");
    expect(box).toHaveAttribute("aria-expanded", "false");
  });

  it("asks for a range of time as it is now", async () => {
    const { host } = open([sampleSession()], "/sessions?q=since%3A24h+pinned%3Ayes");
    await screen.findByText("Refactor the parser");
    const asked = host.to("sessions").find((url) => url.searchParams.has("since"))?.searchParams;
    expect(Math.abs(Date.now() - 86_400_000 - Date.parse(asked?.get("since") ?? ""))).toBeLessThan(60_000);
    expect(asked?.get("pinned")).toBe("true");
  });

  it("marks a pinned session, and tells unpriced from free", async () => {
    const { counters } = sampleSession();
    const unpriced = { ...counters, unpriced_calls: 2 };
    delete (unpriced as Partial<typeof counters>).cost_usd;
    open([sampleSession({ id: "a", pinned: true, counters: unpriced }), sampleSession({ id: "b", counters: { ...counters, cost_usd: 0 } })]);
    expect(await screen.findByRole("img", { name: /^Pinned/ })).toBeInTheDocument();
    expect(screen.getByText("unpriced")).toBeInTheDocument();
    expect(screen.getByText("$0")).toBeInTheDocument();
  });

  it("draws few rows of many", async () => {
    open(Array.from({ length: 100 }, (_, index) => sampleSession({ id: `s${index}`, started_at: at(200 - index) })));
    await screen.findAllByText("Refactor the parser");
    expect(screen.getAllByRole("row").length).toBeLessThan(60);
  });

  it("shows hostile text as text", async () => {
    open([sampleSession({ title: "<img src=x onerror=alert(1)> \u202Etxt" })]);
    expect((await screen.findByText(/<img src=x/)).className).toContain("foreign");
    expect(document.querySelector("img")).toBeNull();
  });
});

it("a wait that is over and an empty error are no trouble", () => {
  const waiting = { signal_name: "permission", since: at(1) };
  expect(trouble(sampleSession({ status: "running", waiting_on: waiting }))).toBeUndefined();
  expect(trouble(sampleSession({ error: "" }))).toBeUndefined();
  expect(rowHeight(sampleSession({ error: "x" }), false)).toBeGreaterThan(rowHeight(sampleSession(), false));
});
