"""Runs the real Codex program against a fake model, reporting to wherever it is told."""

import json

import fake_openai
import install
import running
import terminal

PROMPT = "List the directory."
# In Codex's catalogue, with tools that a fake model can call. One that is not in it is offered the sub-agent tools at once.
MODEL, MODEL_WITH_SUBAGENTS = "gpt-5.5", "gpt-5.1-codex"
EVENTS = """SessionStart UserPromptSubmit PreToolUse PermissionRequest PostToolUse PreCompact PostCompact SubagentStart
    SubagentStop Stop SessionEnd""".split()


def run(directory, scenario="default", otlp=None, hooks=None, notify=None, protocol="binary"):
    """One `codex exec --json` in a scratch directory. `otlp` is the address below which `/v1/logs` and the others are,
    `hooks` and `notify` the addresses that hook payloads and the notification are posted to."""
    with running.serving(fake_openai.bind(scenario=scenario)) as model:
        home = settings(directory, hooks, configuration(directory, scenario, model, otlp, notify, protocol))
        # No person is there to trust the hooks or to allow a command.
        command = [install.codex(), "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox",
                   "--dangerously-bypass-hook-trust", PROMPT]
        return running.run(command, directory, {"CODEX_HOME": str(home), "FAKE_API_KEY": "none"})


def run_asking(directory, hooks, asked=lambda: None, decided_elsewhere=False):
    """One turn in a terminal, in which a person is asked whether a command may run, and allows it: what runs without a person
    never asks. `asked` is called while the question stands there. With `decided_elsewhere` nobody touches the
    keyboard: the hook decides."""
    with running.serving(fake_openai.bind(scenario="permission")) as model, running.nowhere() as (proxies, elsewhere):
        home = settings(directory, hooks, ASKING.format(project=directory / "project", configuration=configuration(
            directory, "permission", model, None, None, "binary")))
        command = [str(install.codex()), "--dangerously-bypass-hook-trust", PROMPT]
        environment = {**running.surroundings(directory), **proxies, "CODEX_HOME": str(home), "FAKE_API_KEY": "none", "TERM": "xterm-256color"}
        with terminal.running(command, directory / "project", environment, running.RUN_SECONDS) as screen:
            if not decided_elsewhere:
                screen.wait_for("Would you like to run the following command?")
                asked()
            screen.wait_for(fake_openai.FINAL_TEXT, "Worked for", press=b"" if decided_elsewhere else b"y")
        return running.Run(0, [], "", directory, elsewhere)


def settings(directory, hooks, configuration):
    """Writes the settings of a fresh home, and gives where they are."""
    home = directory / "home/.codex"
    home.mkdir()
    (home / "config.toml").write_text(configuration)
    if hooks:
        asks = "?answer=" in hooks
        posting = running.poster(directory / "hook.sh", hooks, prints=asks)
        (home / "hooks.json").write_text(json.dumps(hook_settings(posting, running.RUN_SECONDS if asks else 3)))
    return home


# What asks a person, in a project that is trusted, without the offers and news that would stand in between.
ASKING = """approval_policy = "on-request"
sandbox_mode = "read-only"
{configuration}
[projects."{project}"]
trust_level = "trusted"
[tui]
show_tooltips = false
[notice.model_migrations]
"gpt-5.5" = "gpt-6-sol"
"""


def configuration(directory, scenario, model, otlp, notify, protocol):
    lines = [
        f'model = "{MODEL_WITH_SUBAGENTS if scenario == "subagent" else MODEL}"',
        'model_provider = "fake"',
        'check_for_update_on_startup = false',
    ]
    if notify:
        lines.append(f'notify = ["{running.poster(directory / "notify.sh", notify)}"]')
    lines += [
        "[model_providers.fake]",
        'name = "fake"',
        f'base_url = "{model}/v1"',
        'wire_api = "responses"',
        'env_key = "FAKE_API_KEY"',
        "request_max_retries = 0",
        "stream_max_retries = 0",
        # What Codex would fetch from and tell to its vendor.
        "[features]",
        "plugins = false",
        "apps = false",
        "[analytics]",
        "enabled = false",
    ]
    if otlp:
        lines += ["[otel]", 'environment = "test"', "log_user_prompt = true"]
        for name, signal in (("exporter", "logs"), ("trace_exporter", "traces"), ("metrics_exporter", "metrics")):
            lines.append(f'{name} = {{ otlp-http = {{ endpoint = "{otlp}/v1/{signal}", protocol = "{protocol}" }} }}')
    return "\n".join(lines) + "\n"


def hook_settings(command, seconds):
    handler = {"type": "command", "command": command, "timeout": seconds}
    return {"hooks": {event: [{"matcher": "", "hooks": [handler]}] for event in EVENTS}}
