//! Traces, spans and blocks.

use std::io::Read;

use super::*;
use crate::store::chunk::{GZIP_HEADER, gzip_tail};

contract! {
    spans_come_back_as_their_last_lines_say
    a_late_line_does_not_bring_an_ended_span_back
    the_same_span_id_in_two_traces_is_two_spans
    every_field_of_a_summary_comes_back
    a_trace_is_one_gzip_member_of_all_lines_in_order
    a_trace_that_grows_keeps_its_generation_and_its_beginning
    a_trace_that_moves_changes_the_generation_of_both_sessions
    a_removed_session_takes_its_traces_along
    a_removed_session_leaves_traces_that_moved_away
    a_session_that_a_person_removed_leaves_nothing_and_begins_anew
    a_pinned_session_stays_pinned_however_often_it_is_written
    what_must_not_be_taken_again_is_known_as_long_as_its_session
    what_is_unknown_is_none_or_empty
}

fn mapped(of: TraceId, to: &str, chunks: Vec<Chunk>) -> WriteBatch {
    WriteBatch { sessions: vec![session(to, 1)], traces: vec![(of, id(to))], chunks, ..Default::default() }
}

fn sorted(mut spans: Vec<SpanSummary>) -> Vec<SpanSummary> {
    spans.sort_by_key(|span| (span.trace_id, span.span_id));
    spans
}

fn spans_come_back_as_their_last_lines_say(store: &dyn Store) {
    let of = trace(1);
    let first = chunk(&[span(of, 1, None), span(of, 2, Some(3)), span(of, 1, Some(7))]);
    store.write(&mapped(of, "a", vec![first])).unwrap();
    let mut again = span(of, 2, Some(4));
    again.name = "renamed".into();
    store
        .write(&WriteBatch { chunks: vec![chunk(std::slice::from_ref(&again))], ..Default::default() })
        .unwrap();
    let spans = sorted(store.session_spans(&id("a")).unwrap());
    assert_eq!(spans, [span(of, 1, Some(7)).summary(EventId(3)), again.summary(EventId(1))]);
    assert_eq!(sorted(store.trace_spans(of).unwrap()), spans);
    assert_eq!(store.spans(&id("a"), again.span_id).unwrap(), [again]);
    assert_eq!(store.spans(&id("a"), span(of, 1, None).span_id).unwrap(), [span(of, 1, Some(7))]);
}

fn a_late_line_does_not_bring_an_ended_span_back(store: &dyn Store) {
    let of = trace(1);
    store.write(&mapped(of, "a", vec![chunk(&[span(of, 1, Some(7)), span(of, 1, None)])])).unwrap();
    store.write(&WriteBatch { chunks: vec![chunk(&[span(of, 1, None)])], ..Default::default() }).unwrap();
    assert_eq!(store.session_spans(&id("a")).unwrap(), [span(of, 1, Some(7)).summary(EventId(1))]);
    assert_eq!(store.spans(&id("a"), span(of, 1, None).span_id).unwrap(), [span(of, 1, Some(7))]);
}

fn the_same_span_id_in_two_traces_is_two_spans(store: &dyn Store) {
    store.write(&mapped(trace(1), "a", vec![chunk(&[span(trace(1), 1, Some(1))])])).unwrap();
    store.write(&mapped(trace(2), "a", vec![chunk(&[span(trace(2), 1, Some(2))])])).unwrap();
    assert_eq!(store.traces(&id("a")).unwrap(), [trace(1), trace(2)]);
    let both = store.spans(&id("a"), span(trace(1), 1, None).span_id).unwrap();
    assert_eq!(both, [span(trace(1), 1, Some(1)), span(trace(2), 1, Some(2))]);
}

fn every_field_of_a_summary_comes_back(store: &dyn Store) {
    use crate::model::{Cost, CostSource, SpanError, SpanKind, StatusCode, Usage};
    let mut whole = span(trace(1), 5, Some(99));
    whole.parent_span_id = SpanId::from_bytes([9; 8]);
    whole.kind = SpanKind::Human;
    whole.status.code = StatusCode::Error;
    whole.error = Some(SpanError { kind: Some("timeout".into()), message: Some("too late".into()) });
    whole.model = Some("claude".into());
    whole.provider = Some("anthropic".into());
    whole.agent = Some("coder".into());
    whole.tool = Some("grep".into());
    whole.usage =
        Some(Usage { input_tokens: Some(u64::MAX), reasoning_tokens: Some(0), ..Default::default() });
    whole.cost = Some(Cost { usd: 0.1, source: CostSource::Computed });
    whole.abandoned = true;
    whole.parent_trace_id = TraceId::from_bytes([8; 16]);
    whole.inferred_parent = true;
    whole.call_id = Some("tool:1".into());
    whole.detail = true;
    whole.source = "hooks".into();
    store.write(&mapped(trace(1), "a", vec![chunk(std::slice::from_ref(&whole))])).unwrap();
    assert_eq!(store.trace_spans(trace(1)).unwrap(), [whole.summary(EventId(1))]);
    assert_eq!(store.spans(&id("a"), whole.span_id).unwrap(), [whole]);
}

