//! Searching events.

use super::search::{found, number, put, query, text_span};
use super::*;

contract! {
    events_are_found_and_not_once_their_session_was_deleted
    ;
    events_are_found_until_their_session_goes
}

fn event(number: u64, of: Option<&str>, message: &str) -> Arc<EventFrame> {
    let kind = EventKind::Log {
        level: "warn".into(),
        message: message.into(),
        span_id: None,
        attributes: [("disk.free", "3 GB")].into_iter().collect(),
    };
    let at = Timestamp::from_nanos(i64::try_from(number % 1_000).unwrap() * 1_000_000_000);
    let session_id = of.map(id);
    Arc::new(EventFrame::new(&Event { id: EventId(number), timestamp: at, session_id, kind }))
}

fn events_are_found_until_their_session_goes(store: &dyn Store) {
    let first = store.reserve_event_ids(10_000).unwrap().0.next_multiple_of(1_000);
    put(store, &[text_span(1, 1, 2, "disk full")]);
    store
        .write(&WriteBatch {
            events: vec![
                event(first + 1, Some("s1"), "disk is nearly full"),
                event(first + 3, None, "disk is full"),
                event(first + 4, Some("elsewhere"), "disk is fine"),
                custom(first + 5, Some("s1")),
                finished(first + 6, "s1"),
            ],
            ..Default::default()
        })
        .unwrap();
    let [mine, nobodys, elsewhere] = [first + 1, first + 3, first + 4];
    assert_eq!(found(store, "disk"), [elsewhere, nobodys, 1, mine]);
    assert_eq!(found(store, "type:Log full"), [nobodys, mine]);
    assert_eq!(found(store, "disk.free:3"), [elsewhere, nobodys, mine]);
    assert_eq!(found(store, "disk session:s1"), [1, mine]);
    assert_eq!(found(store, "ticked"), [first + 5]);
    assert_eq!(found(store, "kind:other disk"), [1]);
    assert_eq!(
        found(store, "\"span 1\""),
        [1],
        "an event that only says what a span looks like is not searched"
    );
    let here = SearchQuery { session_id: Some(id("s1")), ..query("disk", 10) };
    assert_eq!(store.search(&here).unwrap().hits.iter().map(number).collect::<Vec<_>>(), [1, mine]);
    let page = store.search(&query("nearly", 10)).unwrap();
    assert_eq!(page.hits[0].matches[0].field, "message");
    let FoundThing::Event { json, .. } = &page.hits[0].found else { panic!("{page:?}") };
    assert_eq!(serde_json::from_slice::<serde_json::Value>(json).unwrap()["message"], "disk is nearly full");
    store.write(&WriteBatch { removed_sessions: vec![id("s1")], ..Default::default() }).unwrap();
    assert_eq!(found(store, "disk"), [elsewhere, nobodys]);
}

fn events_are_found_and_not_once_their_session_was_deleted(store: &dyn Store) {
    let first = store.reserve_event_ids(10_000).unwrap().0.next_multiple_of(1_000);
    put(store, &[text_span(1, 1, 2, "disk full"), text_span(2, 2, 2, "paper full")]);
    let events = vec![
        event(first, Some("s1"), "disk is nearly full"),
        event(first + 1, Some("s2"), "paper is nearly full"),
        event(first + 2, None, "all is full"),
        event(first + 3, Some("elsewhere"), "full too"),
        finished(first + 4, "s1"),
    ];
    store.write(&WriteBatch { events, ..Default::default() }).unwrap();
    let of_events = [first + 3, first + 2, first + 1, first];
    assert_eq!(found(store, "type:Log full"), of_events);
    assert_eq!(found(store, "type:Log full engine:otlp"), [first + 1, first]);
    for (name, expected) in [("s1", vec![1, first]), ("elsewhere", vec![first + 3])] {
        let here = SearchQuery { session_id: Some(id(name)), ..query("full", 10) };
        let page = store.search(&here).unwrap();
        assert_eq!(page.hits.iter().map(number).collect::<Vec<_>>(), expected, "{name}");
    }
    store.write(&WriteBatch { deleted_sessions: vec![id("s1")], ..Default::default() }).unwrap();
    assert_eq!(found(store, "full -paper"), [first + 3, first + 2]);
}
