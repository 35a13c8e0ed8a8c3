"""An agent of pydantic-ai with one tool. The environment says where the model and the receiver of traces are."""

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from pydantic_ai import Agent

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
Agent.instrument_all()

agent = Agent("openai-responses:gpt-5.5", name="forecaster", instructions="Answer with the help of the tool.")


@agent.tool_plain
def weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


print(agent.run_sync("How is the weather in Paris?").output)
provider.shutdown()
