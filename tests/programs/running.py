"""What running any of the programs needs: servers beside it, an environment that leads nowhere, and a bound on time."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# A run takes a few seconds; one that hangs fails.
RUN_SECONDS = 120


@dataclass
class Run:
    """What came of a run."""

    code: int
    lines: list  # what it printed
    errors: str
    directory: Path  # where it ran: `home` and `project` below it
    elsewhere: list  # whom it tried to reach through the proxy: nobody, if all is well


class NoWayOut(BaseHTTPRequestHandler):
    """A proxy that lets nothing through and remembers what was asked for."""

    def refuse(self):
        self.server.asked.append(self.path)
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_CONNECT = do_GET = do_POST = do_HEAD = do_PUT = refuse

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(server):
    """Runs a bound server in a thread, and gives its address."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield "http://127.0.0.1:%d" % server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def scratch(at=None):
    """A directory with an empty `home` and an empty `project`, removed afterwards. `at` says where, if it matters."""
    directory = Path(at) if at else Path(tempfile.mkdtemp(prefix="programs-"))
    try:
        (directory / "home").mkdir(parents=True)
        (directory / "project").mkdir()
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def run(command, directory, environment):
    """Runs a program in `directory/project`, with no way to the network but loopback."""
    with nowhere() as (proxies, elsewhere):
        done = subprocess.run(
            [str(part) for part in command],
            cwd=directory / "project",
            env={**surroundings(directory), **proxies, **environment},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUN_SECONDS,
        )
    return Run(done.returncode, done.stdout.splitlines(), done.stderr, directory, elsewhere)


def surroundings(directory):
    """The environment of a program: nothing of our own but the path."""
    return {"PATH": os.environ["PATH"], "HOME": str(directory / "home")}


@contextlib.contextmanager
def nowhere():
    """The environment of a program that finds no way to the network but loopback, and a list of whom it tried to reach."""
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), NoWayOut)
    proxy.asked = []
    with serving(proxy) as address:
        proxies = dict.fromkeys(["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"], address)
        yield {**proxies, **dict.fromkeys(["NO_PROXY", "no_proxy"], "127.0.0.1,localhost")}, proxy.asked


def script(path, text):
    """Writes a shell script that can be run, and gives its path as text."""
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


def poster(path, url, prints=False):
    """A hook of the type `command`: it posts what it is given, on standard input or as its argument, and says nothing; or it
    prints the answer, which decides."""
    seconds, output = (RUN_SECONDS, "") if prints else (10, ">/dev/null")
    return script(path, f"""if [ $# -gt 0 ]; then printf %s "$1"; else cat; fi |
    curl --silent --max-time {seconds} --noproxy '*' --header 'content-type: application/json' --data-binary @- '{url}' {output}
exit 0
""")
