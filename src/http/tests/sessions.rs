use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::support::{Site, frame, session, span};
use crate::http::AccessPolicy;
use crate::model::{Session, SessionId, SessionQuery, SessionStatus};
use crate::registry::{RegistryError, RegistryFuture, SessionRegistry};

fn ids(list: &serde_json::Value) -> Vec<&str> {
    list["sessions"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_list_merges_what_is_live_with_what_is_stored_and_prefers_what_is_live() {
    let site = Site::new();
    site.store.sessions.lock().extend([session("old", 1), session("both", 2), session("new", 3)]);
    let mut fresher = session("both", 2);
    fresher.status = SessionStatus::Paused;
    site.registry.insert(fresher);
    site.registry.insert(session("live", 9));
    let list = site.get("/sessions").await.json();
    assert_eq!(ids(&list), ["live", "new", "both", "old"]);
    assert_eq!(list["sessions"][2]["status"], "paused");
    assert_eq!(list["degraded"], serde_json::json!([]));
    assert!(list.get("next_cursor").is_none());
}

#[tokio::test]
async fn pages_cover_every_session_once() {
    let site = Site::new();
    site.store.sessions.lock().extend((0..23).map(|at| session(&format!("s{at:02}"), at / 2)));
    (0..5).for_each(|at| site.registry.insert(session(&format!("live{at}"), at)));
    let (mut seen, mut path) = (Vec::new(), "/sessions?limit=4".to_owned());
    loop {
        let page = site.get(&path).await.json();
        assert!(ids(&page).len() <= 4);
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/sessions?limit=4&cursor={cursor}");
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), count), (28, 28));
}

#[tokio::test]
async fn filters_may_repeat_and_a_wrong_one_says_what_is_allowed() {
    let site = Site::new();
    let mut failed = session("bad", 1);
    failed.status = SessionStatus::Failed;
    site.store.sessions.lock().extend([failed, session("good", 2)]);
    assert_eq!(ids(&site.get("/sessions?status=failed&status=paused").await.json()), ["bad"]);
    assert_eq!(ids(&site.get("/sessions?text=TITLE%20good&unknown=1&status=").await.json()), ["good"]);
    let wrong = site.get("/sessions?status=finished").await;
    assert_eq!(wrong.problem(), (400, "invalid_parameter".into()));
    assert!(wrong.json()["detail"].as_str().unwrap().contains("running, paused, completed"));
    for path in ["/sessions?limit=0", "/sessions?cursor=junk", "/sessions?since=yesterday"] {
        assert_eq!(site.get(path).await.problem().0, 400, "{path}");
    }
    assert_eq!(site.get("/sessions?limit=100000").await.status, 200);
}

#[tokio::test]
async fn a_store_that_cannot_be_read_degrades_the_list_and_fails_the_rest_without_a_word_about_why() {
    let site = Site::new();
    site.registry.insert(session("live", 1));
    site.store.broken.store(true, Ordering::Relaxed);
    let list = site.get("/sessions").await;
    assert_eq!(list.status, 200);
    assert_eq!(ids(&list.json()), ["live"]);
    assert_eq!(list.json()["degraded"][0]["registry"], "store");
    for path in ["/sessions/gone", "/sessions/live/spans", "/trace/live", "/sessions/live/events"] {
        let answer = site.get(path).await;
        assert_eq!(answer.problem(), (503, "store_unavailable".into()), "{path}");
        assert_eq!(answer.header("retry-after"), "1");
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
    }
    assert_eq!(site.get("/sessions/live").await.json()["id"], "live");
}

#[tokio::test]
async fn an_id_is_a_name_and_never_a_path() {
    let site = Site::new();
    for id in ["..", ".", "%2e%2e", "..%2f..%2fetc%2fpasswd", "a%20b", "a%00", &"x".repeat(129), "%ff"] {
        for path in [format!("/sessions/{id}"), format!("/sessions/{id}/spans"), format!("/trace/{id}")] {
            assert_eq!(site.get(&path).await.problem(), (400, "invalid_session_id".into()), "{path}");
        }
    }
    assert_eq!(site.get("/sessions/unknown").await.problem(), (404, "session_not_found".into()));
    assert_eq!(site.get("/sessions/unknown/spans").await.problem(), (404, "session_not_found".into()));
    assert_eq!(site.get("/sessions/unknown/events").await.problem(), (404, "session_not_found".into()));
    assert_eq!(site.get("/trace/unknown").await.problem(), (404, "session_not_found".into()));
}

#[derive(Debug)]
struct Hangs;

