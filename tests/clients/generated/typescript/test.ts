// The generated TypeScript client against a served inspector.
import assert from "node:assert/strict";
import { test } from "node:test";

import { connect, failed, find, follow, InspectorError, type Schemas, sessions, trace } from "./client.js";

const [inspector, token] = [process.env["INSPECTOR"] ?? "", process.env["INSPECTOR_TOKEN"] ?? ""];
const client = connect(inspector, token);

/** The events after `after` until the session `id` has finished. */
function eventsUntilFinished(id: string, after: number | undefined, connected = () => {}): Promise<Schemas["Event"][]> {
  return new Promise((resolve, reject) => {
    const events: Schemas["Event"][] = [];
    const source = follow(inspector, token, after, (event) => {
      events.push(event);
      if (event.type === "SessionFinished" && event.session.id === id) {
        source.close();
        resolve(events);
      }
    });
    source.addEventListener("open", connected);
    source.addEventListener("error", (error) => error.code && reject(new Error(error.message)));
  });
}

test("sessions are listed by a filter", async () => {
  assert.deepEqual((await failed(client)).map((session) => session.id), ["tuesday"]);
});

test("a list is read page by page", async () => {
  const ids = [];
  for await (const { id } of sessions(client, { status: ["completed"], tag: "forecast", limit: 2 })) ids.push(id);
  // Other clients run sessions meanwhile.
  assert.deepEqual(ids.filter((id) => id.endsWith("day")), ["thursday", "wednesday", "monday"]);
});

test("a trace is read as spans", async () => {
  const spans = [...(await trace(client, "monday")).values()];
  assert.deepEqual(new Set(spans.map((span) => span.kind)), new Set(["workflow", "agent", "llm", "tool"]));
  assert.ok(spans.every((span) => span.end_time));
  assert.equal(spans.find((span) => span.kind === "llm")?.usage?.input_tokens, 1200);
});

test("a span tree is read in the order of the tree", async () => {
  const { data } = await client.GET("/sessions/{id}/spans", { params: { path: { id: "monday" } } });
  assert.deepEqual(data?.spans.map((span) => [span.depth, span.kind]), [[0, "workflow"], [1, "agent"], [2, "llm"], [2, "tool"]]);
});

test("what is not there is a typed problem", async () => {
  assert.equal(await find(client, "nowhere"), undefined);
  const { error, response } = await client.GET("/trace/{id}", { params: { path: { id: "nowhere" } } });
  assert.deepEqual([response.status, error?.status, error?.code], [404, 404, "session_not_found"]);
  assert.equal(error?.title, "There is no such session");
  assert.match(error?.detail ?? "", /nowhere/);
});

test("without the token the problem says what to do", async () => {
  await assert.rejects(failed(connect(inspector, "another-token-than-that")), (error) => {
    assert.ok(error instanceof InspectorError);
    assert.deepEqual([error.problem.status, error.problem.code], [401, "sign_in_required"]);
    return true;
  });
});

test("the live stream goes on where a reader left it", async () => {
  const work = () => void fetch(new URL("/work", inspector), { method: "POST", body: "typescript" });
  const events = await eventsUntilFinished("typescript", undefined, work);
  const [first] = events;
  assert.ok(first);
  assert.equal(first.type === "SessionStarted" && first.session.title, "The weather of typescript");
  assert.deepEqual(await eventsUntilFinished("typescript", first.id), events.slice(1));
});
