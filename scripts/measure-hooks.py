"""How long an agent waits for the answer of its hook, while spans come in as fast as they are taken, and how many do.

    cargo build --release --features cli
    python3 scripts/measure-hooks.py target/release/agent-inspector [connections]

It starts an inspector of its own on a free port, on a store on disk, and ends it. The hooks come on one connection that stays
open, as Claude Code's do.
"""

import http.client
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

HOOKS = 5000
SPANS = 25
TRACES = 20
JSON = {"content-type": "application/json"}
HOOK = json.dumps(
    {
        "hook_event_name": "PreToolUse",
        "session_id": "measured",
        "prompt_id": "p",
        "tool_name": "Bash",
        "tool_use_id": "TOOL",
        "tool_input": {"command": "ls " + "x" * 1000},
    }
)


def batch():
    """Spans of about 2.4 kB each, with a place for what tells one batch from the next."""
    text = {"key": "gen_ai.input.messages", "value": {"stringValue": "word " * 400}}
    spans = [
        {
            "traceId": f"BATCHNUM{trace:024x}",
            "spanId": f"{span + 1:016x}",
            "parentSpanId": "" if span == 0 else f"{1:016x}",
            "name": "chat",
            "startTimeUnixNano": "1790000000000000000",
            "endTimeUnixNano": "1790000001000000000",
            "attributes": [text],
        }
        for trace in range(TRACES)
        for span in range(SPANS)
    ]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


def export(host, path, first, stop, stored):
    body = batch()
    connection = http.client.HTTPConnection(host)
    number = first
    while not stop.is_set():
        connection.request("POST", path + "/v1/traces", body.replace(b"BATCHNUM", b"%08x" % number), JSON)
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            with stored.get_lock():
                stored.value += SPANS * TRACES
        number += 1


def hooks(host, path, count):
    connection = http.client.HTTPConnection(host)
    times = []
    for number in range(count):
        body = HOOK.replace("TOOL", str(number)).encode()
        began = time.perf_counter()
        connection.request("POST", path + "/hooks/claude-code", body, JSON)
        answer = connection.getresponse().read()
        times.append((time.perf_counter() - began) * 1000)
        assert answer == b"{}", answer
    times.sort()
    return times


def row(name, times):
    at = lambda part: times[int(len(times) * part)]
    print(f"{name:<40} p50 {at(0.5):.2f} ms   p99 {at(0.99):.2f} ms   longest {times[-1]:.1f} ms")


def main():
    program = os.path.abspath(sys.argv[1])
    connections = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as home:
        serve = [program, "serve", "--data-dir", home + "/data", "--listen", "127.0.0.1:0", "--otlp-listen", "off"]
        server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, env={"HOME": home})
        try:
            url = re.search(r"http://(\S+?)(/_inspector)", server.stdout.readline())
            host, path = url.groups()
            row("hooks alone", hooks(host, path, HOOKS))
            stop, stored = multiprocessing.Event(), multiprocessing.Value("q", 0)
            exporters = [
                multiprocessing.Process(target=export, args=(host, path, 1 + (number << 24), stop, stored))
                for number in range(connections)
            ]
            for exporter in exporters:
                exporter.start()
            began = time.perf_counter()
            times = hooks(host, path, HOOKS)
            took = time.perf_counter() - began
            row(f"hooks beside {stored.value / took:,.0f} spans/s", times)
            stop.set()
            for exporter in exporters:
                exporter.join()
            health = json.load(urllib.request.urlopen(f"http://{host}{path}/health"))
            print({name: count for name, count in health["counters"].items() if "hooks" in name and count})
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
