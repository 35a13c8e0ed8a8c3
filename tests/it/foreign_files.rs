//! Trace files that other processes write into the directory: listed, redacted and served. Needs `python3`.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;

use agent_inspector::Inspector;
use agent_inspector::model::{SessionId, SpanKind};
use agent_inspector::sink::TraceFiles;
use axum::body::Body;
use axum::http::Request;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt;
use serde_json::Value;

use crate::support::{Host, local};

fn host(files: &Path) -> Host {
    Host::new(Inspector::builder().in_memory().trace_files(files).build().unwrap())
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A line as the original inspector writes it.
fn line(trace: u8, span: u8, name: &str, rest: &str) -> String {
    format!(
        "{{\"trace_id\":\"{trace:032x}\",\"span_id\":\"{span:016x}\",\"name\":\"{name}\",\"start_time\":\"2026-11-20T10:00:0{}Z\",\
         \"end_time\":\"2026-11-20T10:00:09Z\",\"kind\":\"INTERNAL\",\"status\":{{\"status_code\":\"OK\"}},\"attributes\":{{{rest}}},\
         \"events\":[],\"links\":[]}}\n",
        span % 10
    )
}

async fn trace(host: &Host, session: &str) -> String {
    let request = Request::get(format!("/_inspector/trace/{session}")).header("accept-encoding", "gzip");
    let answer = host.send(local(request, Body::empty())).await;
    assert_eq!(answer.status(), 200);
    let mut text = String::new();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    flate2::bufread::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    text
}

async fn counter(host: &Host, name: &str) -> u64 {
    host.get("/health").await["counters"][name].as_u64().unwrap()
}

async fn problem(host: &Host) -> Value {
    let health = host.get("/health").await;
    let parts = health["parts"].as_array().unwrap();
    parts.iter().find(|part| part["name"] == "trace files of others").unwrap()["why"].clone()
}

#[tokio::test]
async fn a_file_of_the_original_inspector_is_listed_redacted_and_served() {
    let dir = tempfile::tempdir().unwrap();
    let first = line(
        1,
        1,
        "workflow.run",
        "\"mcp.engine.type\":\"temporal\",\"mcp.session.title\":\"Book a flight\"",
    );
    let secret =
        line(1, 2, "tool.call", "\"note\":\"api_key=sk-ant-api03-abcdefghijklmnopqrstuvwxyz012345\"");
    fs::write(dir.path().join("worker-1.jsonl.gz"), [gzip(&first), gzip(&secret)].concat()).unwrap();
    fs::write(dir.path().join("worker-1_chunk_1.jsonl.gz"), gzip(&line(2, 3, "later", ""))).unwrap();
    fs::write(dir.path().join("worker-1.chunk_2.jsonl.gz"), gzip(&line(2, 4, "last", ""))).unwrap();
    let host = host(dir.path());
    host.inspector.read_trace_files().await;
    let sessions = host.get("/sessions").await;
    let session = &sessions["sessions"][0];
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1, "{sessions}");
    assert_eq!((&session["id"], &session["title"]), (&"worker-1".into(), &"Book a flight".into()));
    assert_eq!((&session["engine"], &session["tags"][0]), (&"temporal".into(), &"trace-file".into()));
    assert_eq!(session["counters"]["spans"], 4, "{session}");
    let text = trace(&host, "worker-1").await;
    assert!(text.contains("\"note\"") && !text.contains("sk-ant"), "{text}");
    assert_eq!(host.get("/sessions/worker-1/spans").await["total"], 4);
    // What was read is not written again.
    host.inspector.settle().await;
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 4, "{names:?}");
}

#[tokio::test]
async fn a_file_that_python_writes_is_read_on_as_it_grows() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path());
    let path = dir.path().join("growing.jsonl.gz");
    let program = "import gzip, sys\n\
        with gzip.open(sys.argv[1], 'at') as file: file.write(sys.argv[2])\n";
    for part in 1..=3_u8 {
        let python =
            Command::new("python3").args(["-c", program]).arg(&path).arg(line(3, part, "step", "")).status();
        assert!(python.unwrap().success());
        host.inspector.read_trace_files().await;
        assert_eq!(host.get("/sessions/growing").await["counters"]["spans"], part);
    }
    assert_eq!(counter(&host, "trace_file_spans_read").await, 3, "each line was read once");
    host.inspector.read_trace_files().await;
    assert_eq!(counter(&host, "trace_file_spans_read").await, 3);
}

#[tokio::test]
async fn a_half_written_file_is_read_to_its_last_whole_line_and_then_on() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path());
    let lines: String =
        (1..=9).map(|span| line(4, span, "step", &format!("\"n\":\"{}\"", "x".repeat(900)))).collect();
    let whole = gzip(&lines);
    let path = dir.path().join("half.jsonl.gz");
    // Found nowhere among what is whole: the end of a file that is being written.
    fs::write(&path, &whole[..whole.len() - 12]).unwrap();
    host.inspector.read_trace_files().await;
    let half = host.get("/sessions/half").await["counters"]["spans"].as_u64().unwrap();
    assert!(half < 10, "{half}");
    assert_eq!(problem(&host).await, Value::Null, "it is being written");
    fs::write(&path, &whole).unwrap();
    host.inspector.read_trace_files().await;
    assert_eq!(host.get("/sessions/half").await["counters"]["spans"], 9);
    assert_eq!(counter(&host, "trace_file_spans_read").await, 9);
}

