"""Real workflows on a real Temporal server, shown, answered and cancelled by the example."""

import concurrent.futures
import contextlib
import signal
import time
import unittest
import urllib.error

import running
import temporal_service

# How long a workflow may take to get where it is going, on a machine with much to do.
PATIENCE_SECONDS = 60


def status_of(post, *arguments):
    try:
        return post(*arguments)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


class Shown(unittest.TestCase):
    """An inspector in front of a Temporal service with a worker."""

    DATABASE = None

    @classmethod
    def setUpClass(cls):
        with contextlib.ExitStack() as stack:
            directory = stack.enter_context(running.scratch())
            database = cls.DATABASE and directory / cls.DATABASE
            cls.server = stack.enter_context(temporal_service.serving(directory / "home", database))
            cls.start = staticmethod(stack.enter_context(temporal_service.working(cls.server)))
            cls.settings = cls.reached(stack, directory)
            cls.inspector = stack.enter_context(temporal_service.shown(directory / "home", cls.settings))
            cls.addClassCleanup(stack.pop_all().close)

    @classmethod
    def reached(cls, stack, directory):
        """The variables by which the inspector reaches the service."""
        return {"TEMPORAL_ADDRESS": cls.server.address}

    def until(self, look, what):
        """What `look` gives, as soon as it gives something."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not (found := look()):
            self.assertLess(time.monotonic(), end, f"{what}: {self.listed()}")
            time.sleep(0.05)
        return found

    def listed(self):
        return self.inspector.get("/sessions", limit=500)

    def session(self, workflow, *statuses):
        """The session of this workflow, as the list shows it, when it has one of these statuses."""

        def look():
            listed = [one for one in self.listed()["sessions"] if one["status"] in statuses]
            return next((one for one in listed if workflow in (one["title"].split()[-1], one.get("external_id"))), None)

        return self.until(look, f"{workflow} is {statuses}")

    def run_(self, kind, workflow, *statuses):
        self.start(kind, workflow)
        return self.session(workflow, *statuses)

    def spans(self, session):
        """Each span whole, by its name."""
        rows = self.inspector.spans(session)
        self.assertEqual([row["name"] for row in rows if row.get("placeholder")], [])
        return {row["name"]: {**self.inspector.span(session, row), "depth": row["depth"]} for row in rows}

    def signal_once(self, session, name, payload):
        return status_of(self.inspector.post, f"/signal/{session['id']}", {"signal": name, "payload": payload})

    def signal(self, session, name, payload):
        """What an answer comes to. The service may be too slow on a machine with much to do; who hears so answers again."""

        def look():
            status = self.signal_once(session, name, payload)
            return status != 503 and status

        return self.until(look, "an answer is taken or refused")


class Workflows(Shown):
    def test_what_a_workflow_did_is_its_tree(self):
        session = self.run_("Order", "order-1", "completed")
        self.assertEqual((session["engine"], session["agent"]), ("temporal", "Order"))
        self.assertEqual(session["tags"], ["queue:orders"])
        self.assertEqual(self.inspector.get(f"/sessions/{session['id']}"), session)
        spans = self.spans(session)
        self.assertEqual(list(spans), ["Order", "reserve", "timer 50 ms", "Ship"])
        self.assertEqual([span["depth"] for span in spans.values()], [0, 1, 1, 1])
        self.assertEqual([span["kind"] for span in spans.values()], ["workflow", "tool", "other", "workflow"])
        self.assertTrue(all(span["end_time"] for span in spans.values()))
        reserve = spans["reserve"]
        self.assertEqual(reserve["content"]["tool_input"], {"amount": 3})
        self.assertEqual(reserve["content"]["tool_output"], {"reserved": 3})
        self.assertEqual(reserve["attributes"]["temporal.attempt"], 2)
        [failed] = [event for event in reserve["events"] if event["name"] == "attempt failed"]
        self.assertEqual(failed["attributes"]["exception.type"], "Locked")
        self.assertEqual(spans["Order"]["attributes"]["output.value"], {"reserved": 3, "sent": "sent to Rome"})

        child = self.session("order-1/ship", "completed")
        self.assertEqual(child["parent_session_id"], session["id"])
        self.assertEqual(child["external_id"], "order-1/ship")
        [link] = spans["Ship"]["links"]
        root = self.spans(child)["Ship"]
        self.assertEqual((link["trace_id"], link["span_id"]), (root["trace_id"], root["span_id"]))
        self.assertEqual(root["links"][0]["span_id"], spans["Ship"]["span_id"])

    def test_why_a_workflow_failed_is_told_without_its_secrets(self):
        session = self.run_("Broken", "broken-1", "failed")
        error = self.until(lambda: self.inspector.get(f"/sessions/{session['id']}").get("error"), "why it failed")
        self.assertIn("CardDeclined", error)
        spans = self.spans(session)
        self.assertEqual([span["error"]["type"] for span in spans.values()], ["CardDeclined", "CardDeclined"])
        self.assertEqual(spans["charge"]["content"]["tool_input"], [5, "visa"])
        self.assertNotIn("sk-live-x", f"{self.listed()}{spans}")

    def test_a_workflow_that_waits_is_answered_once(self):
        session = self.run_("Approval", "approval-1", "paused")
        waiting = session["waiting_on"]
        self.assertEqual((waiting["signal_name"], waiting["prompt"]), ("approval", "Ship it?"))
        root = self.until(lambda: self.told(session, "temporal.current_details"), "what the workflow is at")
        self.assertEqual(root["temporal.current_details"], "asking for **approval**")
        self.assertEqual(root["temporal.signals"], [{"name": "approval", "description": "yes or no"}])
        self.assertEqual(self.spans(session)["wait for approval"]["kind"], "human")

        self.assertEqual(self.signal(session, "something-else", {}), 409)
        with concurrent.futures.ThreadPoolExecutor() as people:
            answers = list(people.map(lambda who: self.signal(session, "approval", {"by": who}), range(4)))
        self.assertEqual(sorted(answers), [202, 409, 409, 409])
        self.assertEqual(self.signal(session, "approval", {"by": "late"}), 409)

        done = self.session("approval-1", "completed")
        self.assertNotIn("waiting_on", done)
        self.assertEqual(self.signal(done, "approval", {}), 409)
        spans = self.spans(done)
        self.assertEqual(spans["Approval"]["attributes"]["output.value"], [{"by": answers.index(202)}])
        self.assertEqual(spans["signal approval"]["attributes"]["input.value"], {"by": answers.index(202)})
        self.assertTrue(spans["wait for approval"]["end_time"])

    def told(self, session, name):
        [root, *_] = self.inspector.spans(session)
        attributes = self.inspector.span(session, root)["attributes"]
        return attributes if name in attributes else None

    def test_a_workflow_may_tell_only_when_it_is_asked(self):
        session = self.run_("Asked", "asked-1", "paused")
        self.assertEqual(session["waiting_on"]["prompt"], "Who is it for?")
        self.assertEqual(self.spans(session)["wait for name"]["kind"], "human")
        self.assertEqual(self.signal(session, "name", "Ada"), 202)
        done = self.session("asked-1", "completed")
        self.assertEqual(self.spans(done)["Asked"]["attributes"]["output.value"], "Ada")

    def test_a_workflow_that_only_takes_signals_does_not_wait_and_can_be_cancelled(self):
        session = self.run_("Endless", "endless-1", "running")
        self.assertNotIn("waiting_on", session)
        self.assertEqual(self.signal(session, "nudge", None), 202)
        self.assertEqual(self.signal(session, "unheard-of", None), 409)
        cancel = f"/cancel/{session['id']}"
        self.assertEqual(status_of(self.inspector.post, cancel, None), 202)
        done = self.session("endless-1", "cancelled")
        self.assertEqual(status_of(self.inspector.post, cancel, None), 409)
        spans = self.spans(done)
        self.assertEqual(list(spans), ["Endless", "timer 3 d", "signal nudge"])
        self.assertEqual(spans["Endless"]["attributes"]["temporal.outcome"], "cancelled")

    def test_a_run_is_found_by_its_id_alone_and_others_are_not(self):
        long = "x" * 300
        session = self.run_("Ship", long, "failed", "completed", "running")
        self.assertEqual(session["external_id"], long)
        with running.scratch() as directory, temporal_service.shown(directory / "home", self.settings) as other:
            # It has listed nothing yet.
            self.assertEqual(other.get(f"/sessions/{session['id']}")["external_id"], long)
            unknown = "never.01a225ed-e261-7267-95ac-84ba8dd27f0f"
            for path in (f"/sessions/{unknown}", f"/sessions/{unknown}/spans", "/sessions/other"):
                self.assertEqual(status_of(other.get, path), 404, path)

    def test_the_list_is_filtered_by_the_service(self):
        self.run_("Order", "order-2", "completed")
        self.run_("Broken", "broken-2", "failed")
        for query in ({"status": "failed"}, {"agent": "Broken"}, {"text": "broken-2"}):
            titles = [one["title"] for one in self.inspector.get("/sessions", **query)["sessions"]]
            self.assertIn("Broken broken-2", titles)
            self.assertNotIn("Order order-2", titles)
        self.assertEqual(self.inspector.get("/sessions", agent="it's \\ none")["sessions"], [])
        page = self.inspector.get("/sessions", limit=1)
        after = self.inspector.get("/sessions", limit=500, cursor=page["next_cursor"])
        ids = [one["id"] for each in (page, after, self.listed()) for one in each["sessions"]]
        self.assertEqual(ids[: len(ids) // 2], ids[len(ids) // 2 :])


class Outage(Shown):
    """The service keeps its workflows in a file."""

    DATABASE = "temporal.db"

    def test_a_service_that_is_gone_degrades_the_list_until_it_is_back(self):
        session = self.run_("Approval", "approval-1", "paused")
        self.server.kill()
        gone = self.until(lambda: self.degraded(), "the list says that the service is gone")
        self.assertEqual(gone[0]["registry"], "temporal")
        # What was known is still shown.
        self.assertIn(session["id"], [one["id"] for one in self.listed()["sessions"]])
        self.assertEqual(self.signal_once(session, "approval", {"by": "me"}), 503)
        self.server.start()
        self.until(lambda: not self.degraded(), "the list is whole again")
        self.until(lambda: self.signal_once(session, "approval", {"by": "me"}) == 202, "it can be answered again")
        self.session("approval-1", "completed")

    def test_a_service_that_hangs_keeps_nobody_waiting_and_may_go_on(self):
        self.run_("Endless", "endless-1", "running")
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            gone = self.until(lambda: self.degraded(), "the list says that the service does not answer")
        finally:
            self.server.process.send_signal(signal.SIGCONT)
        self.assertEqual(gone[0]["registry"], "temporal")
        self.until(lambda: not self.degraded(), "the list is whole again")
        self.assertTrue(self.session("endless-1", "running"))

    def degraded(self):
        return self.listed()["degraded"]


class ByTls(Shown):
    """The service is behind TLS, and wants to see a certificate and a key."""

    @classmethod
    def reached(cls, stack, directory):
        return stack.enter_context(temporal_service.fronted(cls.server, directory / "front"))

    def test_a_workflow_is_shown_and_answered(self):
        session = self.run_("Approval", "approval-1", "paused")
        self.assertEqual(self.listed()["degraded"], [])
        self.assertEqual(self.signal(session, "approval", {"by": "me"}), 202)
        self.session("approval-1", "completed")

    def test_who_is_not_let_in_is_told_so_and_the_list_comes_all_the_same(self):
        directory = self.settings["TEMPORAL_TLS_SERVER_CA_CERT_PATH"].removesuffix("/ca.pem")
        for wrong in (
            {"TEMPORAL_API_KEY": "another-key"},
            {"TEMPORAL_TLS_SERVER_CA_CERT_PATH": f"{directory}/other.pem"},
            {"TEMPORAL_TLS_SERVER_NAME": "somebody.else"},
            {"TEMPORAL_TLS_CLIENT_CERT_PATH": "", "TEMPORAL_TLS_CLIENT_KEY_PATH": ""},
        ):
            with self.subTest(wrong), temporal_service.shown(directory, {**self.settings, **wrong}) as inspector:
                listed = inspector.get("/sessions")
                self.assertEqual(([one["registry"] for one in listed["degraded"]], listed["sessions"]), (["temporal"], []))
                self.assertNotIn("-key", str(listed["degraded"]))
