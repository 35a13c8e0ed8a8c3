"""An agent of openai-agents with one tool, observed by OpenInference. The environment says where the model and the
receiver of traces are."""

from agents import Agent, RunConfig, Runner, function_tool, set_trace_processors
from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
# Without the exporter that would send the vendor the same.
set_trace_processors([])
OpenAIAgentsInstrumentor().instrument(tracer_provider=provider)


@function_tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


agent = Agent(name="forecaster", model="gpt-5.5", instructions="Answer with the help of the tool.", tools=[weather])
print(Runner.run_sync(agent, "How is the weather in Paris?", run_config=RunConfig(workflow_name="forecast")).final_output)
provider.shutdown()
