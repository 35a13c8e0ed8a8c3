"""Agents built with Python frameworks: two model calls and a tool call each."""

import framework
import judging


class Weather(judging.OneRun):
    PROGRAM = None

    @classmethod
    def report(cls, served, directory):
        return framework.run(directory, cls.PROGRAM, otlp=served.address)

    def test_each_call_counts_once(self):
        self.assert_counts(llm=2, tools=1, failed_tools=0)
        self.assert_tokens(input=400, output=80, cache_read=240, reasoning=20)

    def test_what_was_said_and_done_can_be_read(self):
        for text in ("How is the weather in Paris?", "Sunny in Paris.", "Done: the directory was listed."):
            self.assert_reads(text)
        self.assertEqual([span["tool"] for span in self.of_kind("tool")], ["weather"])
        self.assertEqual({span["model"] for span in self.of_kind("llm")}, {"gpt-5.5"})


class PydanticAi(Weather):
    ENGINE, PROGRAM = "otlp", "weather_pydantic_ai"


class OpenAiAgents(Weather):
    ENGINE, PROGRAM = "otlp", "weather_openai_agents"
