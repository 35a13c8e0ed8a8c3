"""A model endpoint that stands in for OpenAI's Responses API (`POST /v1/responses`), on loopback.

The program under test believes that it talks to a model: it gets streamed answers in the real format, runs what they ask
for, and sends the results back. What the "model" says is fixed, so the true totals of a run are known:

* turn 1: a tool call that works
* turn 2: for a coding agent (which declares a shell), a command that fails; for others, straight to the end
* turn 3: the final text

Scenarios: `default`; `subagent` (the first turn starts another agent and waits for it); `permission` (the command that works
asks a person first);
`error` (HTTP 400, which no client tries again); `outage` (HTTP 500).

Usage: fake_openai.py PORT [--scenario NAME]. With port 0 it takes a free one. It prints its address when it is ready.
"""

import argparse
import itertools
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SCENARIOS = ["default", "subagent", "permission", "error", "outage"]
# What each model call says of itself. `input_tokens` includes the cached ones, `output_tokens` the reasoning.
USAGE = {
    "input_tokens": 200,
    "input_tokens_details": {"cached_tokens": 120},
    "output_tokens": 40,
    "output_tokens_details": {"reasoning_tokens": 10},
    "total_tokens": 240,
}
FINAL_TEXT = "Done: the directory was listed."
WORKING_COMMAND = "echo hello-example"
FAILING_COMMAND = "cat /nonexistent/example.txt"
REASON = "To see what is there."


class Model:
    """What the model answers. It keeps nothing but counters: which turn it is, is read off the request."""

    def __init__(self, scenario):
        self.scenario = scenario
        self.ids = itertools.count(1)
        self.spawned = False

    def answer(self, request):
        """The items of the answer to a request: a list of `reasoning`, `message` and `function_call` items."""
        number = next(self.ids)
        functions = declared_functions(request)
        outputs = [item for item in request.get("input") or [] if isinstance(item, dict) and item.get("type") == "function_call_output"]
        call = self.call(functions, outputs)
        if call is None:
            text = {"type": "output_text", "text": FINAL_TEXT, "annotations": []}
            item = {"type": "message", "id": f"msg_fake_{number:04}", "role": "assistant", "status": "completed", "content": [text]}
        else:
            name, arguments, namespace = call
            item = {"type": "function_call", "id": f"fc_fake_{number:04}", "call_id": f"call_fake_{number:04}",
                    "name": name, "arguments": json.dumps(arguments), "status": "completed"}
            if namespace:
                item["namespace"] = namespace
        thought = {"type": "reasoning", "id": f"rs_fake_{number:04}", "encrypted_content": "",
                   "summary": [{"type": "summary_text", "text": "Looking around."}]}
        return number, [thought, item]

    def call(self, functions, outputs):
        """The tool call of this turn as (name, arguments, namespace), or None when it is time for the final text."""
        shell = "exec_command" if "exec_command" in functions else "shell_command" if "shell_command" in functions else None
        if self.scenario == "subagent" and "spawn_agent" in functions:
            if not self.spawned:
                self.spawned = True
                return "spawn_agent", {"message": "Run echo and report."}, functions["spawn_agent"][0]
            agent = spawned_agent(outputs)
            if agent:
                if len(outputs) == 1:
                    return "wait_agent", {"targets": [agent], "timeout_ms": 30000}, functions["wait_agent"][0]
                return None
        if shell:
            commands = [WORKING_COMMAND, FAILING_COMMAND]
            key = "cmd" if shell == "exec_command" else "command"
            if len(outputs) >= len(commands):
                return None
            asks = {"sandbox_permissions": "require_escalated", "justification": REASON}
            asks = asks if self.scenario == "permission" and not outputs else {}
            return shell, {key: commands[len(outputs)], **asks}, None
        if functions and not outputs:
            name, (namespace, schema) = next(iter(functions.items()))
            return name, example_of(schema), namespace
        return None


def declared_functions(request):
    """The functions that a request declares, by name: (namespace or None, schema of the arguments)."""
    found = {}
    for tool in request.get("tools") or []:
        if tool.get("type") == "function":
            found[tool["name"]] = (None, tool.get("parameters") or {})
        elif tool.get("type") == "namespace":
            for inner in tool.get("tools") or []:
                found[inner["name"]] = (tool["name"], inner.get("parameters") or {})
    return found


def spawned_agent(outputs):
    """The id of the agent that this conversation started, from the result of the call that started it."""
    for item in outputs:
        try:
            said = json.loads(item.get("output") or "")
        except (TypeError, ValueError):
            continue
        if isinstance(said, dict) and said.get("agent_id"):
            return said["agent_id"]
    return None


