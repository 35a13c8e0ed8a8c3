"""Reports one run of an agent with OpenTelemetry's SDK for Python: a trace, log records and metrics.

usage: report.py ENDPOINT SESSION [gzip]
"""

import logging
import sys

from opentelemetry import metrics, trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

endpoint, session, *options = sys.argv[1:]
# The exporters only log what they could not send.
failures = []


class Failures(logging.Handler):
    def emit(self, record):
        failures.append(record.getMessage())


logging.getLogger().addHandler(Failures(logging.WARNING))
resource = Resource.create({"service.name": "python-agent"})
how = {"compression": Compression.Gzip if "gzip" in options else Compression.NoCompression}

tracers = TracerProvider(resource=resource)
tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces", **how)))
loggers = LoggerProvider(resource=resource)
loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(f"{endpoint}/v1/logs", **how)))
reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{endpoint}/v1/metrics", **how))
meters = MeterProvider(resource=resource, metric_readers=[reader])

tracer, logger, meter = tracers.get_tracer("agent"), loggers.get_logger("agent"), meters.get_meter("agent")
calls, seconds = meter.create_counter("agent.calls"), meter.create_histogram("agent.duration", unit="s")
meter.create_observable_gauge("agent.open", callbacks=[lambda options: [metrics.Observation(1)]])

about = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper", "gen_ai.conversation.id": session}
with tracer.start_as_current_span("invoke_agent helper", attributes=about):
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m-1", "gen_ai.usage.input_tokens": 11}
    with tracer.start_as_current_span("chat m-1", kind=trace.SpanKind.CLIENT, attributes=chat) as span:
        span.set_attribute("gen_ai.usage.output_tokens", 7)
        logger.emit(
            body="the model answered",
            severity_number=SeverityNumber.WARN,
            attributes={"attempt": 1, "words": ["a", "b"], "nested": {"deep": True}},
        )
    logger.emit(event_name="agent.step", body={"step": 2, "done": False})
    calls.add(3, {"tool": "search"})
    seconds.record(0.25)

# Shutting down exports what is left; the trace first, so that its session is known.
for provider in (tracers, loggers, meters):
    provider.shutdown()
sys.exit("\n".join(failures) or None)
