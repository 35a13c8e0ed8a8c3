"""The inspector as a process of its own, as people run it, and its API."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

import install

# `make programs` builds it; another host can be named instead.
HOST = Path(os.environ.get("INSPECTOR_HOST") or install.TARGET / "debug/examples/receiver")
ANSWER_SECONDS = 30
# More than any run here has: a page is then all there is.
PAGE = 2000


class Inspector:
    def __init__(self, address):
        self.address = address  # what stands before `/v1/traces`, `/sessions` and all others

    def hooks(self, program):
        """Where the hooks of a coding agent post to."""
        return f"{self.address}/hooks/{program}"

    def get(self, path, **query):
        url = f"{self.address}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:
            return json.load(answer)

    def post(self, path, value):
        body = json.dumps(value).encode()
        request = urllib.request.Request(self.address + path, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return answer.status

    def settle(self, until):
        """Waits until all that hooks said is stored: they are answered before, and taken one after the other."""
        # What cannot be understood is counted when its turn comes. Those before the second are stored by then.
        for _ in range(2):
            counted = self.not_understood()
            self.post("/hooks/claude-code", None)
            while self.not_understood() == counted and time.monotonic() < until:
                pass

    def not_understood(self):
        return self.get("/health")["counters"]["hooks_not_understood"]

    def sessions(self):
        return self.get("/sessions", limit=500)["sessions"]

    def spans(self, session, **query):
        """The rows of a session's tree, in the order in which a person sees them."""
        return self.get(f"/sessions/{session['id']}/spans", limit=PAGE, **query)["spans"]

    def span(self, session, row):
        """All of one span, with its attributes."""
        return self.get(f"/sessions/{session['id']}/spans/{row['span_id']}", trace_id=row["trace_id"])


@contextlib.contextmanager
def serving(home):
    """A fresh inspector on a free port, started by whoever has this home directory, with a history that goes with it."""
    with tempfile.TemporaryDirectory(prefix="inspector-") as history:
        environment = {**os.environ, "HOME": str(home), "PORT": "0", "AGENT_INSPECTOR_DATA_DIR": history}
        process = subprocess.Popen([HOST], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        try:
            # "inspector: http://127.0.0.1:40001/_inspector/ui/"
            page = process.stdout.readline().split()[-1]
            yield Inspector(page.removesuffix("/ui/"))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=ANSWER_SECONDS)
            process.stdout.close()
