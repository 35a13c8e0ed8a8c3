"""Receives what a program under test sends, and writes it down as it came: OTLP over HTTP, and hook payloads.

Each request becomes one line `{method, path, headers, body_b64}`. Requests to `/v1/...` go to `otlp.jsonl`, all others
to `hooks.jsonl`.
"""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.body()
        line = json.dumps({"method": self.command, "path": self.path, "headers": dict(self.headers.items()), "body_b64": base64.b64encode(body).decode()})
        name = "otlp.jsonl" if self.path.startswith("/v1/") else "hooks.jsonl"
        with self.server.lock, open(self.server.directory / name, "a") as file:
            file.write(line + "\n")
        protobuf = self.headers.get("Content-Type", "").startswith("application/x-protobuf")
        answer = b"" if protobuf else b"{}"
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf" if protobuf else "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def log_message(self, *_):
        pass


def bind(directory, port=0):
    """A bound server that writes below `directory`: call `serve_forever` on it, in a thread if need be."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    server.daemon_threads = True
    server.directory = Path(directory)
    server.lock = threading.Lock()
    return server
