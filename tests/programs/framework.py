"""Runs an agent built with one of the frameworks against a fake model, reporting to wherever it is told."""

import fake_openai
import install
import running


def run(directory, program, otlp):
    """Runs `frameworks/<program>.py` in a scratch directory. `otlp` is the address below which `/v1/traces` is."""
    with running.serving(fake_openai.bind()) as model:
        environment = {
            "OPENAI_API_KEY": "none",
            "OPENAI_BASE_URL": f"{model}/v1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": otlp,
            "OTEL_SERVICE_NAME": "forecast",
        }
        return running.run([install.python(), install.HERE / f"frameworks/{program}.py"], directory, environment)