/// The trace of a session as it is served, unpacked.
pub(crate) fn served(store: &dyn Store, of: &str) -> String {
    let index = store.trace_index(&id(of)).unwrap().unwrap();
    let mut file = GZIP_HEADER.to_vec();
    let mut crc = crc32fast::Hasher::new();
    let mut plain_bytes = 0;
    for block in index.blocks {
        let bytes = store.block(block.id).unwrap().unwrap();
        assert_eq!(bytes.len() as u64, block.compressed_bytes);
        file.extend_from_slice(&bytes);
        crc.combine(&crc32fast::Hasher::new_with_initial_len(block.crc32, block.plain_bytes));
        plain_bytes += block.plain_bytes;
    }
    file.extend_from_slice(&gzip_tail(crc.finalize(), plain_bytes));
    let mut text = String::new();
    flate2::bufread::GzDecoder::new(&file[..]).read_to_string(&mut text).unwrap();
    text
}

fn a_trace_is_one_gzip_member_of_all_lines_in_order(store: &dyn Store) {
    let (a, b) = (trace(1), trace(2));
    store.write(&mapped(a, "a", vec![chunk(&[span(a, 1, None)])])).unwrap();
    store.write(&mapped(b, "a", vec![chunk(&[span(b, 1, None)]), chunk(&[span(a, 1, Some(1))])])).unwrap();
    let lines: Vec<Span> =
        served(store, "a").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, [span(a, 1, None), span(b, 1, None), span(a, 1, Some(1))]);
    store.write(&WriteBatch { sessions: vec![session("empty", 1)], ..Default::default() }).unwrap();
    assert_eq!(served(store, "empty"), "");
}

fn a_trace_that_grows_keeps_its_generation_and_its_beginning(store: &dyn Store) {
    let (a, b) = (trace(1), trace(2));
    store.write(&mapped(a, "a", vec![chunk(&[span(a, 1, None)])])).unwrap();
    store.write(&mapped(b, "a", vec![chunk(&[span(b, 1, None)])])).unwrap();
    let before = store.trace_index(&id("a")).unwrap().unwrap();
    store.write(&mapped(a, "a", vec![chunk(&[span(a, 1, Some(1))])])).unwrap();
    let after = store.trace_index(&id("a")).unwrap().unwrap();
    assert_eq!(before.generation, after.generation);
    assert_eq!(before.blocks, after.blocks[..2]);
    assert_eq!(after.blocks.len(), 3);
}

fn a_trace_that_moves_changes_the_generation_of_both_sessions(store: &dyn Store) {
    let (early, late) = (trace(1), trace(2));
    store.write(&mapped(early, "a", vec![chunk(&[span(early, 1, Some(1))])])).unwrap();
    store.write(&mapped(late, "b", vec![chunk(&[span(late, 1, Some(1))])])).unwrap();
    let generation = |of: &str| store.trace_index(&id(of)).unwrap().unwrap().generation;
    let before = (generation("a"), generation("b"));
    store.write(&WriteBatch { traces: vec![(trace(3), id("b"))], ..Default::default() }).unwrap();
    assert_eq!(before, (generation("a"), generation("b")), "a trace without blocks changes nothing");
    store.write(&WriteBatch { traces: vec![(early, id("b"))], ..Default::default() }).unwrap();
    assert!(generation("a") != before.0 && generation("b") != before.1);
    assert_eq!(store.session_of_trace(early).unwrap(), Some(id("b")));
    assert_eq!(store.traces(&id("b")).unwrap(), [early, late, trace(3)]);
    assert!(store.traces(&id("a")).unwrap().is_empty() && store.session_spans(&id("a")).unwrap().is_empty());
    assert_eq!(store.session_spans(&id("b")).unwrap().len(), 2);
}

fn a_removed_session_takes_its_traces_along(store: &dyn Store) {
    let of = trace(1);
    store.write(&mapped(of, "a", vec![chunk(&[span(of, 1, Some(1))])])).unwrap();
    let index = store.trace_index(&id("a")).unwrap().unwrap();
    store.write(&WriteBatch { removed_sessions: vec![id("a")], ..Default::default() }).unwrap();
    assert_eq!(store.session(&id("a")).unwrap(), None);
    assert_eq!(store.session_of_trace(of).unwrap(), None);
    assert_eq!(store.block(index.blocks[0].id).unwrap(), None);
    assert!(store.trace_spans(of).unwrap().is_empty());
    // A session that comes back is another one, and so are its blocks.
    store.write(&mapped(of, "a", vec![chunk(&[span(of, 2, Some(1))])])).unwrap();
    let again = store.trace_index(&id("a")).unwrap().unwrap();
    assert_ne!(again.generation, index.generation);
    assert_ne!(again.blocks[0].id, index.blocks[0].id);
}

