// Reports one run of an agent with OpenTelemetry's SDK for JavaScript: a trace, log records and metrics.
//
// usage: report.mjs ENDPOINT SESSION json|protobuf [gzip]

import { context, diag, DiagLogLevel, SpanKind, trace } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter as JsonLogs } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufLogs } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter as JsonMetrics } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufMetrics } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as JsonTraces } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufTraces } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const [endpoint, session, encoding, compression = "none"] = process.argv.slice(2);
const [Traces, Logs, Metrics] =
  encoding === "json" ? [JsonTraces, JsonLogs, JsonMetrics] : [ProtobufTraces, ProtobufLogs, ProtobufMetrics];

// The exporters only log what they could not send.
const failures = [];
const failed = (...words) => failures.push(words.join(" "));
const quiet = () => {};
diag.setLogger({ error: failed, warn: failed, info: quiet, debug: quiet, verbose: quiet }, DiagLogLevel.WARN);

const resource = resourceFromAttributes({ "service.name": "javascript-agent" });
const to = (path) => ({ url: `${endpoint}${path}`, compression });
const tracers = new NodeTracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor(new Traces(to("/v1/traces")))],
});
tracers.register();
const loggers = new LoggerProvider({
  resource,
  processors: [new BatchLogRecordProcessor({ exporter: new Logs(to("/v1/logs")) })],
});
const meters = new MeterProvider({
  resource,
  readers: [new PeriodicExportingMetricReader({ exporter: new Metrics(to("/v1/metrics")) })],
});

const tracer = tracers.getTracer("agent");
const logger = loggers.getLogger("agent");
const meter = meters.getMeter("agent");
const calls = meter.createCounter("agent.calls");
const seconds = meter.createHistogram("agent.duration", { unit: "s" });
meter.createObservableGauge("agent.open").addCallback((result) => result.observe(1));

const about = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper", "gen_ai.conversation.id": session };
tracer.startActiveSpan("invoke_agent helper", { attributes: about }, (root) => {
  const attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "m-1",
    "gen_ai.usage.input_tokens": 11,
    "gen_ai.usage.output_tokens": 7,
  };
  const chat = tracer.startSpan("chat m-1", { kind: SpanKind.CLIENT, attributes });
  logger.emit({
    context: trace.setSpan(context.active(), chat),
    severityNumber: SeverityNumber.WARN,
    body: "the model answered",
    attributes: { attempt: 1, words: ["a", "b"], nested: { deep: true } },
  });
  chat.end();
  logger.emit({ context: context.active(), eventName: "agent.step", body: { step: 2, done: false } });
  calls.add(3, { tool: "search" });
  seconds.record(0.25);
  root.end();
});

// Shutting down exports what is left; the trace first, so that its session is known.
for (const provider of [tracers, loggers, meters]) {
  await provider.shutdown();
}
if (failures.length > 0) {
  console.error(failures.join("\n"));
  process.exitCode = 1;
}
