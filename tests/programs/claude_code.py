"""Runs the real Claude Code program against a fake model, reporting to wherever it is told."""

import json

import fake_anthropic
import install
import running

PROMPT = "List the directory."
MODEL = "claude-sonnet-4-5"
EVENTS = """PreToolUse PostToolUse PostToolUseFailure PostToolBatch Notification UserPromptSubmit SessionStart SessionEnd
    Stop StopFailure SubagentStart SubagentStop PreCompact PostCompact PermissionRequest PermissionDenied""".split()
# Claude Code runs no hooks of the type `http` for this one.
ONLY_BY_COMMAND = "SessionStart"


def run(directory, scenario="default", otlp=None, hooks=None, http_hooks=True, protocol="http/protobuf", more=None,
        hook_seconds=5):
    """One `claude -p` in a scratch directory. `otlp` is the address below which `/v1/logs` and the others are, `hooks` the
    address that hook payloads are posted to: by Claude Code itself, or with `http_hooks=False` by a command. `more` is added
    to its environment, where what is `None` is left out. `hook_seconds` is how long it waits for a hook."""
    with running.serving(fake_anthropic.bind(scenario=scenario)) as model:
        settings = directory / "settings.json"
        settings.write_text(json.dumps(settings_of(directory, scenario, hooks, http_hooks, hook_seconds)))
        command = [install.claude_code(), "-p", PROMPT, "--model", MODEL, "--settings", settings,
                   "--output-format", "stream-json", "--verbose"]
        reporting = telemetry(otlp, protocol) if otlp else {}
        variables = {**environment(directory, model), **reporting, **(more or {})}
        return running.run(command, directory, {name: value for name, value in variables.items() if value is not None})


def settings_of(directory, scenario, hooks, http_hooks, seconds):
    settings = {"permissions": {"allow": [] if scenario == "refused" else ["Bash", "Read", "Agent", "Task"]}}
    if hooks:
        posting = running.poster(directory / "hook.sh", hooks)

        def handler(event):
            if http_hooks and event != ONLY_BY_COMMAND:
                return {"type": "http", "url": hooks, "timeout": seconds}
            return {"type": "command", "command": posting, "timeout": seconds}

        settings["hooks"] = {event: [{"matcher": "", "hooks": [handler(event)]}] for event in EVENTS}
    return settings


def environment(directory, model):
    return {
        "CLAUDE_CONFIG_DIR": str(directory / "home/.claude"),
        "ANTHROPIC_API_KEY": "none",
        "ANTHROPIC_BASE_URL": model,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_ERROR_REPORTING": "1",
        # It may run as root here.
        "IS_SANDBOX": "1",
    }


def telemetry(otlp, protocol):
    return {
        "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
        "CLAUDE_CODE_ENHANCED_TELEMETRY_BETA": "1",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_EXPORTER_OTLP_ENDPOINT": otlp,
        "OTEL_LOG_USER_PROMPTS": "1",
        "OTEL_LOG_TOOL_DETAILS": "1",
        "OTEL_LOG_TOOL_CONTENT": "1",
        "OTEL_METRIC_EXPORT_INTERVAL": "1000",
        "OTEL_LOGS_EXPORT_INTERVAL": "500",
    }
