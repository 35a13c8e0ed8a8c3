//! Trace files: what the inspector writes, read by the programs that people read it with. Needs `python3` and `zcat`.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use agent_inspector::Inspector;
use agent_inspector::model::{SessionId, SpanKind};
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::support::{Host, local};

fn host(files: &Path) -> Host {
    Host::new(Inspector::builder().in_memory().trace_files(files).build().unwrap())
}

/// The bytes that a trace is served as with gzip.
async fn served(host: &Host, session: &str) -> Vec<u8> {
    let request = Request::get(format!("/_inspector/trace/{session}")).header("accept-encoding", "gzip");
    let answer = host.send(local(request, Body::empty())).await;
    assert_eq!(answer.status(), 200);
    answer.into_body().collect().await.unwrap().to_bytes().to_vec()
}

fn gunzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::bufread::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

/// A span as OTLP has it.
fn span(trace: u8, span: u8, parent: Option<u8>, attributes: &Value) -> Value {
    json!({
        "traceId": format!("{trace:032x}"), "spanId": format!("{span:016x}"),
        "parentSpanId": parent.map(|parent| format!("{parent:016x}")).unwrap_or_default(),
        "name": format!("span {span}"), "attributes": attributes,
        "startTimeUnixNano": "1720000000000000000", "endTimeUnixNano": "1720000001000000000"
    })
}

#[cfg(feature = "otlp")]
async fn send(host: &Host, span: Value) {
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    let (status, answer) = host.post("/v1/traces", &body).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn the_file_of_a_session_has_the_bytes_that_its_trace_is_served_as() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path());
    let session = host.inspector.session("written").id(SessionId::parse("s").unwrap()).start();
    let path = dir.path().join("s.jsonl.gz");
    for turn in 0..5 {
        let span = session.span(SpanKind::Tool, format!("step {turn}"));
        span.attribute("text", "ä".repeat(turn * 300));
        drop(span);
        host.inspector.settle().await;
        assert_eq!(fs::read(&path).unwrap(), served(&host, "s").await);
        let lines = gunzip(&fs::read(&path).unwrap());
        for (program, arguments) in [
            ("zcat", vec![]),
            (
                "python3",
                vec!["-c", "import gzip, sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())"],
            ),
        ] {
            let read = Command::new(program).args(arguments).arg(&path).output().unwrap();
            assert!(read.status.success(), "{program}: {}", String::from_utf8_lossy(&read.stderr));
            assert_eq!(read.stdout, lines.as_bytes(), "{program}");
        }
    }
    session.finish();
    host.inspector.settle().await;
    let last = served(&host, "s").await;
    host.inspector.shutdown().await;
    assert_eq!(fs::read(&path).unwrap(), last);
}

#[cfg(feature = "otlp")]
#[tokio::test]
async fn the_lines_of_a_trace_that_joins_a_session_move_into_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path());
    send(&host, span(7, 2, Some(1), &json!([]))).await;
    host.inspector.settle().await;
    let provisional = dir.path().join(format!("trace-{:032x}.jsonl.gz", 7));
    assert!(gunzip(&fs::read(&provisional).unwrap()).contains("span 2"));
    let named = json!([{"key": "session.id", "value": {"stringValue": "named"}}]);
    send(&host, span(7, 1, None, &named)).await;
    host.inspector.settle().await;
    let lines = gunzip(&fs::read(dir.path().join("named.jsonl.gz")).unwrap());
    assert!(lines.contains("span 1") && lines.contains("span 2"), "{lines}");
    assert!(!provisional.exists());
    assert_eq!(fs::read(dir.path().join("named.jsonl.gz")).unwrap(), served(&host, "named").await);
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_said_and_caught_up_with_later() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("place");
    fs::write(&place, "in the way").unwrap();
    let host = host(&place.join("traces"));
    let session = host.inspector.session("patient").id(SessionId::parse("s").unwrap()).start();
    drop(session.span(SpanKind::Tool, "before"));
    host.inspector.settle().await;
    let health = host.get("/health").await;
    let part = health["parts"].as_array().unwrap().iter().find(|part| part["name"] == "trace files").unwrap();
    assert_eq!((&health["status"], &part["state"]), (&json!("degraded"), &json!("degraded")));
    assert!(part["why"].as_str().unwrap().contains("place"), "{part}");
    fs::remove_file(&place).unwrap();
    drop(session.span(SpanKind::Tool, "after"));
    host.inspector.settle().await;
    host.inspector.read_trace_files().await;
    assert_eq!(host.get("/health").await["status"], "ok");
    let lines = gunzip(&fs::read(place.join("traces/s.jsonl.gz")).unwrap());
    assert!(lines.contains("before") && lines.contains("after"));
}

#[tokio::test]
async fn health_tells_the_bounds_and_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path());
    host.inspector.session("counted").start().finish();
    let session = host.inspector.session("counted").start();
    drop(session.span(SpanKind::Tool, "step"));
    host.inspector.settle().await;
    let health = host.get("/health").await;
    assert_eq!(health["limits"]["trace_file_bytes"], 1_u64 << 30);
    assert!(health["counters"]["trace_file_bytes_written"].as_u64().unwrap() > 0, "{health}");
    let parts: Vec<_> = health["parts"].as_array().unwrap().iter().map(|part| &part["name"]).collect();
    assert!(parts.contains(&&json!("trace files")) && parts.contains(&&json!("trace files of others")));
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_restarted_host_writes_on_into_the_same_file_and_reads_none_of_its_own() {
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let start = || {
        let inspector = Inspector::builder().data_dir(data.path()).trace_files(dir.path()).build().unwrap();
        Host::new(inspector)
    };
    for round in 0..3 {
        let host = start();
        let session = host.inspector.session("goes on").id(SessionId::parse("s").unwrap()).start();
        drop(session.span(SpanKind::Tool, format!("round {round}")));
        session.finish();
        host.inspector.read_trace_files().await;
        host.inspector.settle().await;
        assert_eq!(fs::read(dir.path().join("s.jsonl.gz")).unwrap(), served(&host, "s").await);
        assert_eq!(host.get("/health").await["counters"]["trace_file_spans_read"], 0);
        host.inspector.shutdown().await;
    }
    let files = fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(files, 2, "one file, and the directory of the indexes");
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn what_was_not_copied_before_a_crash_is_copied_by_the_next_start() {
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first =
        Host::new(Inspector::builder().data_dir(data.path()).trace_files(dir.path()).build().unwrap());
    let session = first.inspector.session("lagging").id(SessionId::parse("s").unwrap()).start();
    drop(session.span(SpanKind::Tool, "seen"));
    first.inspector.settle().await;
    first.inspector.shutdown().await;
    // As if the exporter had never come to it.
    fs::remove_file(dir.path().join("s.jsonl.gz")).unwrap();
    fs::remove_file(dir.path().join(".agent-inspector/s.index")).unwrap();
    let second =
        Host::new(Inspector::builder().data_dir(data.path()).trace_files(dir.path()).build().unwrap());
    second.inspector.settle().await;
    assert_eq!(fs::read(dir.path().join("s.jsonl.gz")).unwrap(), served(&second, "s").await);
}
