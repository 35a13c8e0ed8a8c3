//! What agent programs report of a run, put together to spans.
//!
//! A program such as Claude Code reports one run in several ways at once: hooks while it happens, log records and spans some
//! seconds later, a transcript beside. Hooks and log records are no spans, and each knows a part of a call only: what it was
//! asked, how long it took, what it cost. The [`Assembler`] puts together what was said of one call.
//!
//! What is said of a call that was not reported as a span becomes a *derived* span, in one trace for each session, whose
//! ids follow from the ids of the program: whoever says it, and however often, it is the same span. What is said of a call
//! that was reported as a span is added to that. Which of two reports counts is decided where sessions are added up.

mod bounded;
mod call;
mod claude_code;
mod codex;
mod events;
mod hooks;
mod ids;
mod known;
mod run;
#[cfg(test)]
mod tests;
mod transcripts;
mod wait;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

pub(crate) use self::events::EventRefused;
use self::events::Posted;
pub(crate) use self::hooks::Refused;
use self::run::Run;
pub(crate) use self::transcripts::{MAX_READ_BYTES, TranscriptRead};
use super::metrics::UsagePoint;
use crate::model::{Engine, EventKey, Reported, Span, SpanId, SpanSummary, Timestamp, TraceId};
use crate::otlp::LogRecord;

/// How many runs are remembered; the one that was silent for longest is forgotten for another. What comes later of a
/// forgotten one still finds its spans in the store.
pub(crate) const MAX_RUNS: usize = 256;

/// Looks a span up that was stored before, by the sender's id of its session.
pub(crate) type Recall = Arc<dyn Fn(&str, TraceId, SpanId) -> Option<Span> + Send + Sync>;

/// Looks up the spans of a trace that were stored before.
pub(crate) type RecallTrace = Arc<dyn Fn(TraceId) -> Vec<SpanSummary> + Send + Sync>;

/// Says whether a posted event was stored that must not be taken again.
pub(crate) type RecallEvent = Arc<dyn Fn(EventKey) -> bool + Send + Sync>;

/// Whether an agent program reports its runs by a span.
pub(crate) fn is_span_of_agent(span: &Span) -> bool {
    claude_code::session_of(span).is_some() || codex::is_codex(span)
}

/// Puts together what programs report of their runs. It is one for all senders, behind a lock: what it does takes
/// microseconds.
pub(crate) struct Assembler {
    runs: HashMap<(&'static str, String), Run>,
    recall: Recall,
    recall_trace: RecallTrace,
    recall_event: RecallEvent,
    /// Whose the threads of Codex are.
    threads: codex::Threads,
    /// The parts of Codex's model calls.
    answers: codex::Answers,
    left_out: u64,
}

impl fmt::Debug for Assembler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembler").field("runs", &self.runs.len()).finish_non_exhaustive()
    }
}

impl Assembler {
    /// Knows of no run yet. `recall` finds what was stored by an earlier one.
    pub(crate) fn new(recall: Recall) -> Self {
        Self {
            runs: HashMap::new(),
            recall,
            recall_trace: Arc::new(|_| Vec::new()),
            recall_event: Arc::new(|_| false),
            threads: codex::Threads::default(),
            answers: codex::Answers::default(),
            left_out: 0,
        }
    }

    /// Also finds what was stored of a whole trace, and whether an event was.
    pub(crate) fn recalling(mut self, trace: RecallTrace, event: RecallEvent) -> Self {
        (self.recall_trace, self.recall_event) = (trace, event);
        self
    }

    /// Takes what a hook of Claude Code delivered: one payload, or several in an array.
    pub(crate) fn claude_code(
        &mut self,
        payload: serde_json::Value,
        at: Timestamp,
        out: &mut Reported,
    ) -> Result<(), Refused> {
        hooks::each(payload, |payload| {
            let run = self.run(Engine::CLAUDE_CODE, hooks::session_of(&payload)?, at);
            claude_code::hook(run, &payload, at, out);
            Ok(())
        })
    }

    /// Takes what Codex delivered: a hook's payload, a notification, a line that it printed, or several of them in an array.
    pub(crate) fn codex(
        &mut self,
        payload: serde_json::Value,
        at: Timestamp,
        out: &mut Reported,
    ) -> Result<(), Refused> {
        hooks::each(payload, |payload| {
            let read = codex::read(&mut self.threads, &payload)?;
            read.take(self.run(Engine::CODEX, read.session.clone(), at), &payload, at, out);
            Ok(())
        })
    }

