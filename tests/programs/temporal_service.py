"""Temporal's development server with a worker, as processes of their own, and the example that shows them."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import inspector
import install

# `make programs` builds it; another host can be named instead.
HOST = Path(os.environ.get("INSPECTOR_TEMPORAL_HOST") or install.TARGET / "debug/examples/temporal")
WORKER = install.HERE / "temporal/worker.py"
FRONT = install.HERE / "temporal/front.py"
# A server is there in a second or two; on a machine with much to do, later.
START_SECONDS = 60


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Server:
    """The server. It keeps nothing unless a file is named, and can be killed and started again at the same address."""

    def __init__(self, directory, database=None):
        self.directory, self.database, self.process = directory, database, None
        self.port, self.http_port = free_ports(2)
        self.address = f"127.0.0.1:{self.port}"

    def start(self):
        command = [
            install.temporal("temporal"), "server", "start-dev", "--headless", "--ip", "127.0.0.1",
            "--port", str(self.port), "--http-port", str(self.http_port), "--log-level", "never",
        ]
        if self.database:
            command += ["--db-filename", str(self.database)]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory)}
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + START_SECONDS
        while not self.serves(environment):
            if time.monotonic() > until or self.process.poll() is not None:
                self.kill()
                raise RuntimeError("Temporal's server does not start")

    def serves(self, environment):
        """Whether its namespace is there, which comes last."""
        asked = [install.temporal("temporal"), "operator", "namespace", "describe", "default", "--address", self.address]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.run(asked, env=environment, timeout=START_SECONDS, **quiet).returncode == 0

    def kill(self):
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def serving(directory, database=None):
    server = Server(directory, database)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def working(server):
    """A worker; what it gives starts a workflow of this type with this id."""
    command = [install.temporal("python"), "-B", WORKER, server.address]
    environment = {"PATH": os.environ["PATH"], "HOME": str(server.directory)}
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    try:
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the worker does not start")

        def start(kind, name):
            process.stdin.write(f"{kind} {name}\n")
            process.stdin.flush()

        yield start
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


# What the certificate of the front names; nobody resolves it.
FRONT_NAME = "temporal.test"
FRONT_KEY = "a-key-of-the-front"


def certificates(directory):
    """An authority, what it signed for the front and for a client, and another authority, as files of `directory`."""
    directory.mkdir()

    def openssl(*arguments):
        subprocess.run(
            ["openssl", *arguments], cwd=directory, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"]
    for authority in ("ca", "other"):
        openssl("req", "-x509", *key, "-days", "2", "-subj", f"/CN={authority}", "-keyout", f"{authority}.key", "-out", f"{authority}.pem")
    for name, extension in (("server", f"subjectAltName=DNS:{FRONT_NAME}"), ("client", "extendedKeyUsage=clientAuth")):
        openssl("req", "-x509", *key, "-days", "2", "-CA", "ca.pem", "-CAkey", "ca.key", "-subj", f"/CN={name}",
                "-addext", extension, "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    return directory


@contextlib.contextmanager
def fronted(server, directory):
    """A front by TLS before the server; what it gives are the settings with which it lets a client in."""
    certificates(directory)
    command = [install.temporal("python"), "-B", FRONT, str(server.port), str(directory), FRONT_KEY]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield {
            "TEMPORAL_ADDRESS": f"127.0.0.1:{int(process.stdout.readline())}",
            "TEMPORAL_API_KEY": FRONT_KEY,
            "TEMPORAL_TLS_SERVER_NAME": FRONT_NAME,
            "TEMPORAL_TLS_SERVER_CA_CERT_PATH": f"{directory}/ca.pem",
            "TEMPORAL_TLS_CLIENT_CERT_PATH": f"{directory}/client.pem",
            "TEMPORAL_TLS_CLIENT_KEY_PATH": f"{directory}/client.key",
        }
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@contextlib.contextmanager
def shown(directory, settings):
    """The example, in front of the service that these variables name."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "PORT": "0", **settings}
    process = subprocess.Popen([HOST], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        page = process.stdout.readline().split()[-1]
        yield inspector.Inspector(page.removesuffix("/ui/"))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=inspector.ANSWER_SECONDS)
        process.stdout.close()
