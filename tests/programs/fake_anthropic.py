"""A model endpoint that stands in for Anthropic's Messages API (`POST /v1/messages`), on loopback.

The program under test believes that it talks to a model. What the "model" says is fixed, so the true totals of a run are
known. A conversation that has seen no tool result gets a Bash call that works, one that has seen one result a Read of a
file that is not there, and then the final text.

Scenarios: `default`; `subagent` (the first conversation starts another agent, and that one a third); `refused` (the Bash
call is one that needs a permission); `error` (HTTP 400, which no client tries again).

Usage: fake_anthropic.py PORT [--scenario NAME]. With port 0 it takes a free one. It prints its address when it is ready.
"""

import argparse
import itertools
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SCENARIOS = ["default", "subagent", "refused", "error"]
# What each model call says of itself. Here `input_tokens` does not include the cached ones.
USAGE = {"input_tokens": 100, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 300, "output_tokens": 25}
FINAL_TEXT = "Done: the directory was listed."
# In the scenario `subagent`: one below the main agent, and one below that.
SUBAGENTS = 2


class Model:
    """What the model answers. It keeps nothing but counters: which turn it is, is read off the request."""

    def __init__(self, scenario):
        self.scenario = scenario
        self.ids = itertools.count(1)
        self.subagents = itertools.count(1)

    def answer(self, request):
        """(number of the answer, its content blocks, why it stopped)"""
        number = next(self.ids)
        tools = {tool.get("name") for tool in request.get("tools") or []}
        results = sum(block.get("type") == "tool_result" for block in blocks_of(request))
        agent = next((name for name in ("Agent", "Task") if name in tools), None)
        if self.scenario == "subagent" and agent and results == 0 and next(self.subagents) <= SUBAGENTS:
            asked = {"description": "look around", "prompt": "Run echo and report.", "subagent_type": "general-purpose"}
            return number, [tool_use(number, agent, asked)], "tool_use"
        if "Bash" in tools and results == 0:
            command = "touch created-example" if self.scenario == "refused" else "echo hello-example"
            call = tool_use(number, "Bash", {"command": command, "description": "Say hello"})
            return number, [{"type": "text", "text": "Listing."}, call], "tool_use"
        if "Read" in tools and results == 1:
            return number, [tool_use(number, "Read", {"file_path": "/nonexistent/example.txt"})], "tool_use"
        return number, [{"type": "text", "text": FINAL_TEXT}], "end_turn"


def tool_use(number, name, arguments):
    return {"type": "tool_use", "id": f"toolu_fake_{number:04}", "name": name, "input": arguments}


def blocks_of(request):
    for message in request.get("messages") or []:
        if isinstance(message.get("content"), list):
            yield from message["content"]


class Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_json(200, {"data": [], "has_more": False})

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        self.server.requests.append((self.path, request))
        if "count_tokens" in self.path:
            return self.send_json(200, {"input_tokens": 42})
        if "/v1/messages" not in self.path:
            return self.send_json(200, {})
        model = self.server.model
        if model.scenario == "error":
            error = {"type": "invalid_request_error", "message": "example: prompt rejected"}
            return self.send_json(400, {"type": "error", "error": error}, request_id="req_fake_error")
        number, blocks, stop = model.answer(request)
        message = {
            "id": f"msg_fake_{number:04}", "type": "message", "role": "assistant", "model": request.get("model"),
            "content": blocks, "stop_reason": stop, "stop_sequence": None, "usage": USAGE,
        }
        if request.get("stream"):
            self.stream(number, message)
        else:
            self.send_json(200, message, request_id=f"req_fake_{number:04}")

    def stream(self, number, message):
        """The answer as server-sent events, in the order in which the real endpoint sends them."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("request-id", f"req_fake_{number:04}")
        self.send_header("Connection", "close")
        self.end_headers()
        begun = {**message, "content": [], "stop_reason": None, "usage": {**USAGE, "output_tokens": 1}}
        self.event("message_start", message=begun)
        for index, block in enumerate(message["content"]):
            if block["type"] == "text":
                start, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": block["text"]}
            else:
                start, delta = {**block, "input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
            self.event("content_block_start", index=index, content_block=start)
            self.event("content_block_delta", index=index, delta=delta)
            self.event("content_block_stop", index=index)
        stop = {"stop_reason": message["stop_reason"], "stop_sequence": None}
        self.event("message_delta", delta=stop, usage={"output_tokens": USAGE["output_tokens"]})
        self.event("message_stop")
        self.close_connection = True

    def event(self, kind, **data):
        self.wfile.write(f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode())
        self.wfile.flush()

    def send_json(self, status, value, request_id=None):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if request_id:
            self.send_header("request-id", request_id)
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
