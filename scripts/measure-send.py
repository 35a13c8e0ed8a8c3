"""How long an agent waits for `agent-inspector send`, whole processes, from spawn to exit.

    cargo build --release --features cli
    python3 scripts/measure-send.py target/release/agent-inspector

It starts an inspector of its own on a free port, and ends it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time

RUNS = 200
PAYLOAD = json.dumps(
    {
        "hook_event_name": "PreToolUse",
        "session_id": "measured",
        "tool_name": "Bash",
        "tool_use_id": "t",
        "tool_input": {"command": "ls " + "x" * 1000},
    }
).encode()


def row(name, command):
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run(command, input=PAYLOAD, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    print(f"{name:<24} p50 {times[RUNS // 2]:.1f} ms   p99 {times[RUNS * 99 // 100]:.1f} ms")


def main():
    program = os.path.abspath(sys.argv[1])
    serve = [program, "serve", "--in-memory", "--listen", "127.0.0.1:0", "--otlp-listen", "off"]
    with tempfile.TemporaryDirectory() as home:
        server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, env={"HOME": home})
        try:
            url = re.search(r"http://\S+/_inspector", server.stdout.readline()).group()
            row("a process that does nothing", ["/bin/true"])
            row("send, inspector there", [program, "send", "claude-code", "--url", url])
        finally:
            server.terminate()
            server.wait()
        row("send, nobody there", [program, "send", "claude-code", "--url", url])


if __name__ == "__main__":
    main()
