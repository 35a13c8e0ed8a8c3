"""Codex, by each of its channels and by all of them."""

import json
import time

import codex
import fake_openai
import judging


class Codex(judging.OneRun):
    SCENARIO = "default"
    CHANNELS = ("otlp", "hooks", "notify")

    @classmethod
    def report(cls, served, directory):
        hooks = served.hooks("codex")
        addresses = {"otlp": served.address, "hooks": hooks, "notify": hooks}
        run = codex.run(directory, cls.SCENARIO, **{channel: addresses[channel] for channel in cls.CHANNELS if channel in addresses})
        if "lines" in cls.CHANNELS:
            served.post("/hooks/codex", [json.loads(line) for line in run.lines])
        return run

    def test_the_session_is_the_thread(self):
        self.assertEqual(self.session["id"], json.loads(self.run_.lines[0])["thread_id"])


class Default(Codex):
    ENGINE = "codex"

    def test_each_call_counts_once(self):
        self.assert_counts(llm=3, tools=2, failed_tools=1)
        self.assert_tokens(input=600, output=120, cache_read=360, reasoning=30)

    def test_what_was_asked_and_done_can_be_read(self):
        self.assertEqual(self.session["title"], codex.PROMPT)
        for text in (codex.PROMPT, "echo hello-example", "hello-example\\n", "No such file or directory"):
            self.assert_reads(text)

    def test_all_that_was_done_is_below_the_turn(self):
        for span in self.of_kind("llm") + self.of_kind("tool"):
            self.assertIn("agent", [row["kind"] for row in self.above(span)], self.listing())


class OtlpOnly(Default):
    CHANNELS = ("otlp",)


class EverythingAtOnce(Default):
    CHANNELS = ("otlp", "hooks", "notify", "lines")


class HooksOnly(Default):
    """Hooks tell nothing of the model's calls and of how a command ended. The rollout file that they name does."""

    CHANNELS = ("hooks", "notify")

    @classmethod
    def is_complete(cls, sessions):
        # The file is looked at a few times after the turn, for its last lines.
        return super().is_complete(sessions) and sessions[0]["counters"]["llm_calls"] == 3

    def test_what_the_model_answered_can_be_read(self):
        self.assert_reads("Looking around.")


class Asking(judging.OneRun):
    """A person is asked whether a command may run. Only what runs in a terminal asks."""

    ENGINE = "codex"

    @classmethod
    def report(cls, served, directory):
        def look():
            until, cls.paused = time.monotonic() + judging.PATIENCE_SECONDS, []
            while not cls.paused and time.monotonic() < until:
                cls.paused = [session for session in served.sessions() if session["status"] == "paused"]

        return codex.run_asking(directory, served.hooks("codex"), asked=look)

    def test_the_program_ran_and_contacted_nobody_else(self):
        # In a terminal it asks for its vendor's announcements, and nothing turns that off.
        self.assertEqual(set(self.run_.elsewhere) - {"raw.githubusercontent.com:443"}, set())

    def test_the_session_was_paused_while_the_question_stood_there(self):
        self.assertEqual([session["id"] for session in self.paused], [self.session["id"]])
        self.assertIn(fake_openai.REASON, self.paused[0]["waiting_on"]["prompt"])

    def test_the_question_is_below_its_call(self):
        (wait,) = self.of_kind("human")
        self.assertIn("tool", [row["kind"] for row in self.above(wait)], self.listing())


class LinesOnly(Default):
    """The printed lines tell nothing of what was asked, and of the model's calls only what they cost together."""

    CHANNELS = ("lines",)

    def test_each_call_counts_once(self):
        self.assertEqual(len(self.of_kind("tool")), 2, self.listing())
        self.assert_tokens(input=600, output=120, cache_read=360, reasoning=30)

    def test_what_was_asked_and_done_can_be_read(self):
        for text in ("echo hello-example", "hello-example\\n", "No such file or directory"):
            self.assert_reads(text)
        self.assertEqual(len([span for span in self.of_kind("tool") if span.get("error")]), 1)


class Subagent(Codex):
    ENGINE = "codex"
    SCENARIO = "subagent"

    def test_each_call_counts_once(self):
        self.assert_counts(llm=6, tools=4, failed_tools=1)
        self.assert_tokens(input=1200, output=240, cache_read=720, reasoning=60)

    def test_what_the_sub_agent_did_is_below_what_started_it(self):
        for span in self.of_kind("tool"):
            if span["tool"] in ("Bash", "exec_command"):
                starters = [row["tool"] for row in self.above(span) if row.get("tool")]
                self.assertEqual(len([tool for tool in starters if "spawn_agent" in tool]), 1, self.listing())


class SubagentOtlpOnly(Subagent):
    CHANNELS = ("otlp",)


class SubagentHooksOnly(Subagent):
    CHANNELS = ("hooks", "notify")

    @classmethod
    def is_complete(cls, sessions):
        return super().is_complete(sessions) and sessions[0]["counters"]["llm_calls"] == 6


class ApiError(Codex):
    """A run that fails sends no telemetry, and no hook that says so: the printed lines and the rollout file do."""

    ENGINE = "codex"
    SCENARIO = "error"
    EXIT_CODE = 1
    CHANNELS = ("otlp", "hooks", "notify", "lines")

    def test_it_failed_and_says_why(self):
        self.assertEqual(self.session["status"], "failed")
        self.assertIn("prompt rejected", self.session["error"])


class ApiErrorHooksOnly(ApiError):
    CHANNELS = ("hooks", "notify")

    @classmethod
    def is_complete(cls, sessions):
        return super().is_complete(sessions) and sessions[0]["status"] == "failed"
