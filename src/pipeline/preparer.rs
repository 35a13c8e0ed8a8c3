//! Preparing what outside senders report, on as many cores as are free for it.
//!
//! An exporter on one connection waits for its answer before it sends the next batch. A large batch is therefore shared by
//! two threads, unless others are preparing already: then the cores have work, and a second thread would only cost.

use std::collections::HashMap;
use std::mem;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, available_parallelism};

use parking_lot::Mutex;

use super::prepare::{
    Prepared, PreparedReport, clean, clean_session, prepare_trace, session_id, session_report, to_publish,
};
use crate::model::{Reported, Session, Span, TraceId};
use crate::pricing::Prices;
use crate::redact::Redactor;
use crate::registry::Clean;

/// How many spans are worth a thread of their own: preparing one takes some 50 microseconds, starting a thread about as long.
const SPANS_FOR_A_THREAD: usize = 100;

/// What the preparation of reports needs, and how many threads are at it.
#[derive(Debug)]
pub(super) struct Preparer {
    redactor: Arc<Redactor>,
    prices: Arc<Prices>,
    busy: AtomicUsize,
    cores: usize,
}

impl Preparer {
    pub(super) fn new(redactor: Arc<Redactor>, prices: Arc<Prices>) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self { redactor, prices, busy: AtomicUsize::new(0), cores }
    }

    /// What models cost.
    pub(super) fn prices(&self) -> &Prices {
        &self.prices
    }

    /// What must not be seen.
    pub(super) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Prepares what an outside sender reports. Heavy: called on threads that may block.
    pub(super) fn report(&self, reported: Reported) -> PreparedReport {
        let taken = reported.taken.into_iter();
        PreparedReport {
            taken: taken.map(|(session, key)| (session_id(&session, &self.redactor).0, key)).collect(),
            traces: self.spans(reported.spans),
            sessions: reported
                .sessions
                .into_iter()
                .map(|report| session_report(report, &self.redactor))
                .collect(),
            events: reported.events.into_iter().map(|event| to_publish(event, &self.redactor)).collect(),
        }
    }

    /// Prepares spans, trace by trace in the order in which they were first named. Heavy, as [`report`](Self::report).
    pub(super) fn spans(&self, spans: Vec<Span>) -> Vec<Prepared> {
        let _busy = Busy::one_more(&self.busy);
        let mut traces = by_trace(spans);
        let Some(middle) = middle(&traces) else { return self.traces(traces) };
        let Some(_busy) = Busy::below(&self.busy, self.cores) else { return self.traces(traces) };
        let rest = Mutex::new(traces.split_off(middle));
        let prepare_rest = || self.traces(mem::take(&mut *rest.lock()));
        thread::scope(|scope| {
            let thread =
                thread::Builder::new().name("inspector-prepare".to_owned()).spawn_scoped(scope, prepare_rest);
            let mut prepared = self.traces(traces);
            prepared.extend(match thread {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // The system has no thread left to give.
                Err(_) => prepare_rest(),
            });
            prepared
        })
    }

    fn traces(&self, traces: Vec<(TraceId, Vec<Span>)>) -> Vec<Prepared> {
        traces.into_iter().map(|(id, spans)| prepare_trace(id, spans, &self.redactor, &self.prices)).collect()
    }
}

/// What a registry of the host's tells is treated as what was sent, but for the work that only what is stored needs.
impl Clean for Preparer {
    fn session(&self, session: &mut Session) {
        clean_session(session, &self.redactor);
    }

    fn span(&self, span: &mut Span) {
        clean(span, &self.redactor, &self.prices);
    }
}

fn by_trace(spans: Vec<Span>) -> Vec<(TraceId, Vec<Span>)> {
    let mut places: HashMap<TraceId, usize> = HashMap::new();
    let mut traces: Vec<(TraceId, Vec<Span>)> = Vec::new();
    for span in spans {
        let place = *places.entry(span.trace_id).or_insert(traces.len());
        match traces.get_mut(place) {
            Some((_, spans)) => spans.push(span),
            None => traces.push((span.trace_id, vec![span])),
        }
    }
    traces
}

/// After how many traces half of the spans have come, if both halves are worth a thread.
fn middle(traces: &[(TraceId, Vec<Span>)]) -> Option<usize> {
    let all: usize = traces.iter().map(|(_, spans)| spans.len()).sum();
    let mut before = 0;
    let middle = traces.iter().position(|(_, spans)| {
        before += spans.len();
        before * 2 >= all
    })? + 1;
    (before >= SPANS_FOR_A_THREAD && all - before >= SPANS_FOR_A_THREAD).then_some(middle)
}

/// A thread that prepares, as long as it does.
struct Busy<'a>(&'a AtomicUsize);

impl<'a> Busy<'a> {
    fn one_more(busy: &'a AtomicUsize) -> Self {
        busy.fetch_add(1, Ordering::Relaxed);
        Self(busy)
    }

    /// One more, if there are fewer than `most`.
    fn below(busy: &'a AtomicUsize, most: usize) -> Option<Self> {
        let more = |count| (count < most).then_some(count + 1);
        busy.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Self(busy))
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SpanId, Timestamp};

    fn spans(traces: u8, each: usize) -> Vec<Span> {
        let span = |number: usize, trace: u8| {
            let trace = TraceId::from_bytes([trace; 16]).unwrap();
            let id = SpanId::from_bytes((number as u64 + 1).to_be_bytes()).unwrap();
            Span::new(trace, id, format!("span {number}"), Timestamp::EPOCH)
        };
        (0..each * usize::from(traces))
            .zip((1..=traces).cycle())
            .map(|(number, trace)| span(number, trace))
            .collect()
    }

    fn preparer(cores: usize) -> Preparer {
        let prices = Arc::new(Prices::default());
        Preparer { cores, ..Preparer::new(Arc::new(Redactor::new()), prices) }
    }

    fn shown(prepared: &[Prepared]) -> Vec<(TraceId, Vec<SpanId>, Vec<u64>)> {
        let one = |one: &Prepared| {
            let spans = one.spans.iter().map(|span| span.summary.span_id).collect();
            (one.trace_id, spans, one.chunks.iter().map(|chunk| chunk.block.plain_bytes).collect())
        };
        prepared.iter().map(one).collect()
    }

    #[test]
    fn two_threads_prepare_what_one_would_in_the_same_order() {
        let alone = shown(&preparer(1).spans(spans(20, 25)));
        let together = preparer(8);
        assert_eq!(alone.len(), 20);
        assert_eq!(shown(&together.spans(spans(20, 25))), alone);
        assert_eq!(together.busy.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_batch_is_shared_when_it_is_large_and_a_core_is_free() {
        let parted = |traces, each| middle(&by_trace(spans(traces, each)));
        assert_eq!((parted(20, 25), parted(2, 500)), (Some(10), Some(1)));
        assert_eq!((parted(1, 5_000), parted(4, 10), parted(0, 0)), (None, None, None));
        let busy = AtomicUsize::new(0);
        let first = Busy::one_more(&busy);
        let second = Busy::below(&busy, 2);
        assert!(second.is_some() && Busy::below(&busy, 2).is_none());
        drop((first, second));
        assert!(Busy::below(&busy, 1).is_some());
    }
}
