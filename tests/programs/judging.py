"""What holds for every run of every program: one session, nothing counted twice, nobody else contacted."""

import json
import time
import unittest

import inspector
import running

# How long the inspector may take for what it answers before it is done: hooks, and files that a program leaves behind.
PATIENCE_SECONDS = 20
# What a person can take in. Codex alone reports hundreds of spans for one turn.
READABLE_ROWS = 40


class OneRun(unittest.TestCase):
    """One run against an inspector of its own; the tests of a class look at what is known afterwards."""

    ENGINE = None
    EXIT_CODE = 0

    @classmethod
    def report(cls, served, directory):
        """Runs the program, and gives its `Run`."""
        raise NotImplementedError

    @classmethod
    def is_complete(cls, sessions):
        """Whether everything has been taken in that is not there at once: what hooks say, and what is read from files."""
        return bool(sessions) and all(session.get("ended_at") for session in sessions)

    @classmethod
    def setUpClass(cls):
        if cls.ENGINE is None:
            raise unittest.SkipTest("what the others have in common")
        with running.scratch() as directory, inspector.serving(directory / "home") as served:
            cls.run_ = cls.report(served, directory)
            until = time.monotonic() + PATIENCE_SECONDS
            served.settle(until)
            cls.sessions = served.sessions()
            while not cls.is_complete(cls.sessions) and time.monotonic() < until:
                cls.sessions = served.sessions()
            cls.session = cls.sessions[0] if cls.sessions else None
            cls.rows = served.spans(cls.session) if cls.session else []
            cls.spans = [served.span(cls.session, row) for row in cls.rows if not row.get("placeholder")]
            cls.health = served.get("/health")

    def test_the_program_ran_and_contacted_nobody_else(self):
        self.assertEqual(self.run_.code, self.EXIT_CODE, self.run_.errors[-2000:])
        self.assertEqual(self.run_.elsewhere, [])

    def test_it_is_one_session_of_its_program_that_ended(self):
        self.assertEqual(len(self.sessions), 1, [(s["id"], s["title"]) for s in self.sessions])
        self.assertEqual(self.session["engine"], self.ENGINE)
        self.assertIsNotNone(self.session.get("ended_at"))
        self.assertNotIn(self.session["status"], ("running", "paused", "abandoned"))

    def test_its_tree_can_be_taken_in(self):
        self.assertLessEqual(len(self.rows), READABLE_ROWS, sorted({row["name"] for row in self.rows}))
        self.assertEqual([row["name"] for row in self.rows if row.get("placeholder")], [])

    def of_kind(self, kind):
        return [span for span in self.spans if span["kind"] == kind]

    def assert_counts(self, llm, tools, failed_tools=None):
        counters = self.session["counters"]
        self.assertEqual((counters["llm_calls"], counters["tool_calls"]), (llm, tools), self.listing())
        self.assertEqual((len(self.of_kind("llm")), len(self.of_kind("tool"))), (llm, tools), self.listing())
        if failed_tools is not None:
            failed = [span for span in self.of_kind("tool") if span["status"]["code"] == "error" or span.get("error")]
            self.assertEqual(len(failed), failed_tools, self.listing())

    def assert_tokens(self, input, output, cache_read, cache_write=0, reasoning=0):
        counters = self.session["counters"]
        said = [counters[f"{name}_tokens"] for name in ("input", "output", "cache_read", "cache_write", "reasoning")]
        self.assertEqual(said, [input, output, cache_read, cache_write, reasoning], self.listing())

    def assert_reads(self, text):
        """A text that a person wants to read stands in the attributes or events of a span."""
        said = any(text in json.dumps([span["attributes"], span["events"]]) for span in self.spans)
        self.assertTrue(said, f"nowhere: {text!r}\n{self.listing()}")

    def listing(self):
        """The tree, for whoever reads a failure."""
        lines = [json.dumps(self.session["counters"])]
        for row in self.rows:
            usage = row.get("usage") or ""
            lines.append("  " * row["depth"] + f"{row['kind']} {row['name']} {row.get('call_id', '')} {row['status']} {usage}")
        return "\n".join(lines)

    def above(self, span):
        """The spans above one, the nearest first, as the tree shows them."""
        at = next(place for place, row in enumerate(self.rows) if row["span_id"] == span["span_id"])
        found, depth = [], self.rows[at]["depth"]
        for row in reversed(self.rows[:at]):
            if row["depth"] < depth:
                found.append(row)
                depth = row["depth"]
        return found
