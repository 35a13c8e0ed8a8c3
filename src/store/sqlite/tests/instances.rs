use super::*;

#[test]
fn event_ids_are_not_used_again_by_a_sibling_or_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path()), open(dir.path()));
    let mut above = 0;
    for store in [&one, &two, &one, &two] {
        let first = store.reserve_event_ids(10).unwrap().0;
        assert!(first >= above);
        above = first + 10;
    }
    drop((one, two));
    assert!(open(dir.path()).reserve_event_ids(1).unwrap().0 >= above);
}

#[test]
fn what_a_dead_process_left_running_is_abandoned() {
    let dir = tempfile::tempdir().unwrap();
    let dead = open(dir.path());
    let mut paused = session("paused", 3);
    paused.status = SessionStatus::Paused;
    paused.updated_at = Timestamp::from_nanos(77);
    dead.write(&running("running", 1)).unwrap();
    dead.write(&ended("ended", 2)).unwrap();
    dead.write(&WriteBatch { sessions: vec![paused], ..Default::default() }).unwrap();
    drop(dead);

    let store = open(dir.path());
    assert_eq!(status(&store, "running"), SessionStatus::Abandoned);
    assert_eq!(status(&store, "ended"), SessionStatus::Completed);
    let paused = store.session(&id("paused")).unwrap().unwrap();
    assert_eq!((paused.status, paused.ended_at), (SessionStatus::Abandoned, Some(Timestamp::from_nanos(77))));
    let mut spans = store.session_spans(&id("running")).unwrap();
    spans.sort_by_key(|span| span.span_id);
    assert!(spans[0].abandoned && !spans[1].abandoned);
    assert!(store.spans(&id("running"), spans[0].span_id).unwrap()[0].abandoned);
    let of_ended = store.session_spans(&id("ended")).unwrap();
    assert!(of_ended.iter().all(|span| span.abandoned == span.end_time.is_none()), "nobody will end it");
    let query = SessionQuery { limit: 9, statuses: vec![SessionStatus::Abandoned], ..Default::default() };
    assert_eq!(store.sessions(&query).unwrap().len(), 2);

    // It was not dead after all, or somebody went on with it.
    let of = trace(1);
    store
        .write(&WriteBatch { chunks: vec![chunk(&[span(of, 1, Some(9))])], ..running("running", 1) })
        .unwrap();
    assert!(!store.session_spans(&id("running")).unwrap().iter().any(|span| span.abandoned));
    assert_eq!(status(&store, "running"), SessionStatus::Running);
}

#[test]
fn a_span_that_outlived_its_session_is_abandoned_with_its_process() {
    let dir = tempfile::tempdir().unwrap();
    let (dead, sibling) = (open(dir.path()), open(dir.path()));
    dead.write(&ended("ended", 1)).unwrap();
    sibling.write(&ended("of-sibling", 2)).unwrap();
    // Packing keeps it open, and so does writing more.
    assert!(dead.compact(&id("ended")).unwrap());
    dead.write(&WriteBatch { chunks: vec![chunk(&[span(trace(1), 3, None)])], ..Default::default() })
        .unwrap();
    drop(dead);
    let store = open(dir.path());
    let abandoned = |name: &str| {
        let mut spans = store.session_spans(&id(name)).unwrap();
        spans.sort_by_key(|span| span.span_id);
        spans.iter().map(|span| span.abandoned).collect::<Vec<_>>()
    };
    assert_eq!(status(&store, "ended"), SessionStatus::Completed);
    assert_eq!(abandoned("ended"), [true, false, true]);
    assert_eq!(abandoned("of-sibling"), [false, false], "its process lives");
    assert!(store.spans(&id("ended"), span(trace(1), 3, None).span_id).unwrap()[0].abandoned);
    store.check().unwrap();
}

#[test]
fn a_living_sibling_and_one_that_closed_keep_their_sessions() {
    let dir = tempfile::tempdir().unwrap();
    let (sibling, closed) = (open(dir.path()), open(dir.path()));
    sibling.write(&running("of-sibling", 1)).unwrap();
    closed.write(&running("of-closed", 2)).unwrap();
    closed.close().unwrap();
    closed.close().unwrap();
    assert!(matches!(closed.write(&running("late", 3)), Err(StoreError::Unavailable(_))));
    assert!(closed.reserve_event_ids(1).is_err());
    let store = open(dir.path());
    assert_eq!(status(&store, "of-sibling"), SessionStatus::Running);
    assert_eq!(status(&store, "of-closed"), SessionStatus::Running);
}

