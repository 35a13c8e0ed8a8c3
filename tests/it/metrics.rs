//! The inspector's own numbers, as a monitoring system reads them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use agent_inspector::Inspector;
use agent_inspector::model::{Session, SessionId, SessionQuery, SpanKind};
use agent_inspector::registry::{RegistryFuture, SessionRegistry};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::Value;

use crate::support::{Host, local, read};

/// A registry with a difficult name.
#[derive(Debug)]
struct Odd;

impl SessionRegistry for Odd {
    fn name(&self) -> &'static str {
        "a \"b\"\\\n} 1"
    }
    fn list<'a>(&'a self, _: &'a SessionQuery) -> RegistryFuture<'a, Vec<Session>> {
        Box::pin(async { panic!("a bug in the host's registry") })
    }
    fn get<'a>(&'a self, _: &'a SessionId) -> RegistryFuture<'a, Option<Session>> {
        Box::pin(async { Ok(None) })
    }
}

async fn scrape(host: &Host) -> BTreeMap<String, f64> {
    let answer = host.send(local(Request::get("/_inspector/metrics"), Body::empty())).await;
    assert_eq!(
        answer.headers()["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let (status, text) = read(answer).await;
    assert_eq!(status, StatusCode::OK);
    let Value::String(text) = text else { panic!("no text: {text}") };
    samples(&text)
}

/// Reads OpenMetrics text as strictly as its specification: each family is described once and before its samples, its
/// samples stand together under the names that its type has, no series comes twice, and the end is marked.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let body = text.strip_suffix("# EOF\n").expect("the end is marked");
    let mut families: HashSet<&str> = HashSet::new();
    let mut family: (&str, &str) = ("", "");
    let mut samples = BTreeMap::new();
    for line in body.lines() {
        if let Some(described) = line.strip_prefix("# ") {
            let mut words = described.splitn(3, ' ');
            let (what, name, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            match what {
                "HELP" => assert!(families.insert(name) && rest.ends_with('.'), "{line}"),
                "TYPE" => family = (name, rest),
                "UNIT" => assert!(name == family.0 && name.ends_with(&format!("_{rest}")), "{line}"),
                other => panic!("{other} is no description"),
            }
            assert!(families.contains(name) && name.starts_with("agent_inspector_"), "{line}");
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        let suffix = match family.1 {
            "counter" => "_total",
            "info" => "_info",
            "gauge" => "",
            other => panic!("{other} is no type"),
        };
        assert_eq!(name, format!("{}{suffix}", family.0), "{line}");
        let value: f64 = value.parse().unwrap();
        assert!(value >= 0.0 && samples.insert(series.to_owned(), value).is_none(), "{line}");
    }
    samples
}

#[tokio::test]
async fn a_scrape_tells_what_was_recorded_and_what_was_lost() {
    let inspector = Inspector::builder().in_memory().registry(Arc::new(Odd)).build().unwrap();
    let host = Host::new(inspector);
    let session = host.inspector.session("counted").start();
    session.span(SpanKind::Tool, "look").finish();
    host.get("/sessions").await;
    // The session's last change is told a quarter of a second after the one before, and may be told at any moment here.
    let numbers = loop {
        host.inspector.settle().await;
        let numbers = scrape(&host).await;
        if numbers["agent_inspector_store_backlog_bytes"] == 0.0 {
            break numbers;
        }
    };
    for (series, expected) in [
        ("agent_inspector_build_info{version=\"0.1.0\"}", 1.0),
        ("agent_inspector_events_missed_total", 0.0),
        ("agent_inspector_records_dropped_total{kind=\"event\"}", 0.0),
        ("agent_inspector_records_dropped_total{kind=\"span_started\"}", 0.0),
        ("agent_inspector_readers_cut_total", 0.0),
        ("agent_inspector_records_not_stored_total", 0.0),
        ("agent_inspector_panics_contained_total", 1.0),
        ("agent_inspector_requests_refused_total", 0.0),
        ("agent_inspector_spans_ingested_total", 0.0),
        ("agent_inspector_spans_open", 1.0),
        ("agent_inspector_readers", 0.0),
        ("agent_inspector_store_sessions", 1.0),
        ("agent_inspector_store_spans", 2.0),
        ("agent_inspector_part_up{part=\"store\"}", 1.0),
        ("agent_inspector_part_up{part=\"memory\"}", 1.0),
        (r#"agent_inspector_part_up{part="a \"b\"\\\n} 1"}"#, 0.0),
    ] {
        assert_eq!(numbers.get(series), Some(&expected), "{series}: {numbers:#?}");
    }
    for series in [
        "agent_inspector_events_published_total",
        "agent_inspector_events_last_minute",
        "agent_inspector_store_bytes",
        "agent_inspector_store_events",
        "agent_inspector_uptime_seconds",
    ] {
        assert!(numbers[series] > 0.0, "{series}: {numbers:#?}");
    }
}

#[tokio::test]
async fn the_numbers_are_those_of_the_health_page_and_for_the_same_eyes_as_the_sessions() {
    let host = Host::in_memory();
    let head = Request::builder().method(Method::HEAD).uri("/_inspector/metrics");
    assert_eq!(host.send(local(head, Body::empty())).await.status(), StatusCode::OK);
    let stranger = Request::get("/_inspector/metrics").header("host", "127.0.0.1:3000");
    let answer = host.send(stranger.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let (health, numbers) = (host.get("/health").await, scrape(&host).await);
    let counted: HashSet<_> =
        numbers.keys().filter_map(|series| Some(series.split_once("_total")?.0)).collect();
    assert_eq!(counted.len(), health["counters"].as_object().unwrap().len(), "{health}");
    assert_eq!(health["backlog_bytes"], 0);
    for (limit, bound) in [("streams", 8192), ("ring_events", 16_384), ("signal_bytes", 1 << 20)] {
        assert_eq!(health["limits"][limit], bound, "{limit}");
    }
}