def example_of(schema):
    """Arguments that fit a schema of plain properties."""
    examples = {"string": "Paris", "integer": 1, "number": 1.5, "boolean": True, "array": [], "object": {}}
    properties = schema.get("properties") or {}
    return {name: examples.get(kind.get("type"), "Paris") for name, kind in properties.items()}


class Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_json(200, {"object": "list", "data": [], "models": []})

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        self.server.requests.append((self.path, request))
        model = self.server.model
        if not self.path.endswith("/responses"):
            return self.send_json(404, {"error": {"message": "example: nothing here", "type": "invalid_request_error"}})
        if model.scenario == "error":
            return self.send_json(400, {"error": {"message": "example: prompt rejected", "type": "invalid_request_error", "param": None, "code": "invalid_prompt"}})
        if model.scenario == "outage":
            return self.send_json(500, {"error": {"message": "example: the model is down", "type": "server_error", "param": None, "code": None}})
        number, items = model.answer(request)
        response = {
            "id": f"resp_fake_{number:04}", "object": "response", "created_at": 1700000000, "status": "completed",
            "model": request.get("model"), "output": items, "usage": USAGE, "error": None, "incomplete_details": None,
            "instructions": None, "metadata": {}, "parallel_tool_calls": True, "temperature": 1.0, "top_p": 1.0,
            "tool_choice": "auto", "tools": [],
        }
        if request.get("stream"):
            self.stream(response)
        else:
            self.send_json(200, response)

    def stream(self, response):
        """The answer as server-sent events, in the order in which the real endpoint sends them."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("x-request-id", "req_" + response["id"])
        self.send_header("Connection", "close")
        self.end_headers()
        begun = {**response, "status": "in_progress", "output": [], "usage": None}
        self.events = itertools.count()
        self.event("response.created", response=begun)
        self.event("response.in_progress", response=begun)
        for index, item in enumerate(response["output"]):
            self.stream_item(index, item)
        self.event("response.completed", response=response)
        self.close_connection = True

    def stream_item(self, index, item):
        at = {"output_index": index, "item_id": item["id"]}
        if item["type"] == "message":
            text = item["content"][0]["text"]
            empty = {"type": "output_text", "text": "", "annotations": []}
            self.event("response.output_item.added", output_index=index, item={**item, "status": "in_progress", "content": []})
            self.event("response.content_part.added", **at, content_index=0, part=empty)
            self.event("response.output_text.delta", **at, content_index=0, delta=text, logprobs=[])
            self.event("response.output_text.done", **at, content_index=0, text=text, logprobs=[])
            self.event("response.content_part.done", **at, content_index=0, part=item["content"][0])
        elif item["type"] == "function_call":
            self.event("response.output_item.added", output_index=index, item={**item, "status": "in_progress", "arguments": ""})
            self.event("response.function_call_arguments.delta", **at, delta=item["arguments"])
            self.event("response.function_call_arguments.done", **at, name=item["name"], arguments=item["arguments"])
        else:
            part = item["summary"][0]
            self.event("response.output_item.added", output_index=index, item={**item, "summary": []})
            self.event("response.reasoning_summary_part.added", **at, summary_index=0, part={**part, "text": ""})
            self.event("response.reasoning_summary_text.delta", **at, summary_index=0, delta=part["text"])
            self.event("response.reasoning_summary_text.done", **at, summary_index=0, text=part["text"])
            self.event("response.reasoning_summary_part.done", **at, summary_index=0, part=part)
        self.event("response.output_item.done", output_index=index, item=item)

    def event(self, kind, **data):
        body = json.dumps({"type": kind, "sequence_number": next(self.events), **data})
        self.wfile.write(f"event: {kind}\ndata: {body}\n\n".encode())
        self.wfile.flush()

    def send_json(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def bind(port=0, scenario="default"):
    """A server that is bound but does not answer yet: call `serve_forever` on it, in a thread if need be."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Endpoint)
    server.daemon_threads = True
    server.model = Model(scenario)
    server.requests = []  # what was asked, as (path, body): for whoever wants to look
    return server


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("port", type=int)
    arguments.add_argument("--scenario", default="default", choices=SCENARIOS)
    chosen = arguments.parse_args()
    server = bind(chosen.port, chosen.scenario)
    print("http://127.0.0.1:%d" % server.server_address[1], flush=True)
    server.serve_forever()