impl SessionRegistry for Hangs {
    fn name(&self) -> &'static str {
        "temporal"
    }
    fn list<'a>(&'a self, _: &'a SessionQuery) -> RegistryFuture<'a, Vec<Session>> {
        Box::pin(async { Err(RegistryError::new("connection refused")) })
    }
    fn get<'a>(&'a self, _: &'a SessionId) -> RegistryFuture<'a, Option<Session>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_registry_that_hangs_delays_a_stored_session_hardly_and_an_unknown_one_is_not_called_missing() {
    let site = Site::with(AccessPolicy::default(), vec![Arc::new(Hangs)]);
    site.store.sessions.lock().push(session("stored", 1));
    let begin = std::time::Instant::now();
    assert_eq!(site.get("/sessions/stored").await.json()["id"], "stored");
    assert!(begin.elapsed() < std::time::Duration::from_secs(1));
    assert_eq!(site.get("/sessions/elsewhere").await.problem(), (503, "registry_unavailable".into()));
    let list = site.get("/sessions").await.json();
    assert_eq!(list["degraded"][0]["registry"], "temporal");
    assert_eq!(ids(&list), ["stored"]);
}

#[tokio::test]
async fn the_tree_comes_in_pages_of_rows_with_their_place() {
    let site = Site::new();
    site.store.sessions.lock().push(session("s", 1));
    site.store.spans.lock().extend([span(1, None), span(2, Some(1)), span(3, Some(2)), span(4, Some(1))]);
    let page = site.get("/sessions/s/spans?limit=3").await.json();
    let rows: Vec<_> = page["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["name"].as_str().unwrap(),
                row["depth"].as_u64().unwrap(),
                row["descendants"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(rows, [("span 1", 0, 3), ("span 2", 1, 1), ("span 3", 2, 0)]);
    assert_eq!((&page["total"], &page["as_of"], &page["next_cursor"]), (&4.into(), &4.into(), &"3".into()));
    let rest = site.get("/sessions/s/spans?limit=3&cursor=3").await.json();
    assert_eq!((rest["spans"][0]["name"].as_str(), rest.get("next_cursor")), (Some("span 4"), None));
    let changed = site.get("/sessions/s/spans?since=2").await.json();
    assert_eq!(changed["spans"].as_array().unwrap().len(), 2);
    assert_eq!((&changed["spans"][0]["depth"], &changed["total"]), (&2.into(), &4.into()));
    assert_eq!(site.get("/sessions/s/spans?cursor=99").await.json()["spans"], serde_json::json!([]));
    assert_eq!(site.get("/sessions/s/spans?cursor=x").await.problem(), (400, "invalid_parameter".into()));
}

#[tokio::test]
async fn a_live_session_of_which_nothing_is_stored_has_an_empty_tree_and_an_empty_trace() {
    let site = Site::new();
    site.registry.insert(session("live", 1));
    let tree = site.get("/sessions/live/spans").await.json();
    assert_eq!(tree, serde_json::json!({"spans": [], "total": 0, "as_of": 0}));
    assert_eq!(site.get("/sessions/live/events").await.json(), serde_json::json!({"events": []}));
    let trace = site.get("/trace/live").await;
    assert_eq!((trace.status.as_u16(), trace.body.len()), (200, 0));
}

#[tokio::test]
async fn one_span_is_found_by_its_id_and_told_apart_by_its_trace() {
    let site = Site::new();
    site.store.sessions.lock().push(session("s", 1));
    let mut twin = span(1, None);
    twin.trace_id = crate::model::TraceId::from_bytes([2; 16]).unwrap();
    site.store.spans.lock().extend([span(1, None), twin, span(2, None)]);
    assert_eq!(site.get("/sessions/s/spans/0202020202020202").await.json()["name"], "span 2");
    let both = site.get("/sessions/s/spans/0101010101010101").await;
    assert_eq!(both.problem(), (409, "ambiguous_span".into()));
    let trace = "02".repeat(16);
    assert!(both.json()["detail"].as_str().unwrap().contains(&trace));
    let one = site.get(&format!("/sessions/s/spans/0101010101010101?trace_id={trace}")).await;
    assert_eq!(one.json()["trace_id"], trace);
    assert_eq!(
        site.get("/sessions/s/spans/0909090909090909").await.problem(),
        (404, "span_not_found".into())
    );
    assert_eq!(site.get("/sessions/s/spans/xyz").await.problem(), (400, "invalid_span_id".into()));
}

#[tokio::test]
async fn stored_events_come_in_pages() {
    let site = Site::new();
    site.store.sessions.lock().push(session("s1", 1));
    site.store.events.lock().extend((1..=9).map(frame));
    let page = site.get("/sessions/s1/events?limit=2&after=1").await.json();
    let found: Vec<_> =
        page["events"].as_array().unwrap().iter().map(|one| one["id"].as_u64().unwrap()).collect();
    assert_eq!((found, page["next_after"].as_u64()), (vec![3, 5], Some(5)));
    let last = site.get("/sessions/s1/events?after=5").await.json();
    assert_eq!((last["events"].as_array().unwrap().len(), last.get("next_after")), (2, None));
}
