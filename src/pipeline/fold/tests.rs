//! What the fold remembers and forgets.

use proptest::prelude::*;

use super::*;
use crate::model::{Engine, EventId, SessionStatus, Span, SpanId, SpanKind, StatusCode, Usage};
use crate::store::{ChunkBuilder, MemoryStore, WriteBatch};

fn span(trace: u8, end: bool) -> FoldSpan {
    let (trace, id) = (TraceId::from_bytes([trace; 16]).unwrap(), SpanId::from_bytes([1; 8]).unwrap());
    let mut span = Span::new(trace, id, "work", Timestamp::EPOCH);
    span.end_time = end.then_some(Timestamp::EPOCH);
    FoldSpan {
        summary: span.summary(EventId(1)),
        hint: None,
        title: None,
        service: None,
        used: None,
        engine: None,
        wait: None,
        told: false,
    }
}

struct Folding {
    fold: Fold,
    registry: Arc<MemoryRegistry>,
    store: Arc<dyn Store>,
}

impl Folding {
    fn new() -> Self {
        let (store, registry): (Arc<dyn Store>, _) = (Arc::new(MemoryStore::default()), Arc::default());
        let fold = Fold::new(Arc::clone(&store), Arc::clone(&registry), DEFAULT_ABANDON_AFTER);
        Self { fold, registry, store }
    }

    /// One turn that takes a span from outside; gives its session.
    fn turn(&mut self, number: u64, span: &FoldSpan) -> SessionId {
        let mut out = Folded::default();
        self.fold.begin_turn(number);
        let trace = span.summary.trace_id;
        let session = self.fold.assign(trace, Source::Outside, std::slice::from_ref(span), &mut out);
        self.fold.apply(span);
        self.fold.tick(Timestamp::EPOCH, &mut out);
        let mut chunks = ChunkBuilder::new(trace);
        let line = Span::new(trace, span.summary.span_id, "work", span.summary.start_time);
        chunks.push(&line, span.summary.clone()).unwrap();
        let batch = WriteBatch {
            sessions: out.sessions,
            traces: out.traces,
            chunks: chunks.finish(),
            ..WriteBatch::default()
        };
        self.store.write(&batch).unwrap();
        session
    }
}

#[test]
fn what_is_stored_is_forgotten_also_while_more_keeps_coming() {
    let mut folding = Folding::new();
    folding.turn(1, &span(1, true));
    folding.turn(2, &span(2, true));
    let later = Instant::now() + FORGET_TRACE_AFTER * 2;
    folding.fold.tidy(later, 1, &mut Folded::default());
    assert_eq!(
        (folding.fold.traces.len(), folding.registry.len()),
        (1, 1),
        "the second is not committed yet"
    );
    folding.fold.tidy(later, 2, &mut Folded::default());
    assert_eq!((folding.fold.traces.len(), folding.fold.sessions.len(), folding.registry.len()), (0, 0, 0));
}

#[test]
fn spans_that_never_end_are_not_remembered_for_ever_and_revive_their_session() {
    let mut folding = Folding::new();
    let session = folding.turn(1, &span(1, false));
    let later = Instant::now() + DEFAULT_ABANDON_AFTER * 2;
    folding.fold.tidy(later, 1, &mut Folded::default());
    folding.fold.tick(Timestamp::EPOCH, &mut Folded::default());
    assert_eq!(folding.fold.sessions[&session].session.status, SessionStatus::Abandoned);
    folding.fold.tidy(later, 1, &mut Folded::default());
    assert!(folding.fold.traces.is_empty() && folding.fold.sessions.is_empty());
    folding.turn(2, &span(1, false));
    assert_eq!(folding.fold.sessions[&session].session.status, SessionStatus::Running);
}

#[test]
fn a_session_that_runs_gives_signs_of_life_and_one_nobody_hears_of_does_not() {
    let mut folding = Folding::new();
    let session = folding.turn(1, &span(1, false));
    let beats = |folding: &mut Folding, at: Instant| {
        let mut out = Folded::default();
        folding.fold.tidy(at, 0, &mut out);
        let deltas = out.events.into_iter().filter_map(|(of, kind)| match kind {
            EventKind::Heartbeat { deltas, open_spans } if of == session => Some((deltas.spans, open_spans)),
            _ => None,
        });
        deltas.collect::<Vec<_>>()
    };
    let start = Instant::now();
    assert_eq!(beats(&mut folding, start + HEARTBEAT_INTERVAL / 2), []);
    assert_eq!(beats(&mut folding, start + HEARTBEAT_INTERVAL), [(1, 1)]);
    assert_eq!(beats(&mut folding, start + HEARTBEAT_INTERVAL * 3 / 2), []);
    assert_eq!(beats(&mut folding, start + HEARTBEAT_INTERVAL * 2), [], "the sender has said nothing since");
}

