//! The list of sessions.

use proptest::prelude::*;

use super::*;
use crate::model::Cursor;

contract! {
    a_session_is_replaced_by_its_newer_state
    sessions_come_newest_first_in_pages
    words_are_found_in_any_script_and_case
    a_wildcard_is_an_ordinary_character
    a_session_is_found_by_who_started_it
}

fn put(store: &dyn Store, sessions: Vec<Session>) {
    store.write(&WriteBatch { sessions, ..Default::default() }).unwrap();
}

fn listed(store: &dyn Store, query: &SessionQuery) -> Vec<String> {
    store.sessions(query).unwrap().into_iter().map(|session| session.id.as_str().to_owned()).collect()
}

fn a_session_is_replaced_by_its_newer_state(store: &dyn Store) {
    let mut newer = session("a", 5);
    put(store, vec![newer.clone(), session("b", 6)]);
    newer.status = SessionStatus::Failed;
    newer.started_at = Timestamp::from_nanos(7);
    newer.tags = vec!["nightly".into(), "nightly".into()];
    newer.error = Some("timeout".into());
    newer.counters.cost_usd = Some(0.25);
    put(store, vec![session("a", 1), newer.clone()]);
    assert_eq!(store.session(&id("a")).unwrap(), Some(newer.clone()));
    assert_eq!(listed(store, &SessionQuery { limit: 9, ..Default::default() }), ["a", "b"]);
    let tagged = SessionQuery { limit: 9, tag: Some("nightly".into()), ..Default::default() };
    assert_eq!(listed(store, &tagged), ["a"]);
    newer.tags.clear();
    put(store, vec![newer]);
    assert!(listed(store, &tagged).is_empty());
}

fn sessions_come_newest_first_in_pages(store: &dyn Store) {
    put(
        store,
        ["a", "B", "c", "d", "e"].iter().zip([3, 3, 1, 3, 9]).map(|(id, at)| session(id, at)).collect(),
    );
    let mut pages = Vec::new();
    let mut query = SessionQuery { limit: 2, ..Default::default() };
    loop {
        let page = store.sessions(&query).unwrap();
        let Some(last) = page.last() else { break };
        query.after = Some(Cursor::after(last));
        pages.push(page.iter().map(|session| session.id.to_string()).collect::<Vec<_>>());
    }
    assert_eq!(pages, [vec!["e", "d"], vec!["a", "B"], vec!["c"]]);
    let nothing =
        SessionQuery { until: Some(Timestamp::from_nanos(i64::MIN)), limit: 5, ..Default::default() };
    assert!(listed(store, &nothing).is_empty());
}

fn words_are_found_in_any_script_and_case(store: &dyn Store) {
    let mut greek = session("a", 1);
    greek.title = "Ο ΔΡΟΜΟΣ über die \u{212a}elvin-Straße".into();
    put(store, vec![greek, session("b", 2)]);
    for words in ["δρομος", "ÜBER strasse", "kelvin", "STRASSE", "straße ο"] {
        let query = SessionQuery { limit: 5, text: Some(words.into()), ..Default::default() };
        let expected = store.sessions(&SessionQuery { limit: 5, ..Default::default() }).unwrap();
        let expected: Vec<_> =
            expected.iter().filter(|session| query.matches(session)).map(|s| s.id.to_string()).collect();
        assert_eq!(listed(store, &query), expected, "{words}");
    }
}

fn a_wildcard_is_an_ordinary_character(store: &dyn Store) {
    let mut odd = session("a", 1);
    odd.title = "100 %_done\\ 'quoted'".into();
    put(store, vec![odd, session("b", 2)]);
    for (words, found) in [("%", 1), ("_", 1), ("%%", 0), ("\\", 1), ("'quoted'", 1), ("e%e", 0)] {
        let query = SessionQuery { limit: 5, text: Some(words.into()), ..Default::default() };
        assert_eq!(store.sessions(&query).unwrap().len(), found, "{words}");
    }
}