#[tokio::test]
async fn bad_lines_are_counted_and_strange_files_are_left_alone_and_told_of() {
    let dir = tempfile::tempdir().unwrap();
    let good = line(5, 1, "good", "");
    fs::write(
        dir.path().join("mixed.jsonl.gz"),
        gzip(&format!("{good}{{\"half\":\nnull\n{}", line(5, 2, "good too", ""))),
    )
    .unwrap();
    fs::write(dir.path().join("text.jsonl.gz"), "{\"not\":\"gzip\"}\n").unwrap();
    let mut damaged = gzip(&line(6, 1, "before the damage", ""));
    let checksum = damaged.len() - 6;
    damaged[checksum] ^= 1;
    fs::write(dir.path().join("damaged.jsonl.gz"), damaged).unwrap();
    let host = host(dir.path());
    host.inspector.read_trace_files().await;
    assert_eq!(host.get("/sessions/mixed").await["counters"]["spans"], 2);
    assert_eq!(host.get("/sessions/damaged").await["counters"]["spans"], 1);
    assert_eq!(counter(&host, "trace_file_bad_lines").await, 2);
    let why = problem(&host).await;
    let why = why.as_str().unwrap();
    assert!(
        why.contains("text.jsonl.gz is no gzip file") && why.contains("damaged.jsonl.gz is damaged"),
        "{why}"
    );
    assert_eq!(fs::read(dir.path().join("text.jsonl.gz")).unwrap(), b"{\"not\":\"gzip\"}\n");
    assert_eq!(host.try_get("/sessions/text").await.0, 404);
}

#[tokio::test]
async fn a_name_that_is_no_session_id_and_a_root_that_names_another_session_are_taken_by_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let named = line(7, 1, "root", "\"session.id\":\"elsewhere\"");
    fs::write(dir.path().join("my run.jsonl.gz"), gzip(&named)).unwrap();
    let host = host(dir.path());
    host.inspector.read_trace_files().await;
    let sessions = host.get("/sessions").await;
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(sessions["sessions"][0]["external_id"], "my run");
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_restarted_host_does_not_read_again_what_its_history_has() {
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let start =
        || Host::new(Inspector::builder().data_dir(data.path()).trace_files(dir.path()).build().unwrap());
    let path = dir.path().join("worker.jsonl.gz");
    fs::write(&path, gzip(&line(8, 1, "one", ""))).unwrap();
    for (start_number, expected) in [(1, 1), (2, 0)] {
        let host = start();
        host.inspector.read_trace_files().await;
        assert_eq!(counter(&host, "trace_file_spans_read").await, expected, "start {start_number}");
        assert_eq!(host.get("/sessions/worker").await["counters"]["spans"], 1);
        host.inspector.shutdown().await;
    }
    let mut file = fs::File::options().append(true).open(&path).unwrap();
    file.write_all(&gzip(&line(8, 2, "two", ""))).unwrap();
    let host = start();
    host.inspector.read_trace_files().await;
    assert_eq!(counter(&host, "trace_file_spans_read").await, 1);
    assert_eq!(host.get("/sessions/worker").await["counters"]["spans"], 2);
}

#[tokio::test]
async fn two_hosts_with_histories_of_their_own_see_each_others_sessions_and_copy_only_theirs() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (host(dir.path()), host(dir.path()));
    let mut sessions = Vec::new();
    for (name, host) in [("one", &one), ("two", &two)] {
        let session = host.inspector.session(name).id(SessionId::parse(name).unwrap()).start();
        for step in 0..3 {
            drop(session.span(SpanKind::Tool, format!("step {step}")));
            host.inspector.settle().await;
        }
        sessions.push(session);
    }
    for (host, other) in [(&one, "two"), (&two, "one")] {
        host.inspector.read_trace_files().await;
        let session = host.get(&format!("/sessions/{other}")).await;
        assert_eq!(
            (&session["engine"], &session["status"]),
            (&"file".into(), &"running".into()),
            "{session}"
        );
        let before = counter(host, "trace_file_spans_read").await;
        host.inspector.read_trace_files().await;
        assert_eq!(counter(host, "trace_file_spans_read").await, before);
    }
    // It grows: the blocks that are new are read, and no others.
    let before = counter(&one, "trace_file_spans_read").await;
    drop(sessions[1].span(SpanKind::Tool, "step 3"));
    two.inspector.settle().await;
    one.inspector.read_trace_files().await;
    let read = counter(&one, "trace_file_spans_read").await - before;
    assert!((1..=3).contains(&read), "{read}");
    assert!(trace(&one, "two").await.contains("step 3"));
    one.inspector.settle().await;
    let names =
        fs::read_dir(dir.path()).unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".gz")).collect();
    names.sort();
    assert_eq!(names, ["one.jsonl.gz", "two.jsonl.gz"]);
}

#[tokio::test]
async fn an_older_run_in_memory_is_shown_by_the_next_one_which_writes_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    for run in 0..2 {
        let host = host(dir.path());
        let session = host.inspector.session("again").id(SessionId::parse("s").unwrap()).start();
        drop(session.span(SpanKind::Tool, format!("run {run}")));
        session.finish();
        host.inspector.settle().await;
        host.inspector.shutdown().await;
    }
    let host = host(dir.path());
    host.inspector.read_trace_files().await;
    let text = trace(&host, "s").await;
    assert!(text.contains("run 0") && text.contains("run 1"), "{text}");
    assert!(dir.path().join("s.jsonl.gz").exists() && dir.path().join("s.chunk_1.jsonl.gz").exists());
}

#[tokio::test]
async fn the_files_of_others_are_not_read_when_the_host_says_so() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("worker.jsonl.gz"), gzip(&line(9, 1, "one", ""))).unwrap();
    let files = TraceFiles::new(dir.path()).only_own();
    let host = Host::new(Inspector::builder().in_memory().trace_files(files).build().unwrap());
    host.inspector.read_trace_files().await;
    assert_eq!(host.try_get("/sessions/worker").await.0, 404);
}
