// Fills an inspector over OTLP, as a program with OpenTelemetry would, so that there is something large to open.
//
//   node bench/fill.mjs --url http://127.0.0.1:3000/_inspector [--sessions 1] [--spans 50000]
//
// Every session has `--spans` spans: an agent, turns below it, and in each turn a model call and tool calls.
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    url: { type: "string" },
    sessions: { type: "string", default: "1" },
    spans: { type: "string", default: "50000" },
  },
});
if (values.url === undefined) throw new Error("--url is missing: the address of the mount");
const endpoint = `${values.url.replace(/\/$/, "")}/v1/traces`;
const [sessions, spansEach] = [Number(values.sessions), Number(values.spans)];

const SPANS_PER_REQUEST = 2000;
const REQUESTS_AT_ONCE = 4;
const TURN = 10;
const RESULT = "drwxr-xr-x 2 dev dev 4096 src\n".repeat(20);
const begin = Date.now() - 3_600_000;

let serial = 0;
const hex = (number, digits) => number.toString(16).padStart(digits, "0");
const text = (key, stringValue) => ({ key, value: { stringValue } });
const count = (key, number) => ({ key, value: { intValue: String(number) } });

/** Spans of one session; their moments are spread over its length as a long run's are. */
function* spansOf(session) {
  const conversation = text("gen_ai.conversation.id", `bench-${spansEach}-${hex(begin, 12)}-${session}`);
  const traceId = hex(begin, 16) + hex(session + 1, 16);
  const idOf = (index) => hex(session * spansEach + index + 1, 16);
  const span = (index, parent, name, from, to, attributes) => ({
    traceId,
    spanId: idOf(index),
    ...(parent !== undefined && { parentSpanId: idOf(parent) }),
    name,
    kind: 1,
    startTimeUnixNano: `${begin + from}000000`,
    endTimeUnixNano: `${begin + to}000000`,
    attributes: [conversation, ...attributes],
    status: index % 997 === 996 ? { code: 2, message: "exit status 1" } : {},
  });
  yield span(0, undefined, "invoke_agent bench", 0, spansEach * 20, [
    text("gen_ai.operation.name", "invoke_agent"),
    text("gen_ai.agent.name", "bench"),
  ]);
  for (let index = 1; index < spansEach; index += 1) {
    const turn = index - ((index - 1) % TURN);
    const [from, to] = [index * 20, index * 20 + 18];
    if (index === turn) {
      yield span(index, 0, `turn ${(index - 1) / TURN + 1}`, from, from + TURN * 20, []);
    } else if (index === turn + 1) {
      yield span(index, turn, "chat gpt-4o", from, to, [
        text("gen_ai.operation.name", "chat"),
        text("gen_ai.request.model", "gpt-4o"),
        count("gen_ai.usage.input_tokens", 1200 + (index % 500)),
        count("gen_ai.usage.output_tokens", 80),
      ]);
    } else {
      yield span(index, turn, "execute_tool bash", from, to, [
        text("gen_ai.operation.name", "execute_tool"),
        text("gen_ai.tool.name", "bash"),
        text("gen_ai.tool.call.arguments", '{"command":"ls -l"}'),
        text("gen_ai.tool.call.result", RESULT),
      ]);
    }
  }
}

function* batches() {
  let batch = [];
  for (let session = 0; session < sessions; session += 1) {
    for (const span of spansOf(session)) {
      batch.push(span);
      if (batch.length < SPANS_PER_REQUEST) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** Sends one batch; a host that is busy says when to come again. */
async function send(spans) {
  const body = JSON.stringify({
    resourceSpans: [{ resource: { attributes: [text("service.name", "bench")] }, scopeSpans: [{ scope: { name: "bench" }, spans }] }],
  });
  for (;;) {
    const answer = await fetch(endpoint, { method: "POST", headers: { "content-type": "application/json" }, body });
    const said = await answer.text();
    if (answer.ok) break;
    if (answer.status !== 503) throw new Error(`${answer.status}: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, Number(answer.headers.get("retry-after") ?? 1) * 1000));
  }
  serial += spans.length;
}

const started = performance.now();
const queue = batches();
await Promise.all(
  Array.from({ length: REQUESTS_AT_ONCE }, async () => {
    for (const batch of queue) await send(batch);
  }),
);
const seconds = (performance.now() - started) / 1000;
console.log(`${serial} spans in ${seconds.toFixed(1)} s, ${Math.round(serial / seconds)} a second`);
console.log(`the last session: bench-${spansEach}-${hex(begin, 12)}-${sessions - 1}`);
