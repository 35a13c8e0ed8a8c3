"""Claude Code, by each of its channels and by all of them."""

import claude_code
import judging


class ClaudeCode(judging.OneRun):
    SCENARIO = "default"
    CHANNELS = ("otlp", "hooks")

    @classmethod
    def report(cls, served, directory):
        addresses = {"otlp": served.address, "hooks": served.hooks("claude-code")}
        return claude_code.run(directory, cls.SCENARIO, **{channel: addresses[channel] for channel in cls.CHANNELS})


class Default(ClaudeCode):
    ENGINE = "claude-code"

    def test_each_call_counts_once(self):
        self.assert_counts(llm=3, tools=2, failed_tools=1)
        self.assert_tokens(input=1260, output=75, cache_read=900, cache_write=60)
        failed = [span["tool"] for span in self.of_kind("tool") if span.get("error")]
        self.assertEqual(failed, ["Read"])

    def test_the_cost_is_the_reported_one(self):
        self.assertAlmostEqual(self.session["counters"]["cost_usd"], 0.00252)
        self.assertEqual(self.session["counters"]["unpriced_calls"], 0)

    def test_what_was_asked_and_done_can_be_read(self):
        self.assertEqual(self.session["title"], claude_code.PROMPT)
        for text in (claude_code.PROMPT, "echo hello-example", "hello-example", "/nonexistent/example.txt", "Done: the directory was listed."):
            self.assert_reads(text)

    def test_all_that_was_done_is_below_the_turn(self):
        for span in self.of_kind("llm") + self.of_kind("tool"):
            self.assertIn("agent", [row["kind"] for row in self.above(span)], self.listing())


class HooksOnly(Default):
    CHANNELS = ("hooks",)

    @classmethod
    def is_complete(cls, sessions):
        # The tokens are in the transcript, which nobody sends.
        return super().is_complete(sessions) and sessions[0]["counters"]["llm_calls"] == 3

    def test_the_cost_is_the_reported_one(self):
        pass  # a transcript tells no costs


class OtlpOnly(Default):
    CHANNELS = ("otlp",)


class MetricsOnly(judging.OneRun):
    """Metrics tell of sums only, and of no end."""

    ENGINE = "claude-code"
    TEMPORALITY = "delta"

    @classmethod
    def report(cls, served, directory):
        only = {"OTEL_LOGS_EXPORTER": None, "OTEL_TRACES_EXPORTER": None,
                "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": cls.TEMPORALITY, "OTEL_METRIC_EXPORT_INTERVAL": "200"}
        return claude_code.run(directory, otlp=served.address, more=only)

    @classmethod
    def is_complete(cls, sessions):
        return True  # each request was answered when it was stored

    def test_it_is_one_session_of_its_program_that_ended(self):
        self.assertEqual([session["engine"] for session in self.sessions], [self.ENGINE])

    def test_its_sums_are_the_true_ones(self):
        self.assert_tokens(input=1260, output=75, cache_read=900, cache_write=60)
        self.assertAlmostEqual(self.session["counters"]["cost_usd"], 0.00252)


class CumulativeMetricsOnly(MetricsOnly):
    TEMPORALITY = "cumulative"


class Subagents(ClaudeCode):
    ENGINE = "claude-code"
    SCENARIO = "subagent"

    def test_each_call_counts_once(self):
        self.assert_counts(llm=10, tools=6, failed_tools=3)
        self.assert_tokens(input=4200, output=250, cache_read=3000, cache_write=200)

    def test_the_cost_is_the_reported_one(self):
        self.assertAlmostEqual(self.session["counters"]["cost_usd"], 0.0084)

    def test_the_session_is_called_after_what_the_person_asked(self):
        self.assertEqual(self.session["title"], claude_code.PROMPT)

    def test_the_second_sub_agent_is_within_the_first(self):
        bash = next(span for span in self.of_kind("tool") if span["tool"] == "Bash")
        starters = [row for row in self.above(bash) if row.get("tool") in ("Agent", "Task")]
        self.assertEqual(len(starters), 2, self.listing())


class SubagentsHooksOnly(Subagents):
    CHANNELS = ("hooks",)

    @classmethod
    def is_complete(cls, sessions):
        return super().is_complete(sessions) and sessions[0]["counters"]["llm_calls"] == 10

    def test_the_cost_is_the_reported_one(self):
        pass  # a transcript tells no costs


class SubagentsOtlpOnly(Subagents):
    CHANNELS = ("otlp",)


class Refused(ClaudeCode):
    ENGINE = "claude-code"
    SCENARIO = "refused"

    def test_a_refused_call_has_ended(self):
        self.assert_counts(llm=3, tools=2)
        for span in self.of_kind("tool"):
            self.assertIsNotNone(span.get("end_time"))


class ApiError(ClaudeCode):
    ENGINE = "claude-code"
    SCENARIO = "error"
    EXIT_CODE = 1

    def test_it_failed_and_says_why(self):
        self.assertEqual(self.session["status"], "failed")
        self.assertIn("prompt rejected", self.session["error"])
        self.assert_counts(llm=1, tools=0)


class ApiErrorHooksOnly(ApiError):
    CHANNELS = ("hooks",)

    def test_it_failed_and_says_why(self):
        self.assertEqual(self.session["status"], "failed")
        self.assertIn("prompt rejected", self.session["error"])