    /// Takes what a program posted: one event, or an array of them. Either all of them are taken, or none.
    ///
    /// # Errors
    ///
    /// Why which of them cannot be taken, counted from 0.
    pub(crate) fn events(
        &mut self,
        posted: serde_json::Value,
        at: Timestamp,
        out: &mut Reported,
    ) -> Result<usize, (usize, EventRefused)> {
        let posted = match posted {
            serde_json::Value::Array(posted) => posted,
            one => vec![one],
        };
        let numbered = posted.into_iter().enumerate();
        let read = |(number, event)| Posted::read(event).map_err(|refused| (number, refused));
        let events = numbered.map(read).collect::<Result<Vec<_>, _>>()?;
        for event in &events {
            let at = event.at().unwrap_or(at);
            match event.session() {
                Some(session) => {
                    let recall = Arc::clone(&self.recall_event);
                    let run = self.run(Engine::EVENTS, session.to_owned(), at);
                    if event.key().is_none_or(|key| run.takes_event(key, &recall, out)) {
                        events::event(run, event, at, out);
                    }
                }
                None => event.of_nobody(at, out),
            }
        }
        Ok(events.len())
    }

    /// Completes what was reported as spans with what else is known of their calls, and learns from them.
    pub(crate) fn observe(&mut self, reported: &mut Reported, at: Timestamp) {
        let mut added = Reported::default();
        for span in &reported.spans {
            codex::learn(&mut self.threads, span);
        }
        reported.spans.retain_mut(|span| {
            if let Some(session) = claude_code::session_of(span) {
                claude_code::observe(self.run(Engine::CLAUDE_CODE, session, at), span, &mut added);
            }
            match codex::session_of(&self.threads, span) {
                codex::Of::Others => true,
                codex::Of::Nobody => {
                    self.left_out += 1;
                    false
                }
                codex::Of::Session(session) => {
                    self.run(Engine::CODEX, session.clone(), at);
                    let run = self.runs.get_mut(&(Engine::CODEX, session));
                    if let Some(run) = run {
                        codex::observe(run, &self.threads, &mut self.answers, span, &mut added);
                    }
                    true
                }
            }
        });
        reported.spans.append(&mut added.spans);
        reported.sessions.append(&mut added.sessions);
        reported.events.append(&mut added.events);
    }

    /// How many spans were left out since the start, because they are what a program does for itself and name no session.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Takes a log record, when it tells of a call; otherwise it is given back.
    pub(crate) fn log(&mut self, record: LogRecord, out: &mut Reported) -> Option<LogRecord> {
        let taken = if let Some(session) = claude_code::session_of_log(&record) {
            let run = self.run(Engine::CLAUDE_CODE, session, record.time);
            run.is_heard(record.time, out);
            claude_code::log(run, &record, out)
        } else if let Some(session) = codex::session_of_log(&mut self.threads, &record) {
            let run = self.run(Engine::CODEX, session, record.time);
            run.is_heard(record.time, out);
            codex::log(run, &record, out)
        } else {
            false
        };
        Some(record).filter(|_| !taken)
    }

    /// Adds up what metrics say of sessions.
    pub(crate) fn usage(&mut self, points: &[UsagePoint], out: &mut Reported) {
        for point in points {
            let run = self.run(Engine::CLAUDE_CODE, point.session.clone(), point.at);
            run.is_heard(point.at, out);
            claude_code::usage(run, point, out);
        }
    }

    /// What was made of a request could not be stored, and will come again: it must not be taken for known then.
    pub(crate) fn take_back(&mut self, sessions: &[String]) {
        for ((_, session), run) in &mut self.runs {
            if sessions.contains(session) {
                run.forget_calls();
            }
        }
    }

    /// The transcripts that have something new to read, as far as is known.
    pub(crate) fn transcripts(&mut self) -> Vec<TranscriptRead> {
        let stale = |(key, run): (&(&'static str, String), &mut Run)| match key.0 {
            Engine::CODEX => run.codex.rollouts.stale(key.0, &key.1),
            _ => run.transcripts.stale(key.0, &key.1),
        };
        self.runs.iter_mut().flat_map(stale).collect()
    }

    /// Takes lines of a transcript.
    pub(crate) fn transcript(
        &mut self,
        read: &TranscriptRead,
        lines: &[u8],
        at: Timestamp,
        out: &mut Reported,
    ) {
        let run = self.run(read.engine, read.session.clone(), at);
        match read.engine {
            Engine::CODEX => codex::rollout(run, read, lines, out),
            _ => claude_code::transcript(run, read, lines, out),
        }
    }

    fn run(&mut self, engine: &'static str, session: String, at: Timestamp) -> &mut Run {
        let key = (engine, session);
        if !self.runs.contains_key(&key) && self.runs.len() >= MAX_RUNS {
            let silent = self.runs.iter().min_by_key(|(_, run)| run.heard()).map(|(key, _)| key.clone());
            silent.and_then(|silent| self.runs.remove(&silent));
        }
        let (recall, recall_trace) = (&self.recall, &self.recall_trace);
        let run = self.runs.entry(key.clone()).or_insert_with(|| {
            let mut run = Run::new(key.0, key.1, Arc::clone(recall));
            if key.0 == Engine::CODEX {
                codex::remember(&mut run, recall_trace);
            }
            run
        });
        run.hear(at);
        run
    }
}
