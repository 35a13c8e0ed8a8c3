//! One round: the host's threads do their work, and record while they do it.

use std::hint::black_box;
use std::io;
use std::process;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use agent_inspector::{Inspector, SessionHandle};
use agent_inspector_benches::process::{own_processor_time, processor_time};
use agent_inspector_benches::span_of_four_attributes;
use serde_json::json;
use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing_subscriber::prelude::*;

use crate::work::Work;

/// How many steps of a millisecond each thread does in a round: long beside the pump's tick, short beside what else the
/// machine is doing.
pub(crate) const STEPS: usize = 200;

/// What the host records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Events,
    Spans,
}

impl Record {
    pub(crate) const fn plural(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Spans => "spans",
        }
    }
}

/// How long a round took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Round {
    pub(crate) time: Duration,
    /// The processor time of the threads that work.
    pub(crate) working: Duration,
    /// That of all others, until what was recorded is stored.
    pub(crate) others: Duration,
}

/// A host with its work.
#[derive(Debug)]
pub(crate) struct Host<'a> {
    pub(crate) work: &'a Work,
    pub(crate) threads: usize,
    pub(crate) record: Record,
}

impl Host<'_> {
    /// How much is recorded in a round, by all threads together: one for each millisecond of it.
    pub(crate) fn recorded(&self) -> usize {
        self.threads * STEPS.div_ceil(self.threads)
    }

    /// A round without the inspector.
    pub(crate) fn round_alone(&self) -> io::Result<Round> {
        self.round(&Inspector::disabled(), || {})
    }

    /// A round with `inspector`; `settle` waits until what was recorded is stored.
    pub(crate) fn round(&self, inspector: &Inspector, settle: impl FnOnce()) -> io::Result<Round> {
        let session = inspector.session("agent").start();
        let dispatch = Dispatch::new(tracing_subscriber::registry().with(inspector.layer()));
        // Passed when all are ready, when all have done their work, and when their processor time has been read.
        let gate = Barrier::new(self.threads + 1);
        thread::scope(|scope| {
            let workers: Vec<_> = (0..self.threads)
                .map(|_| {
                    scope.spawn(|| {
                        gate.wait();
                        let before = own_processor_time();
                        self.loop_of_an_agent(&session, &dispatch);
                        let end = Instant::now();
                        let taken = own_processor_time().saturating_sub(before);
                        gate.wait();
                        gate.wait();
                        (end, taken)
                    })
                })
                .collect();
            let before = processor_time(&[process::id()]);
            let start = Instant::now();
            gate.wait();
            gate.wait();
            settle();
            let all = processor_time(&[process::id()]).saturating_sub(before);
            gate.wait();
            let (mut last, mut working) = (start, Duration::ZERO);
            for worker in workers {
                let (end, taken) = worker.join().map_err(|_| io::Error::other("the work panicked"))?;
                last = last.max(end);
                working += taken;
            }
            Ok(Round { time: last - start, working, others: all.saturating_sub(working) })
        })
    }

    fn loop_of_an_agent(&self, session: &SessionHandle, dispatch: &Dispatch) {
        with_default(dispatch, || {
            session.in_scope(|| {
                for step in 0..STEPS {
                    if step % self.threads == 0 {
                        match self.record {
                            Record::Events => session.emit("tool_called", json!({"step": step})),
                            Record::Spans => span_of_four_attributes(),
                        }
                    }
                    black_box(self.work.step());
                }
            });
        });
    }
}
