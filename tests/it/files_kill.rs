//! A host that is killed while it writes trace files leaves files that are whole again after the next start, and hold
//! everything that its history holds. Needs `python3`.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use agent_inspector::Inspector;
use agent_inspector::model::{SessionId, SpanKind};
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;

use crate::support::{Host, local};

/// Set for the copy of this test program that plays the host.
const HOST_DIR: &str = "AGENT_INSPECTOR_TEST_FILES_DIR";

/// How often the host is killed.
const ROUNDS: u64 = 12;

/// How many sessions it writes at once in each round.
const SESSIONS: usize = 3;

fn inspector(dir: &Path) -> Inspector {
    Inspector::builder().data_dir(dir.join("data")).trace_files(dir.join("traces")).build().unwrap()
}

/// Not a test of its own: the copy of this program that is started and killed.
#[tokio::test]
async fn plays_the_host_when_asked() {
    let Ok(dir) = std::env::var(HOST_DIR) else { return };
    let inspector = inspector(Path::new(&dir));
    let sessions: Vec<_> =
        (0..SESSIONS).map(|number| inspector.session(format!("run {number}")).start()).collect();
    let mut random = fastrand::Rng::new();
    for turn in 0_u64.. {
        for session in &sessions {
            let span = session.span(SpanKind::Tool, format!("step {turn}"));
            let noise: String = (0..random.usize(0..30_000)).map(|_| random.alphanumeric()).collect();
            span.attribute("gen_ai.tool.call.result", noise);
        }
        inspector.settle().await;
        println!("\nturn {turn}");
    }
}

/// Lets a host write for so many turns and kills it within the next.
fn write_and_kill(dir: &Path, turns: usize) {
    let mut host = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "files_kill::plays_the_host_when_asked", "--nocapture"])
        .env(HOST_DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(host.stdout.take().unwrap()).lines().map_while(Result::ok);
    let seen = lines.by_ref().filter(|line| line.starts_with("turn ")).take(turns).count();
    // SIGKILL: it gets no chance to end anything.
    host.kill().unwrap();
    host.wait().unwrap();
    // Read from until now: a host that cannot print ends in order.
    drop(lines);
    assert_eq!(seen, turns, "it wrote until it was killed");
}

async fn served(host: &Host, session: &str) -> Vec<u8> {
    let request = Request::get(format!("/_inspector/trace/{session}")).header("accept-encoding", "gzip");
    let answer = host.send(local(request, Body::empty())).await;
    answer.into_body().collect().await.unwrap().to_bytes().to_vec()
}

/// What of a file can be unpacked, as far as that goes.
fn unpacked(path: &Path) -> Vec<u8> {
    let mut plain = Vec::new();
    // A file that was torn gives what is before.
    let _ = flate2::bufread::GzDecoder::new(&fs::read(path).unwrap()[..]).read_to_end(&mut plain);
    plain
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_killed_while_it_writes_leaves_files_that_are_mended_and_whole() {
    let dir = tempfile::tempdir().unwrap();
    let traces = dir.path().join("traces");
    let mut random = fastrand::Rng::with_seed(20_261_121);
    let mut before = 0;
    for round in 0..ROUNDS {
        let (turns, place) = (random.usize(1..6), dir.path().to_owned());
        tokio::task::spawn_blocking(move || write_and_kill(&place, turns)).await.unwrap();
        let host = Host::new(inspector(dir.path()));
        host.inspector.settle().await;
        let listed = host.get("/sessions?limit=100").await;
        let sessions = listed["sessions"].as_array().unwrap();
        assert_eq!(sessions.len(), before + SESSIONS, "round {round}");
        before = sessions.len();
        for session in sessions {
            let id = session["id"].as_str().unwrap();
            let path = traces.join(format!("{id}.jsonl.gz"));
            assert_eq!(fs::read(&path).unwrap(), served(&host, id).await, "round {round}: {id}");
        }
        host.inspector.shutdown().await;
    }
    let program = "import gzip, glob, json, sys\n\
        for name in glob.glob(sys.argv[1] + '/*.jsonl.gz'):\n \
            for line in gzip.open(name, 'rt', encoding='utf-8'): json.loads(line)\n";
    let python = Command::new("python3").args(["-c", program]).arg(&traces).output().unwrap();
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_host_wrote_and_no_history_has_is_mended_and_shown_by_another_host() {
    let dir = tempfile::tempdir().unwrap();
    let (place, traces) = (dir.path().to_owned(), dir.path().join("traces"));
    tokio::task::spawn_blocking(move || write_and_kill(&place, 3)).await.unwrap();
    let files = || fs::read_dir(&traces).unwrap().map(|entry| entry.unwrap().path());
    // As if it had died some bytes earlier, within a block.
    for path in files().filter(|path| path.is_file()) {
        let length = fs::metadata(&path).unwrap().len();
        fs::File::options().write(true).open(&path).unwrap().set_len(length - 40).unwrap();
    }
    let torn: Vec<_> = files().filter(|path| path.is_file()).map(|path| (unpacked(&path), path)).collect();
    assert_eq!(torn.len(), SESSIONS);
    let host = Host::new(Inspector::builder().in_memory().trace_files(&traces).build().unwrap());
    host.inspector.settle().await;
    host.inspector.read_trace_files().await;
    for (before, path) in torn {
        let whole = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut after = String::new();
        flate2::bufread::GzDecoder::new(&fs::read(&path).unwrap()[..]).read_to_string(&mut after).unwrap();
        assert!(after.as_bytes().starts_with(&before[..whole]), "every whole line is kept");
        let id = path.file_name().unwrap().to_str().unwrap().strip_suffix(".jsonl.gz").unwrap();
        let session = host.get(&format!("/sessions/{}", SessionId::parse(id).unwrap())).await;
        assert_eq!(session["engine"], "file");
    }
    assert_eq!(host.get("/health").await["counters"]["trace_files_repaired"], SESSIONS);
}