#[test]
fn a_session_that_a_sibling_took_over_does_not_die_with_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (open(dir.path()), open(dir.path()));
    first.write(&running("shared", 1)).unwrap();
    second.write(&running("shared", 1)).unwrap();
    drop(first);
    assert_eq!(status(&open(dir.path()), "shared"), SessionStatus::Running);
}

#[test]
fn the_replay_holds_this_instance_and_those_that_ended_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let write = |store: &SqliteStore| -> u64 {
        let first = store.reserve_event_ids(10).unwrap().0;
        let events = vec![custom(first, Some("a")), custom(first + 1, None)];
        store.write(&WriteBatch { events, ..Default::default() }).unwrap();
        first
    };
    let all = EventQuery { limit: 100, ..Default::default() };
    let crashed = open(dir.path());
    let in_crashed = write(&crashed);
    drop(crashed);
    let sibling = open(dir.path());
    let in_sibling = write(&sibling);
    let own = open(dir.path());
    let in_own = write(&own);
    let late_in_sibling = write(&sibling);
    let again_in_own = write(&own);
    let of = |starts: &[u64]| starts.iter().flat_map(|first| [*first, first + 1]).collect::<Vec<_>>();
    assert_eq!(ids(&own.events(&all).unwrap()), of(&[in_crashed, in_own, again_in_own]));
    assert_eq!(ids(&sibling.events(&all).unwrap()), of(&[in_crashed, in_sibling, late_in_sibling]));
    // The sibling lived while this instance began: its ids stay out when it ends.
    sibling.close().unwrap();
    assert_eq!(ids(&own.events(&all).unwrap()), of(&[in_crashed, in_own, again_in_own]));
    let of_session = EventQuery { session_id: Some(id("a")), ..all.clone() };
    let everywhere = [in_crashed, in_sibling, in_own, late_in_sibling, again_in_own];
    assert_eq!(ids(&own.events(&of_session).unwrap()), everywhere);
    drop(own);
    let next = open(dir.path());
    assert_eq!(ids(&next.events(&all).unwrap()), of(&everywhere));
}

#[test]
fn a_replay_does_not_go_on_after_an_id_of_a_living_sibling() {
    let dir = tempfile::tempdir().unwrap();
    let reserve = |store: &SqliteStore| store.reserve_event_ids(10).unwrap();
    let crashed = open(dir.path());
    let in_crashed = reserve(&crashed);
    drop(crashed);
    let (one, two) = (open(dir.path()), open(dir.path()));
    let (in_one, in_two, late_in_one) = (reserve(&one), reserve(&two), reserve(&one));
    let known = |store: &SqliteStore| {
        [in_crashed, in_one, EventId(in_one.0 + 9), in_two, late_in_one]
            .map(|id| store.replays_after(id).unwrap())
    };
    assert_eq!(known(&one), [true, true, true, false, true]);
    assert_eq!(known(&two), [true, false, false, true, false]);
    drop((one, two));
    assert_eq!(known(&open(dir.path())), [true; 5]);
}

#[test]
fn events_of_ids_from_two_reservations_do_not_hide_a_siblings() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path()), open(dir.path()));
    let first = one.reserve_event_ids(2).unwrap().0;
    let between = two.reserve_event_ids(2).unwrap().0;
    let second = one.reserve_event_ids(2).unwrap().0;
    let write = |store: &SqliteStore, ids: &[u64]| {
        let events = ids.iter().map(|id| custom(*id, Some("a"))).collect();
        store.write(&WriteBatch { events, ..Default::default() }).unwrap();
    };
    write(&one, &[first, first + 1, second, second + 1]);
    write(&two, &[between, between + 1]);
    // A batch that is sent again although it had been written.
    write(&two, &[between, between + 1]);
    drop((one, two));
    let store = open(dir.path());
    let all: Vec<u64> = (first..first + 6).collect();
    for session_id in [None, Some(id("a"))] {
        let query = EventQuery { after: EventId(0), limit: 100, session_id };
        assert_eq!(ids(&store.events(&query).unwrap()), all);
    }
    assert_eq!(store.stats().unwrap().events, 6);
}