fn a_removed_session_leaves_traces_that_moved_away(store: &dyn Store) {
    let of = trace(1);
    store.write(&mapped(of, "provisional", vec![chunk(&[span(of, 1, Some(1))])])).unwrap();
    let mut batch = mapped(of, "real", vec![chunk(&[span(of, 2, Some(2))])]);
    batch.removed_sessions = vec![id("provisional")];
    store.write(&batch).unwrap();
    assert_eq!(store.session(&id("provisional")).unwrap(), None);
    assert_eq!(store.session_spans(&id("real")).unwrap().len(), 2);
}

fn what_is_unknown_is_none_or_empty(store: &dyn Store) {
    let nobody = id("nobody");
    assert_eq!(store.session(&nobody).unwrap(), None);
    assert_eq!(store.trace_index(&nobody).unwrap(), None);
    assert_eq!(store.session_of_trace(trace(1)).unwrap(), None);
    assert_eq!(store.block(BlockId(1)).unwrap(), None);
    assert!(store.traces(&nobody).unwrap().is_empty());
    assert!(store.session_spans(&nobody).unwrap().is_empty());
    assert!(store.trace_spans(trace(1)).unwrap().is_empty());
    assert!(store.spans(&nobody, SpanId::from_bytes([1; 8]).unwrap()).unwrap().is_empty());
    // Spans may come before anybody says whose they are.
    store
        .write(&WriteBatch { chunks: vec![chunk(&[span(trace(1), 1, None)])], ..Default::default() })
        .unwrap();
    assert_eq!(store.session_of_trace(trace(1)).unwrap(), None);
    assert_eq!(store.trace_spans(trace(1)).unwrap().len(), 1);
}

fn a_session_that_a_person_removed_leaves_nothing_and_begins_anew(store: &dyn Store) {
    let of = trace(1);
    let first = store.reserve_event_ids(100).unwrap().0;
    let mut batch = mapped(of, "a", vec![chunk(&[span(of, 1, Some(1))])]);
    batch.events = vec![custom(first, Some("a")), custom(first + 1, Some("b")), custom(first + 2, Some("a"))];
    batch.pins = vec![(id("a"), true)];
    store.write(&batch).unwrap();
    // Removed, and heard of again before that was written.
    let mut again = mapped(of, "a", vec![chunk(&[span(of, 2, Some(2))])]);
    again.deleted_sessions = vec![id("a"), id("nobody")];
    again.events = vec![custom(first + 3, Some("a"))];
    store.write(&again).unwrap();
    let spans = store.session_spans(&id("a")).unwrap();
    assert_eq!(spans.iter().map(|span| span.end_time).collect::<Vec<_>>(), [Some(Timestamp::from_nanos(2))]);
    assert!(!store.session(&id("a")).unwrap().unwrap().pinned);
    let read =
        |session_id| ids(&store.events(&EventQuery { limit: 10, session_id, ..Default::default() }).unwrap());
    assert_eq!((read(None), read(Some(id("a")))), (vec![first + 1, first + 3], vec![first + 3]));
    assert_eq!((store.stats().unwrap().events, store.stats().unwrap().spans), (2, 1));
    assert_eq!(store.replay_floor().unwrap().0.max(first), first, "nothing was missed");
}

fn what_must_not_be_taken_again_is_known_as_long_as_its_session(store: &dyn Store) {
    let key = |number| EventKey::from_bytes([number; 16]);
    let taken = vec![(id("a"), key(1)), (id("b"), key(2)), (id("a"), key(1))];
    let sessions = vec![session("a", 1), session("b", 1)];
    store.write(&WriteBatch { sessions, taken, ..Default::default() }).unwrap();
    let has = || [1, 2, 3].map(|number| store.has_taken(key(number)).unwrap());
    assert_eq!(has(), [true, true, false]);
    store.write(&WriteBatch { deleted_sessions: vec![id("a")], ..Default::default() }).unwrap();
    assert_eq!(has(), [false, true, false]);
}

fn a_pinned_session_stays_pinned_however_often_it_is_written(store: &dyn Store) {
    let pinned = || store.session(&id("a")).unwrap().is_some_and(|session| session.pinned);
    let pin = |to: bool| {
        let pins = vec![(id("nobody"), to), (id("a"), !to), (id("a"), to)];
        store.write(&WriteBatch { pins, ..Default::default() }).unwrap();
    };
    let mut says_so = session("a", 1);
    says_so.pinned = true;
    store.write(&WriteBatch { sessions: vec![says_so], ..Default::default() }).unwrap();
    assert!(!pinned(), "only who pins it says so");
    pin(true);
    store.write(&WriteBatch { sessions: vec![session("a", 2)], ..Default::default() }).unwrap();
    assert!(pinned() && store.session(&id("nobody")).unwrap().is_none());
    pin(false);
    assert!(!pinned());
}
