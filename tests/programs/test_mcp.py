"""Real MCP clients of the official SDKs at a server of the official Rust SDK, as they stand in the inspector."""

import contextlib
import json
import os
import signal
import subprocess
import time
import unittest

import inspector
import install
import running

SERVER = install.TARGET / "debug/examples/mcp_server"
CLIENTS = {
    "python-client": lambda: [install.python(), "-B", install.HERE / "mcp/client.py"],
    "js-client": lambda: ["node", install.HERE / "mcp/client.mjs"],
}
TOOLS = ["add", "divide", "forget"]


@contextlib.contextmanager
def serving(directory):
    """The example: the address of its MCP server, and its inspector."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory / "home"), "PORT": "0"}
    process = subprocess.Popen([SERVER], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        mcp, page = (process.stdout.readline().split()[-1] for _ in range(2))
        yield mcp, inspector.Inspector(page.removesuffix("/ui/"))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=inspector.ANSWER_SECONDS)
        process.stdout.close()


class McpClients(unittest.TestCase):
    def served(self, name, mode, count):
        """What a client printed, and the sessions and spans that came of it, when there are so many sessions."""
        with running.scratch() as directory, serving(directory) as (address, shown):
            command = [*CLIENTS[name](), address, mode]
            packages = [install.packages_of_npm()] if name == "js-client" else []
            done = running.run([*command, *packages], directory, {})
            self.assertEqual(done.code, 0, done.errors)
            sessions = self.ended(shown, count)
            spans = {session["id"]: shown.spans(session) for session in sessions}
            return json.loads(done.lines[-1]), sessions, spans

    def ended(self, shown, count):
        """The sessions, when so many have ended: a client may be done before the server has let go of its last answer, and a
        machine with much to do may show it later still."""
        until = time.monotonic() + inspector.ANSWER_SECONDS
        sessions = shown.sessions()
        while len(sessions) < count or not all(session.get("ended_at") for session in sessions):
            self.assertLess(time.monotonic(), until, sessions)
            sessions = shown.sessions()
        return sessions

    def check_answers(self, printed):
        self.assertEqual(sorted(printed["tools"]), TOOLS)
        self.assertEqual(printed["texts"], ["3", "that cannot be divided", "forgotten"])

    def test_a_client_with_a_session_is_one_session_in_which_each_request_is_a_span(self):
        for name in CLIENTS:
            with self.subTest(name):
                printed, sessions, spans = self.served(name, "legacy", 1)
                self.check_answers(printed)
                self.assertEqual(printed["version"], "2025-11-25")
                (session,) = sessions
                about = (session["engine"], session["agent"], session["title"], session["status"])
                self.assertEqual(about, ("mcp-inbound", name, f"MCP client {name}", "completed"))
                rows = spans[session["id"]]
                calls = ["initialize", "tools/list", *(f"tools/call {tool}" for tool in TOOLS), "elicitation"]
                self.assertEqual([row["name"] for row in rows[1:]], calls)
                failed = [(row["name"], row["error"]) for row in rows if row["status"] == "error"]
                self.assertEqual(failed, [("tools/call divide", "tool_error: that cannot be divided")])
                asked, question = rows[-2:]
                self.assertEqual(question["parent_span_id"], asked["span_id"])
                self.assertTrue(all("end_time" in row for row in rows), rows)

    def test_a_client_without_sessions_has_one_for_each_request_and_one_for_a_request_that_is_asked_back(self):
        for name in CLIENTS:
            with self.subTest(name):
                titles = ["server/discover", "tools/list", *(f"tools/call {tool}" for tool in TOOLS)]
                printed, sessions, spans = self.served(name, "auto", len(titles))
                self.check_answers(printed)
                self.assertEqual(printed["version"], "2026-07-28")
                by_title = {session["title"]: session for session in sessions}
                self.assertEqual(sorted(by_title), sorted(f"MCP {title}" for title in titles))
                ended = {title: session["status"] for title, session in by_title.items()}
                self.assertEqual([title for title in ended if ended[title] != "completed"], ["MCP tools/call divide"], sessions)
                self.assertEqual(ended["MCP tools/call divide"], "failed")
                rows = spans[by_title["MCP tools/call forget"]["id"]]
                names = [row["name"] for row in rows[1:]]
                self.assertEqual(names, ["tools/call forget", "elicitation", "tools/call forget"])


if __name__ == "__main__":
    unittest.main()
