"""Records what the real programs send, as test data: `tests/data/codex` and `tests/data/claude-code`.

Each run happens in `/tmp/agent`, against a fake model, so that nothing in it is of a person or of a machine. What
telemetry said stays as it came, byte for byte. In everything else the vendor's own long texts are left out.

Usage: record.py [codex|claude-code]...
"""

import base64
import gzip
import json
import shutil
import sys
import tempfile
from pathlib import Path

import claude_code
import codex
import receiver
import running
from install import REPOSITORY

DATA = REPOSITORY / "tests/data"
# The same for all, so that no path tells anything.
AT = "/tmp/agent"
LEFT_OUT = "[vendor text left out]"
# Longer texts are not ours: the fake model and the prompt say less.
LONGEST_TEXT = 800
# Lines of a transcript that hold instructions, schemas of tools and the like.
OF_THE_VENDOR = {"world_state", "attachment", "api-request", "api-request-shape", "api-request-blob"}


def record_codex():
    # Both encodings of the exporter are worth having.
    for scenario, protocol in (("default", "binary"), ("subagent", "json"), ("error", "binary")):
        with running.scratch(AT) as directory, recording("codex", scenario) as (target, url):
            done = codex.run(directory, scenario, otlp=url, hooks=f"{url}/hooks", notify=f"{url}/notify", protocol=protocol)
            write_lines(target / "exec.jsonl", done.lines)
            keep_rollouts(directory, target)
    with running.scratch(AT) as directory, recording("codex", "permission") as (target, url):
        codex.run_asking(directory, hooks=f"{url}/hooks")
        keep_rollouts(directory, target)


def keep_rollouts(directory, target):
    """Keeps the files in which Codex notes what was said. Their folder is named after the day."""
    for path in sorted((directory / "home/.codex/sessions").glob("**/*.jsonl")):
        write_lines(target / "rollout" / path.name, path.read_text().splitlines())


def record_claude_code():
    for scenario in ("default", "subagent", "refused", "error"):
        with running.scratch(AT) as directory, recording("claude-code", scenario) as (target, url):
            done = claude_code.run(directory, scenario, otlp=url, hooks=f"{url}/hooks", http_hooks=False)
            write_lines(target / "stream.jsonl", done.lines)
            projects = directory / "home/.claude/projects"
            for path in sorted(projects.glob("**/*.jsonl")):
                # Without the folder of the project, which is named after where it lies.
                name = Path(*path.relative_to(projects).parts[1:])
                write_lines(target / "transcript" / name, path.read_text().splitlines())


class recording:
    """A receiver while a program runs, and afterwards what it received, sorted into files."""

    def __init__(self, program, scenario):
        self.target = DATA / program / scenario
        self.directory = Path(tempfile.mkdtemp(prefix="recording-"))
        self.serving = running.serving(receiver.bind(self.directory))

    def __enter__(self):
        shutil.rmtree(self.target, ignore_errors=True)
        self.target.mkdir(parents=True)
        return self.target, self.serving.__enter__()

    def __exit__(self, *failure):
        self.serving.__exit__(*failure)
        otlp, hooks = self.directory / "otlp.jsonl", self.directory / "hooks.jsonl"
        if otlp.exists():
            (self.target / "otlp.jsonl.gz").write_bytes(gzip.compress(otlp.read_bytes(), mtime=0))
        for request in map(json.loads, hooks.read_text().splitlines()):
            with open(self.target / (request["path"].strip("/") + ".jsonl"), "a") as file:
                file.write(as_line(json.loads(base64.b64decode(request["body_b64"]))))
        shutil.rmtree(self.directory)


def write_lines(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        for line in map(json.loads, lines):
            if line.get("type") in OF_THE_VENDOR:
                line = {key: {"type": LEFT_OUT} if isinstance(value, (dict, list)) else value for key, value in line.items()}
            file.write(as_line(line))


def as_line(value):
    return json.dumps(without_long_texts(value), ensure_ascii=False, separators=(",", ":")) + "\n"


def without_long_texts(value):
    if isinstance(value, str):
        return LEFT_OUT if len(value) > LONGEST_TEXT else value
    if isinstance(value, list):
        texts = [item for item in value if isinstance(item, str)]
        if sum(map(len, texts)) > LONGEST_TEXT:  # the names of all tools, all commands, ...
            return [LEFT_OUT]
        return [without_long_texts(item) for item in value]
    if isinstance(value, dict):
        return {key: without_long_texts(item) for key, item in value.items()}
    return value


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["codex", "claude-code"]
    for name in wanted:
        {"codex": record_codex, "claude-code": record_claude_code}[name]()