#[test]
fn who_waits_for_a_person_is_not_given_up_while_the_host_lives() {
    let mut folding = Folding::new();
    let session = folding.turn(1, &span(1, false));
    let status = |folding: &Folding| folding.fold.sessions[&session].session.status;
    if let Some(live) = folding.fold.sessions.get_mut(&session) {
        live.session.status = SessionStatus::Paused;
    }
    let later = Instant::now() + DEFAULT_ABANDON_AFTER * 2;
    folding.fold.tidy(later, 0, &mut Folded::default());
    folding.fold.tick(Timestamp::EPOCH, &mut Folded::default());
    assert_ne!(status(&folding), SessionStatus::Abandoned);
    folding.fold.leave();
    folding.fold.tick(Timestamp::EPOCH, &mut Folded::default());
    assert_eq!(status(&folding), SessionStatus::Abandoned);
}

#[test]
fn what_a_trace_said_of_its_session_goes_with_it_even_when_the_session_was_forgotten_meanwhile() {
    let named = |mut span: FoldSpan, session: &str, level: bool| {
        let hint = SessionHint { id: session.to_owned(), resource_level: level, masked: None };
        span.hint = Some(hint);
        span
    };
    let mut folding = Folding::new();
    let first = folding.turn(1, &named(span(1, true), "shared", true));
    let mut failed = named(span(2, true), "shared", true);
    failed.summary.status = StatusCode::Error;
    failed.summary.start_time = Timestamp::from_nanos(5);
    failed.summary.end_time = Some(Timestamp::from_nanos(9));
    assert_eq!(folding.turn(2, &failed), first);
    let stored = |folding: &Folding, id: &SessionId| folding.store.session(id).unwrap().unwrap();
    assert_eq!(stored(&folding, &first).status, SessionStatus::Failed);
    folding.fold.tidy(Instant::now() + FORGET_TRACE_AFTER * 2, 2, &mut Folded::default());
    assert!(folding.fold.sessions.is_empty());
    let mut root = named(failed, "its own", false);
    root.summary.span_id = SpanId::from_bytes([2; 8]).unwrap();
    root.summary.status = StatusCode::Unset;
    let moved = folding.turn(3, &root);
    assert_ne!(moved, first);
    let (old, new) = (stored(&folding, &first), stored(&folding, &moved));
    assert_eq!(
        (old.status, old.error, old.ended_at),
        (SessionStatus::Completed, None, Some(Timestamp::EPOCH))
    );
    assert_eq!((new.status, new.ended_at), (SessionStatus::Failed, Some(Timestamp::from_nanos(9))));
    assert_eq!((old.counters.spans, new.counters.spans), (1, 2));
}

/// A report of a call, in one of two traces of the session `s`.
fn report(of: (u8, u8), parent: Option<u8>, call: u8, derived: bool, llm: bool) -> FoldSpan {
    let mut reported = span(of.0, true);
    let summary = &mut reported.summary;
    summary.span_id = SpanId::from_bytes([of.1; 8]).unwrap();
    summary.parent_span_id = parent.map(|parent| SpanId::from_bytes([parent; 8]).unwrap());
    summary.call_id = match call {
        0 => None,
        1 => Some("usage:m".into()),
        call => Some(format!("tool:{call}")),
    };
    summary.derived = derived || call == 1;
    if llm {
        summary.kind = SpanKind::Llm;
        summary.usage = Some(Usage { input_tokens: Some(u64::from(of.1)), ..Usage::default() });
    }
    // Only programs that are known by name say sums.
    reported.engine = (call == 1).then_some(Engine::CLAUDE_CODE);
    reported.hint = Some(SessionHint { id: "s".into(), resource_level: false, masked: None });
    reported
}

proptest! {
    #[test]
    fn the_order_of_reports_of_the_same_calls_changes_nothing_also_when_they_were_forgotten_in_between(
        given in prop::collection::vec((1_u8..3, prop::option::of(0_usize..8), 0_u8..5, any::<bool>(), any::<bool>()), 1..9),
        keys in prop::collection::vec(any::<u32>(), 9),
        forgets in prop::collection::vec(any::<bool>(), 9),
    ) {
        let reports: Vec<_> = given.iter().enumerate().map(|(at, (trace, parent, call, derived, llm))| {
            let parent = parent.filter(|_| at > 0).map(|parent| u8::try_from(parent % at + 1).unwrap());
            report((*trace, u8::try_from(at + 1).unwrap()), parent, *call, *derived, *llm)
        }).collect();
        let counters = |order: &[usize], forgets: &[bool]| {
            let mut folding = Folding::new();
            for (turn, at) in order.iter().enumerate() {
                let turn = u64::try_from(turn).unwrap() + 1;
                folding.turn(turn, &reports[*at]);
                if forgets[*at] {
                    let later = Instant::now() + FORGET_TRACE_AFTER * 2;
                    folding.fold.tidy(later, u64::MAX, &mut Folded::default());
                }
            }
            let session = folding.fold.session(&SessionId::parse("s").unwrap()).unwrap();
            session.counters
        };
        let in_order: Vec<usize> = (0..reports.len()).collect();
        let mut shuffled: Vec<_> = in_order.iter().copied().zip(&keys).collect();
        shuffled.sort_by_key(|(_, key)| **key);
        let shuffled: Vec<_> = shuffled.into_iter().map(|(at, _)| at).collect();
        prop_assert_eq!(counters(&in_order, &[false; 9]), counters(&shuffled, &forgets));
    }
}
