"""The generated Python client against a served inspector."""

import os
import unittest
from contextlib import closing
from urllib.parse import urljoin

import httpx
from agent_inspector_client.api.spans import list_spans
from agent_inspector_client.api.traces import get_trace
from agent_inspector_client.models import Problem, SessionStatus, SpanKind

from client import InspectorError, connect, failed, find, follow, sessions, trace

INSPECTOR, TOKEN = os.environ["INSPECTOR"], os.environ["INSPECTOR_TOKEN"]


def events_until_finished(id, after):
    """The events after `after` until the session `id` has finished."""
    events = []
    with connect(INSPECTOR, TOKEN) as client, closing(follow(client, after)) as stream:
        for event in stream:
            events.append(event)
            if event["type"] == "SessionFinished" and event["session"]["id"] == id:
                return events


class GeneratedClient(unittest.TestCase):
    def setUp(self):
        self.client = self.enterContext(connect(INSPECTOR, TOKEN))

    def test_sessions_are_listed_by_a_filter(self):
        self.assertEqual([session.id for session in failed(self.client)], ["tuesday"])

    def test_a_list_is_read_page_by_page(self):
        page = sessions(self.client, status=[SessionStatus.COMPLETED], tag="forecast", limit=2)
        # Other clients run sessions too.
        ids = [session.id for session in page if session.id.endswith("day")]
        self.assertEqual(ids, ["thursday", "wednesday", "monday"])

    def test_a_trace_is_read_as_spans(self):
        spans = trace(self.client, "monday").values()
        self.assertEqual({span.kind for span in spans}, {SpanKind.WORKFLOW, SpanKind.AGENT, SpanKind.LLM, SpanKind.TOOL})
        self.assertTrue(all(span.end_time for span in spans))
        self.assertEqual([span.usage.input_tokens for span in spans if span.kind is SpanKind.LLM], [1200])
        raw = get_trace.sync_detailed("monday", client=self.client)
        self.assertEqual(raw.headers["content-encoding"], "gzip")

    def test_a_span_tree_is_read_in_the_order_of_the_tree(self):
        tree = list_spans.sync("monday", client=self.client)
        rows = [(span.depth, span.kind.value) for span in tree.spans]
        self.assertEqual(rows, [(0, "workflow"), (1, "agent"), (2, "llm"), (2, "tool")])

    def test_what_is_not_there_is_a_typed_problem(self):
        self.assertIsNone(find(self.client, "nowhere"))
        answer = get_trace.sync_detailed("nowhere", client=self.client)
        self.assertIsInstance(answer.parsed, Problem)
        problem = answer.parsed
        self.assertEqual((answer.status_code, problem.status, problem.code), (404, 404, "session_not_found"))
        self.assertEqual(problem.title, "There is no such session")
        self.assertIn("nowhere", problem.detail)

    def test_without_the_token_the_problem_says_what_to_do(self):
        stranger = self.enterContext(connect(INSPECTOR, "another-token-than-that"))
        with self.assertRaises(InspectorError) as raised:
            failed(stranger)
        self.assertEqual((raised.exception.problem.status, raised.exception.problem.code), (401, "sign_in_required"))

    def test_the_live_stream_goes_on_where_a_reader_left_it(self):
        httpx.post(urljoin(INSPECTOR, "/work"), content="python").raise_for_status()
        # From the beginning of what is kept.
        events = events_until_finished("python", after=0)
        own = [event for event in events if event.get("session_id") == "python"]
        self.assertEqual(own[0]["session"]["title"], "The weather of python")
        rest = events[events.index(own[0]) + 1 :]
        self.assertEqual(events_until_finished("python", after=own[0]["id"]), rest)


if __name__ == "__main__":
    unittest.main()
