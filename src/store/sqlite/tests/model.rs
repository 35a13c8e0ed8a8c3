//! The store on disk against the one in memory, on random batches.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::store::MemoryStore;
use crate::store::contract::traces::served;

#[derive(Clone, Debug)]
enum Step {
    Write(WriteBatch),
    Reopen,
    Compact(u8),
}

fn name(number: u8) -> String {
    format!("s{number}")
}

fn batches() -> impl Strategy<Value = WriteBatch> {
    let sessions = prop::collection::vec((0_u8..4, 0_i64..5, 0_usize..6), 0..3);
    let traces = prop::collection::vec((1_u8..5, 0_u8..4), 0..3);
    let lines = prop::collection::vec((1_u64..12, prop::option::of(1_i64..9), 0_u64..9), 1..8);
    let chunks = prop::collection::vec((1_u8..5, lines), 0..4);
    let removed = prop::collection::vec(0_u8..4, 0..2);
    let deleted = prop::collection::vec(0_u8..12, 0..2);
    let pins = prop::collection::vec((0_u8..4, any::<bool>()), 0..2);
    (sessions, traces, chunks, removed, deleted, pins).prop_map(
        |(sessions, traces, chunks, removed, deleted, pins)| WriteBatch {
            taken: Vec::new(),
            // Seldom one of those that there are.
            deleted_sessions: deleted.into_iter().map(|number| id(&name(number))).collect(),
            pins: pins.into_iter().map(|(number, pinned)| (id(&name(number)), pinned)).collect(),
            sessions: sessions
                .into_iter()
                .map(|(number, at, status)| {
                    let mut session = session(&name(number), at);
                    // Running ones would be abandoned when the store is opened again.
                    session.status = SessionStatus::ALL[status.max(2)];
                    session
                })
                .collect(),
            traces: traces.into_iter().map(|(of, to)| (trace(of), id(&name(to)))).collect(),
            chunks: chunks
                .into_iter()
                .map(|(of, lines)| {
                    let spans: Vec<Span> = lines
                        .into_iter()
                        .map(|(number, end, parent)| {
                            let mut span = span(trace(of), number, end);
                            span.parent_span_id = SpanId::from_bytes(parent.to_be_bytes());
                            span
                        })
                        .collect();
                    chunk(&spans)
                })
                .collect(),
            removed_sessions: removed
                .into_iter()
                .filter(|number| *number > 1)
                .map(|number| id(&name(number)))
                .collect(),
            events: Vec::new(),
        },
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => batches().prop_map(Step::Write),
        1 => Just(Step::Reopen),
        3 => (0_u8..4).prop_map(Step::Compact),
    ];
    prop::collection::vec(step, 1..25)
}

type Seen = (Option<Session>, Vec<TraceId>, Vec<SpanSummary>, Vec<Span>);

/// What both stores must agree on. How lines lie in blocks is each store's own.
fn seen(store: &dyn Store) -> (Vec<Seen>, u64, Vec<Option<SessionId>>) {
    let of_session = |number: u8| {
        let session = id(&name(number));
        let mut spans = store.session_spans(&session).unwrap();
        spans.sort_by_key(|span| (span.trace_id, span.span_id));
        let ids: BTreeSet<SpanId> = spans.iter().map(|span| span.span_id).collect();
        let mut whole: Vec<_> = ids.into_iter().flat_map(|id| store.spans(&session, id).unwrap()).collect();
        // Memory dies with its process; on disk the next one abandons what was open.
        spans.iter_mut().for_each(|span| span.abandoned = false);
        whole.iter_mut().for_each(|span| span.abandoned = false);
        if store.session(&session).unwrap().is_some() {
            let lines = served(store, &name(number));
            let lines = lines.lines().map(|line| serde_json::from_str::<Span>(line).unwrap());
            let in_trace: BTreeSet<_> = lines.map(|line| (line.trace_id, line.span_id)).collect();
            assert_eq!(in_trace, spans.iter().map(|span| (span.trace_id, span.span_id)).collect());
        }
        (store.session(&session).unwrap(), store.traces(&session).unwrap(), spans, whole)
    };
    let owners = (1..5).map(|number| store.session_of_trace(trace(number)).unwrap()).collect();
    ((0..4).map(of_session).collect(), store.stats().unwrap().spans, owners)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_store_on_disk_answers_like_one_in_memory(steps in steps()) {
        let dir = tempfile::tempdir().unwrap();
        let memory = MemoryStore::default();
        let mut disk = open(dir.path());
        for step in steps {
            match step {
                Step::Write(batch) => {
                    disk.write(&batch).unwrap();
                    memory.write(&batch).unwrap();
                }
                Step::Reopen => {
                    drop(disk);
                    disk = open(dir.path());
                }
                Step::Compact(number) => {
                    disk.compact(&id(&name(number))).unwrap();
                }
            }
            prop_assert_eq!(seen(&disk), seen(&memory));
        }
    }
}
