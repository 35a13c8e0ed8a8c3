//! In whatever order spans come, the same sessions, trees, counters and traces are there in the end, and in the stream.

use std::collections::BTreeMap;
use std::sync::Arc;

use agent_inspector::Inspector;
use agent_inspector::model::{EventQuery, InstanceId};
use agent_inspector::store::{MemoryStore, SqliteStore, Store};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Host, local};

/// A trace as somebody reports it.
#[derive(Clone, Debug)]
struct Reported {
    spans: Vec<OneSpan>,
    /// The session that the sender names, one that its root names, and one that a leaf names.
    resource: Option<u8>,
    root: Option<u8>,
    leaf: Option<u8>,
}

#[derive(Clone, Debug)]
struct OneSpan {
    /// Its parent is one before it; that one is not reported when the number is large.
    parent: usize,
    start: u64,
    tokens: Option<u64>,
    failed: bool,
    /// It is also reported when it begins.
    begins: bool,
}

fn traces() -> impl Strategy<Value = Vec<Reported>> {
    let span =
        (0_usize..8, 0_u64..1000, prop::option::of(1_u64..50), prop::bool::weighted(0.2), any::<bool>());
    let span = span.prop_map(|(parent, start, tokens, failed, begins)| OneSpan {
        parent,
        start,
        tokens,
        failed,
        begins,
    });
    let name = || prop::option::weighted(0.4, 0_u8..3);
    let one = (prop::collection::vec(span, 1..6), name(), name(), name());
    let one = one.prop_map(|(spans, resource, root, leaf)| Reported { spans, resource, root, leaf });
    prop::collection::vec(one, 1..5)
}

/// One request for each time that a span is told of, in the order of time.
fn requests(traces: &[Reported]) -> Vec<Value> {
    let mut requests = Vec::new();
    for (number, trace) in traces.iter().enumerate() {
        for (at, span) in trace.spans.iter().enumerate() {
            let id = |at: usize| format!("{:016x}", at + 1);
            let parent =
                if at == 0 { String::new() } else { id(if span.parent > 6 { 99 } else { span.parent % at }) };
            let start = 1_750_000_000_000_000_000 + number as u64 * 10_000 + span.start * 10 + at as u64;
            let attribute = |key: &str, value: Value| json!({"key": key, "value": value});
            let mut attributes = Vec::new();
            let named = if at == 0 {
                trace.root
            } else if at == 1 {
                trace.leaf
            } else {
                None
            };
            if let Some(session) = named {
                attributes
                    .push(attribute("session.id", json!({"stringValue": format!("session-{session}")})));
            }
            if let Some(tokens) = span.tokens {
                attributes.push(attribute("gen_ai.operation.name", json!({"stringValue": "chat"})));
                attributes.push(attribute("gen_ai.usage.input_tokens", json!({"intValue": tokens})));
            }
            let resource: Vec<_> = trace
                .resource
                .map(|session| attribute("session.id", json!({"stringValue": format!("session-{session}")})))
                .into_iter()
                .collect();
            let tell = |ended: bool| {
                json!({"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": [{"spans": [{
                    "traceId": format!("{:032x}", number + 1), "spanId": id(at), "parentSpanId": parent,
                    "name": format!("span {number}.{at}"), "startTimeUnixNano": start.to_string(),
                    "endTimeUnixNano": if ended { (start + 5).to_string() } else { "0".to_owned() },
                    "status": if span.failed && ended { json!({"code": 2, "message": format!("broke {number}.{at}")}) } else { json!({}) },
                    "attributes": attributes,
                }]}]}]})
            };
            if span.begins {
                requests.push(tell(false));
            }
            requests.push(tell(true));
        }
    }
    requests
}

/// What a reader of the API finds in the end.
#[derive(Debug, PartialEq)]
struct Found {
    sessions: BTreeMap<String, Value>,
    trees: BTreeMap<String, Vec<Value>>,
    /// The last line about each span, by session.
    lines: BTreeMap<String, BTreeMap<String, Value>>,
}

