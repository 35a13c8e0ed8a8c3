//! Model calls: neither a span nor a log record names one, and so they and what a rollout file tells are joined by when the call
//! ended and its tokens.

use std::collections::VecDeque;
use std::time::Duration;

use super::super::call::{Call, Outcome};
use super::super::hooks::{Payload, count};
use crate::model::{SpanKind, SpanSummary, Timestamp, Usage};

/// How far the ends of one call may lie apart, as two ways tell of it. Milliseconds, when the program's threads
/// run; calls of one thread follow each other.
const NEAR: Duration = Duration::from_secs(2);

/// How many calls of a session are remembered.
const MOST: usize = 2048;

/// The tokens of a call. The input includes what came from a cache, the output the reasoning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tokens {
    pub(super) input: u64,
    pub(super) cache_read: u64,
    pub(super) cache_write: u64,
    pub(super) output: u64,
    pub(super) reasoning: u64,
}

impl Tokens {
    /// As printed lines and rollout files write them.
    pub(super) fn read(usage: &Payload) -> Self {
        let of = |name: &str| count(usage, name).unwrap_or(0);
        Self {
            input: of("input_tokens"),
            cache_read: of("cached_input_tokens"),
            cache_write: of("cache_write_input_tokens"),
            output: of("output_tokens"),
            reasoning: of("reasoning_output_tokens"),
        }
    }

    /// As they are stored.
    fn stored(usage: Usage) -> Self {
        Self {
            input: usage.input_tokens.unwrap_or(0),
            cache_read: usage.cache_read_tokens.unwrap_or(0),
            cache_write: usage.cache_write_tokens.unwrap_or(0),
            output: usage.output_tokens.unwrap_or(0),
            reasoning: usage.reasoning_tokens.unwrap_or(0),
        }
    }

    pub(super) fn of(self, call: Call) -> Call {
        let count = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        call.with("gen_ai.usage.input_tokens", count(self.input))
            .with("gen_ai.usage.output_tokens", count(self.output))
            .with("gen_ai.usage.cache_read.input_tokens", count(self.cache_read))
            .with("gen_ai.usage.cache_creation.input_tokens", count(self.cache_write))
            .with("gen_ai.usage.reasoning.output_tokens", count(self.reasoning))
    }
}

/// Who tells of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Teller {
    Span,
    Log,
    Rollout,
}

/// The model calls of a session.
#[derive(Debug, Default)]
pub(super) struct Models {
    calls: VecDeque<Known>,
    /// The thread and the moment at which the next answer of a model was asked for.
    asked: VecDeque<(String, Timestamp)>,
}

#[derive(Debug)]
struct Known {
    call_id: String,
    thread: String,
    tokens: Tokens,
    /// When it ended, as a span, a log record and a rollout file said.
    ends: [Option<Timestamp>; 3],
    /// When it ended, as was stored before this run was known here, whoever said it.
    stored: Option<Timestamp>,
}

impl Known {
    /// How far from its end, as others told of it, this one lies.
    fn apart(&self, end: Timestamp) -> Option<Duration> {
        let told = self.ends.iter().chain([&self.stored]).flatten();
        told.map(|at| at.since(end).max(end.since(*at))).min()
    }
}

impl Models {
    /// The call id of a call that was told of.
    pub(super) fn call(&mut self, thread: &str, tokens: Tokens, end: Timestamp, teller: Teller) -> String {
        let own = teller as usize;
        let again =
            || self.calls.iter().position(|known| known.thread == thread && known.ends[own] == Some(end));
        let told_by_other = || {
            let fits = |(_, known): &(usize, &Known)| {
                known.thread == thread && known.tokens == tokens && known.ends[own].is_none()
            };
            let near = self.calls.iter().enumerate().filter(fits);
            let near =
                near.filter_map(|(at, known)| Some((known.apart(end).filter(|apart| *apart <= NEAR)?, at)));
            near.min().map(|(_, at)| at)
        };
        if let Some(at) = again().or_else(told_by_other) {
            self.calls[at].ends[own] = Some(end);
            return self.calls[at].call_id.clone();
        }
        let call_id = format!("llm:{thread}:{}", end.as_nanos());
        let mut ends = [None; 3];
        ends[own] = Some(end);
        self.add(Known { call_id: call_id.clone(), thread: thread.to_owned(), tokens, ends, stored: None });
        call_id
    }

