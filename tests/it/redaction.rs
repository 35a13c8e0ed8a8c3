//! A secret that comes in by any door comes out by none.

use std::path::Path;
use std::time::Duration;

use agent_inspector::Inspector;
use agent_inspector::model::{Span, SpanKind};
use agent_inspector::redact::Redactor;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::json;
use tracing_subscriber::prelude::*;

use crate::support::{Host, local};

const SECRET: &str = "sk-ant-REDACTED";

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// What the live stream repeats, up to the event that holds `last`.
async fn replay(host: &Host, last: &str) -> Vec<u8> {
    let request = Request::get("/_inspector/events?last_event_id=0");
    let mut body = host.send(local(request, Body::empty())).await.into_body();
    let mut bytes = Vec::new();
    while !holds(&bytes, last) {
        let frame = body.frame().await.expect("the stream goes on").expect("the stream is whole");
        bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
    }
    bytes
}

async fn bytes_of(host: &Host, path: &str) -> Vec<u8> {
    let request = Request::get(format!("/_inspector{path}"));
    host.send(local(request, Body::empty())).await.into_body().collect().await.unwrap().to_bytes().to_vec()
}

fn files_below(dir: &Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(files_below(&entry.path()));
        } else {
            found.push(std::fs::read(entry.path()).unwrap());
        }
    }
    found
}

#[tokio::test]
async fn a_planted_secret_is_in_no_event_no_answer_and_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::in_dir(dir.path());
    let _subscriber =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(host.inspector.layer()));
    let session = host.inspector.session(format!("use {SECRET}")).start();
    session.in_scope(|| {
        let chat =
            tracing::info_span!("chat", gen_ai.input.messages = format!(r#"[{{"content":"key {SECRET}"}}]"#));
        let _entered = chat.enter();
        tracing::warn!(header = format!("Bearer {SECRET}"), "retrying with {SECRET}");
    });
    let mut tool = session.span(SpanKind::Tool, "call");
    tool.attribute("authorization", SECRET);
    tool.error(format!("401 for {SECRET}"));
    drop(tool);
    session.state("config", &json!({"api_key": SECRET}));
    session.emit("configured", json!({"env": {"ANTHROPIC_API_KEY": SECRET}}));
    session.progress(None, format!("asking with {SECRET}"));
    session.fail(format!("refused: {SECRET}"));
    host.inspector.emit("the end", json!(null));
    host.inspector.settle().await;

    let stream = replay(&host, "the end").await;
    assert!(holds(&stream, "[redacted]") && !holds(&stream, SECRET));
    let id = session.id();
    for path in [
        "/sessions".to_owned(),
        format!("/sessions/{id}/spans"),
        format!("/sessions/{id}/events"),
        format!("/trace/{id}"),
    ] {
        let answer = bytes_of(&host, &path).await;
        assert!(!answer.is_empty() && !holds(&answer, SECRET), "{path} tells the secret");
    }
    host.inspector.shutdown().await;
    drop(host);
    let files = files_below(dir.path());
    assert!(files.len() > 1 && files.iter().all(|file| !holds(file, SECRET)));
}

#[tokio::test]
async fn a_redactor_that_panics_costs_the_span_its_content_and_is_counted() {
    let redactor = Redactor::new().with(|_: &mut Span| panic!("a bug in the host's redactor"));
    let host = Host::new(Inspector::builder().in_memory().redactor(redactor).build().unwrap());
    let session = host.inspector.session("careful").start();
    session.span(SpanKind::Tool, "read").attribute("path", "/private");
    session.finish();
    host.inspector.settle().await;
    let trace = bytes_of(&host, &format!("/trace/{}", session.id())).await;
    assert!(!holds(&trace, "/private") && holds(&trace, "inspector.redaction_failed"));
    assert!(host.get("/health").await["counters"]["panics_contained"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_redactor_that_takes_too_long_costs_the_span_its_content_and_health_and_metrics_say_so() {
    let redactor = Redactor::new().with(|_: &mut Span| ()).time_limit(Duration::ZERO);
    let host = Host::new(Inspector::builder().in_memory().redactor(redactor).build().unwrap());
    let healthy = host.get("/health").await;
    assert_eq!((&healthy["status"], &healthy["counters"]["redactions_overrun"]), (&json!("ok"), &json!(0)));
    let session = host.inspector.session("careful").start();
    session.span(SpanKind::Tool, "read").attribute("path", "/private");
    session.finish();
    host.inspector.settle().await;
    let trace = bytes_of(&host, &format!("/trace/{}", session.id())).await;
    assert!(!holds(&trace, "/private") && holds(&trace, "inspector.redaction_failed"));
    let health = host.get("/health").await;
    assert!(health["counters"]["redactions_overrun"].as_u64().unwrap() >= 2);
    let parts = health["parts"].as_array().unwrap();
    let part = parts.iter().find(|part| part["name"] == "redaction").unwrap();
    assert!(part["why"].as_str().unwrap().contains("took too long"), "{part}");
    #[cfg(feature = "metrics")]
    {
        let (_, metrics) = host.try_get("/metrics").await;
        let text = metrics.as_str().unwrap();
        assert!(
            text.contains(r#"part_up{part="redaction"} 0"#) && text.contains("redactions_overrun_total"),
            "{text}"
        );
    }
}
