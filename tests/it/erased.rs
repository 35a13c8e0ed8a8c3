//! A session that was removed is in no byte of what is kept, and nobody else can read any of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agent_inspector::Inspector;
use agent_inspector::model::SpanKind;
use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::support::{Host, local};

/// How long it may take until the bytes are gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// It stands in no other file, and no compression makes it unreadable where it is kept in plain text.
const WORD: &str = "zyzzyva7319";

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// The files in which any of these bytes are, and which. A trace file is looked into as it is read, too.
fn found(dirs: &[&Path], wanted: &[Vec<u8>]) -> Vec<(PathBuf, String)> {
    let has = |bytes: &[u8]| {
        let there = |one: &&Vec<u8>| memchr::memmem::find(bytes, one).is_some();
        wanted.iter().position(|one| there(&one)).map(|at| format!("{at}: {}", wanted[at].escape_ascii()))
    };
    let files = dirs.iter().flat_map(|dir| files_below(dir));
    files
        .filter_map(|path| {
            // It may be removed while we look.
            let bytes = fs::read(&path).unwrap_or_default();
            has(&bytes).or_else(|| has(&gunzip(&bytes))).map(|which| (path, which))
        })
        .collect()
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    // What is no gzip has nothing in it.
    let _ = std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut plain);
    plain
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_removed_is_in_no_byte_of_the_directories_soon_after() {
    let (data, traces) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let dirs = [data.path(), traces.path()];
    let builder = Inspector::builder().data_dir(data.path()).trace_files(traces.path());
    let host = Host::new(builder.build().unwrap());
    let session = host.inspector.session(format!("about {WORD}")).tag(format!("tag-{WORD}")).start();
    let call = session.span(SpanKind::Llm, format!("ask {WORD}"));
    call.json("mcp.llm.prompt_json", &json!([{ "role": "user", "content": format!("what is {WORD}?") }]));
    // What does not compress, and so is in one place only.
    let mut random = fastrand::Rng::with_seed(7319);
    call.attribute("own.noise", (0..15_000).map(|_| random.alphanumeric()).collect::<String>());
    call.attribute("own.attribute", format!("{WORD} too"));
    drop(call);
    let tool = session.span(SpanKind::Tool, "look");
    tool.json("mcp.tool.output_json", &json!({ "found": WORD }));
    drop(tool);
    session.emit("noted", json!({ "said": WORD }));
    session.finish();
    host.inspector.session("stays").start().finish();
    host.inspector.settle().await;
    let until = Instant::now() + PATIENCE;
    while host.get("/health").await["store"]["unindexed"] != 0 {
        assert!(Instant::now() < until, "it is not indexed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let path = format!("/sessions/{}", session.id());
    // What the store has of the noise, as it has it.
    let packed =
        Request::get(format!("/_inspector/trace/{}", session.id())).header("accept-encoding", "gzip");
    let packed = host.send(local(packed, Body::empty())).await.into_body();
    let packed = http_body_util::BodyExt::collect(packed).await.unwrap().to_bytes();
    assert!(packed.len() > 8_000, "{}", packed.len());
    let noise = packed[packed.len() / 3..packed.len() / 2].chunks_exact(16).map(<[u8]>::to_vec);
    let wanted: Vec<_> = noise.chain([WORD.as_bytes().to_vec()]).collect();
    let before = found(&dirs, &wanted);
    assert!(before.iter().any(|(file, _)| file.starts_with(data.path())), "{before:?}");
    assert!(before.iter().any(|(file, _)| file.starts_with(traces.path())), "{before:?}");

    let removed = Request::delete(format!("/_inspector{path}"));
    assert_eq!(host.send(local(removed, Body::empty())).await.status(), 204);
    let until = Instant::now() + PATIENCE;
    loop {
        let left = found(&dirs, &wanted);
        if left.is_empty() {
            break;
        }
        assert!(Instant::now() < until, "{left:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(host.get("/sessions").await["sessions"][0]["title"], "stays");
    assert_eq!(host.get("/health").await["status"], "ok");
    host.inspector.shutdown().await;
    assert_eq!(found(&dirs, &wanted), Vec::new());
}
