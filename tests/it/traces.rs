//! A session's trace, read by the programs that people read it with. Needs `curl` and `python3`.

use std::process::Command;

use agent_inspector::model::SpanKind;
use agent_inspector::{Inspector, SessionHandle};
use serde_json::Value;

use crate::serve::{Served, run};

const SPANS: usize = 60;

/// A host with a session `s` of many spans that came in several batches, so that its trace has several blocks.
/// The handle keeps the session open, or the trace would be packed into one block.
async fn served() -> (Served, SessionHandle, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let inspector = Inspector::builder().data_dir(dir.path()).build().unwrap();
    let id = agent_inspector::model::SessionId::parse("s").unwrap();
    let session = inspector.session("many blocks").id(id).start();
    for turn in 0..SPANS {
        let span = session.span(SpanKind::Tool, format!("step {turn}"));
        span.attribute("gen_ai.tool.call.arguments", format!("[\"äöü {turn}\",{}]", turn * 7919));
        drop(span);
        if turn % 20 == 0 {
            inspector.settle().await;
        }
    }
    inspector.settle().await;
    (Served::new(inspector, true).await, session, dir)
}

fn names(lines: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(lines).unwrap();
    let name = |line: &str| serde_json::from_str::<Value>(line).unwrap()["name"].as_str().unwrap().to_owned();
    let mut names: Vec<_> = text.lines().map(name).filter(|name| name.starts_with("step")).collect();
    names.sort();
    names.dedup();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_reads_the_same_lines_with_and_without_compression() {
    let (served, _session, _dir) = served().await;
    let plain = served.curl(&[], "/trace/s").await;
    let packed = served.curl(&["--compressed"], "/trace/s").await;
    assert!(plain.status.success() && packed.status.success(), "{packed:?}");
    assert_eq!(names(&plain.stdout).len(), SPANS);
    assert_eq!(plain.stdout, packed.stdout);
    let headers = served.curl(&["--compressed", "-I"], "/trace/s").await;
    let headers = String::from_utf8(headers.stdout).unwrap();
    let raw = served.curl(&["-H", "accept-encoding: gzip"], "/trace/s").await.stdout;
    assert!(headers.contains("content-encoding: gzip"), "{headers}");
    assert!(headers.contains(&format!("content-length: {}\r\n", raw.len())), "{headers}");
    assert!(raw.len() < plain.stdout.len() / 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_broke_off_goes_on_where_it_ended() {
    let (served, _session, _dir) = served().await;
    let whole = served.curl(&[], "/trace/s").await.stdout;
    let middle = whole.len() / 3;
    let first = served.curl(&["-r", &format!("0-{}", middle - 1)], "/trace/s").await.stdout;
    let rest = served.curl(&["-C", &middle.to_string()], "/trace/s").await;
    assert!(rest.status.success(), "{rest:?}");
    assert_eq!([first, rest.stdout].concat(), whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn python_reads_the_gzip_to_its_end() {
    let (served, _session, _dir) = served().await;
    let program = "import gzip, sys, urllib.request\n\
        asked = urllib.request.Request(sys.argv[1], headers={'Accept-Encoding': 'gzip'})\n\
        answer = urllib.request.urlopen(asked)\n\
        assert answer.headers['Content-Encoding'] == 'gzip'\n\
        sys.stdout.buffer.write(gzip.decompress(answer.read()))\n";
    let mut python = Command::new("python3");
    python.args(["-c", program, &served.url("/trace/s")]).env("no_proxy", "*");
    let read = run(python).await;
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    assert_eq!(read.stdout, served.curl(&[], "/trace/s").await.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_is_packed_under_another_tag_with_the_same_spans() {
    let dir = tempfile::tempdir().unwrap();
    let inspector = Inspector::builder().data_dir(dir.path()).build().unwrap();
    let id = agent_inspector::model::SessionId::parse("s").unwrap();
    let session = inspector.session("ends").id(id).start();
    for turn in 0..SPANS {
        drop(session.span(SpanKind::Tool, format!("step {turn}")));
    }
    inspector.settle().await;
    let served = Served::new(inspector, true).await;
    let before = served.curl(&["-i"], "/trace/s").await.stdout;
    session.finish();
    served.inspector.settle().await;
    let after = served.curl(&["-i"], "/trace/s").await.stdout;
    let split = |answer: &[u8]| {
        let text = String::from_utf8(answer.to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
        (tag, names(body.as_bytes()))
    };
    let ((old, before), (new, after)) = (split(&before), split(&after));
    assert_eq!((before.len(), before), (SPANS, after));
    assert_ne!(old, new);
}
