"""Requests for permission of the real programs, decided by a person on the page: over the same address as the page uses."""

import json
import threading
import time
import unittest
import urllib.request

import claude_code
import codex
import inspector
import running

SECONDS = 60


class Person(threading.Thread):
    """Somebody who looks at the page, and decides about the first request for permission with `answer`."""

    def __init__(self, served, answer):
        super().__init__(daemon=True)
        self.served, self.answer = served, answer
        self.seen, self.taken = None, None

    def run(self):
        stream = urllib.request.urlopen(f"{self.served.address}/events?types=WaitingOnSignal", timeout=SECONDS)
        with stream:
            told = next(line for line in stream if line.startswith(b"data:"))
        session = json.loads(told.removeprefix(b"data:"))["session_id"]
        # The program's hook is taken in one place and waits in another.
        while self.seen is None:
            self.seen = next(iter(self.served.get(f"/sessions/{session}/waits")["waits"]), None)
        body = {"signal": self.seen["signal_name"], "wait_id": self.seen["wait_id"], **self.answer}
        self.taken = self.served.post(f"/signal/{session}", body)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.join(SECONDS)


def events_of(served, kind, until):
    """The events of this type in the one session, waited for: hooks are answered before they are taken."""
    while True:
        (session,) = served.sessions()
        events = served.get(f"/sessions/{session['id']}/events")["events"]
        found = [event for event in events if event["type"] == kind]
        if found or time.monotonic() > until:
            return found


class ClaudeCodePermission(unittest.TestCase):
    def run_with(self, answer):
        with running.scratch() as directory, inspector.serving(directory / "home") as served:
            hooks = f"{served.hooks('claude-code')}?answer={SECONDS}"
            with Person(served, answer) as person:
                run = claude_code.run(directory, "refused", hooks=hooks, hook_seconds=SECONDS + 5)
            self.assertEqual(run.code, 0, run.errors[-2000:])
            self.assertEqual(run.elsewhere, [])
            received = events_of(served, "SignalReceived", time.monotonic() + SECONDS)
            return person, received, (directory / "project/created-example").exists()

    def test_what_a_person_allows_is_done(self):
        person, received, done = self.run_with({"payload": {"behavior": "allow"}})
        self.assertEqual(person.taken, 202)
        self.assertIn("touch created-example", person.seen["prompt"])
        self.assertTrue(done)
        self.assertEqual([(event["signal_name"], event["by"]) for event in received], [("permission", "local")])

    def test_what_a_person_denies_is_not_done(self):
        person, received, done = self.run_with({"deny": {"reason": "not today"}})
        self.assertEqual((person.taken, [event["decision"] for event in received]), (202, ["denied"]))
        self.assertFalse(done)


class CodexPermission(unittest.TestCase):
    def test_what_a_person_allows_on_the_page_is_never_asked_at_the_prompt(self):
        with running.scratch() as directory, inspector.serving(directory / "home") as served:
            with Person(served, {"payload": {"behavior": "allow"}}) as person:
                run = codex.run_asking(directory, f"{served.hooks('codex')}?answer={SECONDS}", decided_elsewhere=True)
            # In a terminal Codex looks for its news, which no setting forbids; nothing of it gets through.
            self.assertEqual((run.code, person.taken), (0, 202))


if __name__ == "__main__":
    unittest.main()