async fn report(host: &Host, requests: &[Value]) {
    for request in requests {
        assert_eq!(host.post("/v1/traces", request).await.0, StatusCode::OK);
    }
    host.inspector.settle().await;
}

/// Without what tells of the moment at which it was reported.
fn timeless(mut value: Value) -> Value {
    let fields = value.as_object_mut().unwrap();
    fields.remove("updated_at");
    fields.remove("event_id");
    value
}

async fn found(host: &Host) -> Found {
    let mut found = Found { sessions: BTreeMap::new(), trees: BTreeMap::new(), lines: BTreeMap::new() };
    for session in host.get("/sessions?limit=500").await["sessions"].as_array().unwrap() {
        let id = session["id"].as_str().unwrap().to_owned();
        assert_eq!(&host.get(&format!("/sessions/{id}")).await, session);
        let tree = host.get(&format!("/sessions/{id}/spans")).await;
        let rows = tree["spans"].as_array().unwrap().iter().cloned().map(timeless).collect();
        let request = Request::get(format!("/_inspector/trace/{id}"));
        let trace =
            host.send(local(request, Body::empty())).await.into_body().collect().await.unwrap().to_bytes();
        let mut lines = BTreeMap::new();
        for line in std::str::from_utf8(&trace).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let key = format!("{}/{}", line["trace_id"], line["span_id"]);
            // What comes late of a start does not bring an ended span back.
            if line["end_time"].is_string() || !lines.contains_key(&key) {
                lines.insert(key, line);
            }
        }
        found.sessions.insert(id.clone(), timeless(session.clone()));
        found.trees.insert(id.clone(), rows);
        found.lines.insert(id, lines);
    }
    found
}

/// What somebody knows of the sessions who has read the stream from its beginning.
fn told(store: &dyn Store) -> BTreeMap<String, Value> {
    let mut sessions = BTreeMap::new();
    let events = store.events(&EventQuery::new(100_000)).unwrap();
    for event in events {
        let event: Value = serde_json::from_slice(event.json()).unwrap();
        let id = event["session_id"].as_str().unwrap_or_default().to_owned();
        match event["type"].as_str().unwrap() {
            "SessionStarted" | "SessionUpdated" | "SessionFinished" => {
                sessions.insert(id, timeless(event["session"].clone()));
            }
            "SessionMerged" => _ = sessions.remove(&id),
            _ => {}
        }
    }
    sessions
}

async fn reported(requests: &[Value], on_disk: bool) -> Found {
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = if on_disk {
        Arc::new(SqliteStore::open(dir.path(), InstanceId::generate()).unwrap())
    } else {
        Arc::new(MemoryStore::default())
    };
    let host = Host::new(Inspector::builder().store(Arc::clone(&store)).build().unwrap());
    report(&host, requests).await;
    let found = found(&host).await;
    // What changed last is told a quarter of a second later, or at the end.
    host.inspector.shutdown().await;
    let told = told(store.as_ref());
    assert_eq!(told.keys().collect::<Vec<_>>(), found.sessions.keys().collect::<Vec<_>>());
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_order_in_which_spans_come_changes_nothing(traces in traces(), keys in prop::collection::vec(any::<u32>(), 64), again in 0_usize..64) {
        let in_order = requests(&traces);
        let mut shuffled: Vec<_> = in_order.iter().cloned().zip(keys).collect();
        shuffled.push((in_order[again % in_order.len()].clone(), u32::MAX / 2));
        shuffled.sort_by_key(|(_, key)| *key);
        let shuffled: Vec<_> = shuffled.into_iter().map(|(request, _)| request).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let expected = reported(&in_order, false).await;
            assert_eq!(reported(&shuffled, false).await, expected, "in memory");
            assert_eq!(reported(&shuffled, true).await, expected, "on disk");
        });
    }
}