fn a_session_is_found_by_who_started_it(store: &dyn Store) {
    let child = |name: &str, at, of: &str| Session { parent_session_id: Some(id(of)), ..session(name, at) };
    put(store, vec![session("root", 1), child("a", 2, "root"), child("b", 3, "root"), child("c", 4, "a")]);
    let of = |parent: &str| SessionQuery { limit: 9, parent: Some(id(parent)), ..Default::default() };
    assert_eq!(listed(store, &of("root")), ["b", "a"]);
    assert_eq!(listed(store, &SessionQuery { limit: 1, ..of("root") }), ["b"]);
    assert_eq!(listed(store, &of("a")), ["c"]);
    assert!(listed(store, &of("c")).is_empty());
    put(store, vec![child("b", 3, "a")]);
    assert_eq!((listed(store, &of("root")), listed(store, &of("a")).len()), (vec!["a".to_owned()], 2));
    assert_eq!(store.session_counts(&of("a")).unwrap(), StatusCounts { running: 2, ..Default::default() });
}

fn sessions() -> impl Strategy<Value = Vec<Session>> {
    let one = (
        0_u8..12,
        0_i64..6,
        0_usize..6,
        "[ab]",
        prop::option::of("[xy]"),
        prop::collection::vec("[tu]", 0..3),
        prop::option::of(0_u8..4),
    );
    let one = one.prop_map(|(number, at, status, engine, agent, tags, parent)| {
        let mut session = session(&format!("s{number}"), at);
        session.status = SessionStatus::ALL[status];
        session.engine = engine;
        session.agent = agent;
        session.tags = tags;
        session.parent_session_id = parent.map(|number| id(&format!("s{number}")));
        session
    });
    prop::collection::vec(one, 1..30)
}

fn queries() -> impl Strategy<Value = SessionQuery> {
    let statuses = prop::collection::vec((0_usize..6).prop_map(|at| SessionStatus::ALL[at]), 0..3);
    let text = prop::option::of(prop_oneof!["s[0-9]", "SESSION", "x s1", "Y"]);
    let time = || prop::option::of((0_i64..7).prop_map(Timestamp::from_nanos));
    let after = prop::option::of((0_i64..6, 0_u8..12));
    let engines = prop::collection::vec("[abc]", 0..3);
    (
        1_usize..8,
        after,
        statuses,
        engines,
        prop::option::of("[xy]"),
        prop::option::of("[tu]"),
        text,
        (time(), time(), prop::option::of(any::<bool>())),
        (prop::collection::vec(0_u8..12, 0..4), prop::option::of(0_u8..4)),
    )
        .prop_map(
            |(limit, after, statuses, engines, agent, tag, text, (since, until, pinned), (ids, parent))| {
                let named = |number: u8| id(&format!("s{number}"));
                SessionQuery {
                    ids: ids.into_iter().map(named).collect(),
                    parent: parent.map(named),
                    limit,
                    after: after.map(|(at, number)| Cursor {
                        started_at: Timestamp::from_nanos(at),
                        id: id(&format!("s{number}")),
                    }),
                    statuses,
                    engines,
                    agent,
                    tag,
                    text,
                    pinned,
                    since,
                    until,
                }
            },
        )
}

/// What the model says the answer is.
fn expected(sessions: &[Session], query: &SessionQuery) -> Vec<Session> {
    let newest: std::collections::HashMap<_, _> =
        sessions.iter().map(|session| (session.id.clone(), session)).collect();
    let mut wanted: Vec<Session> =
        newest.into_values().filter(|session| query.matches(session)).cloned().collect();
    wanted.sort_by(|a, b| (b.started_at, &b.id).cmp(&(a.started_at, &a.id)));
    wanted.truncate(query.limit);
    wanted
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_store_lists_what_the_query_says(mut sessions in sessions(), pinned in 0_u8..12, queries in prop::collection::vec(queries(), 1..20)) {
        for session in &mut sessions {
            session.pinned = (0..pinned).any(|number| session.id == id(&format!("s{number}")));
        }
        let stores = [memory(), #[cfg(feature = "sqlite")] sqlite()];
        for fresh in &stores {
            for part in sessions.chunks(7) {
                put(&*fresh.store, part.to_vec());
                let pins = (0..pinned).map(|number| (id(&format!("s{number}")), true)).collect();
                fresh.store.write(&WriteBatch { pins, ..Default::default() }).unwrap();
            }
            for query in &queries {
                prop_assert_eq!(fresh.store.sessions(query).unwrap(), expected(&sessions, query), "{:?}", query);
                let mut counts = StatusCounts::default();
                let all = SessionQuery { limit: usize::MAX, ..query.of_any_status() };
                expected(&sessions, &all).iter().for_each(|session| *counts.of_mut(session.status) += 1);
                prop_assert_eq!(fresh.store.session_counts(query).unwrap(), counts, "{:?}", query);
            }
        }
    }
}