    /// Notes a call that was stored before, if a span is one that went well.
    pub(super) fn stored(&mut self, span: &SpanSummary) {
        let id = span.call_id.as_deref().and_then(|id| id.strip_prefix("llm:")?.rsplit_once(':'));
        if let (Some((thread, _)), Some(usage), Some(end)) = (id, span.usage, span.end_time) {
            let call_id = span.call_id.clone().unwrap_or_default();
            let tokens = Tokens::stored(usage);
            self.add(Known {
                call_id,
                thread: thread.to_owned(),
                tokens,
                ends: [None; 3],
                stored: Some(end),
            });
        }
    }

    fn add(&mut self, known: Known) {
        self.calls.push_back(known);
        if self.calls.len() > MOST {
            self.calls.pop_front();
        }
    }

    /// Notes when the model of a thread was asked.
    pub(super) fn asked(&mut self, thread: &str, at: Timestamp) {
        self.asked.retain(|(known, _)| known != thread);
        self.asked.push_back((thread.to_owned(), at));
        if self.asked.len() > MOST {
            self.asked.pop_front();
        }
    }

    /// When the model of a thread was asked for what it now answered.
    pub(super) fn answered(&mut self, thread: &str) -> Option<Timestamp> {
        let at = self.asked.iter().position(|(known, _)| known == thread)?;
        self.asked.remove(at).map(|(_, at)| at)
    }
}

/// A call of a model.
pub(super) fn call(model: Option<&str>, provider: Option<&str>) -> Call {
    Call::new(SpanKind::Llm, model.map_or_else(|| "chat".to_owned(), |model| format!("chat {model}")))
        .with("gen_ai.operation.name", "chat")
        .with_some("gen_ai.request.model", model.map(str::to_owned))
        .with_some("gen_ai.provider.name", provider.map(str::to_owned))
}

/// One that went well.
pub(super) fn answered(call: Call, start: Option<Timestamp>, end: Timestamp) -> Call {
    let mut call = call.ended(end, Outcome::Ok);
    call.start = Some(start.unwrap_or(end).min(end));
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::EPOCH.plus(Duration::from_millis(millis))
    }

    #[test]
    fn a_span_and_a_log_record_of_one_call_are_one_and_calls_that_look_alike_are_several() {
        let tokens = Tokens { input: 200, output: 40, ..Tokens::default() };
        let mut models = Models::default();
        let spans = [100, 150, 900].map(|end| models.call("t", tokens, at(end), Teller::Span));
        assert_eq!(spans.iter().collect::<std::collections::HashSet<_>>().len(), 3);
        assert_eq!([102, 151, 905].map(|end| models.call("t", tokens, at(end), Teller::Log)), spans);
        assert_eq!(
            [102, 151, 905].map(|end| models.call("t", tokens, at(end), Teller::Log)),
            spans,
            "sent again"
        );
        let later = models.call("t", tokens, at(9_000), Teller::Log);
        assert!(!spans.contains(&later), "its span was lost");
        assert_ne!(models.call("t", Tokens::default(), at(9_001), Teller::Span), later, "other tokens");
        assert_ne!(models.call("u", tokens, at(9_001), Teller::Span), later, "another thread");
    }

    #[test]
    fn a_file_tells_of_the_calls_that_spans_and_log_records_told_of() {
        let tokens = Tokens { input: 200, output: 40, ..Tokens::default() };
        let mut models = Models::default();
        let spans = [100, 150].map(|end| models.call("t", tokens, at(end), Teller::Span));
        let file = [103, 152, 900].map(|end| models.call("t", tokens, at(end), Teller::Rollout));
        assert_eq!(file[..2], spans);
        assert_eq!(models.call("t", tokens, at(902), Teller::Log), file[2], "the file told of it first");
    }
}
