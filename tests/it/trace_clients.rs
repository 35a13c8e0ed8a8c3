//! A session's trace, read by the programs that people read it with, also while it grows. Needs `curl`, `python3` with
//! `httpx`, and `node`.

use std::process::{Command, Output};

use agent_inspector::model::{SessionId, SpanKind};
use agent_inspector::{Inspector, SessionHandle};

use crate::serve::{Served, run};

/// Reads the trace at `sys.argv[1]` with urllib: gzip, plain, and the middle of it.
const URLLIB: &str = "
import gzip, sys, urllib.request
def get(**headers):
    headers = {name.replace('_', '-'): value for name, value in headers.items()}
    return urllib.request.urlopen(urllib.request.Request(sys.argv[1], headers=headers))
packed = get(accept_encoding='gzip')
assert packed.headers['content-encoding'] == 'gzip'
whole = gzip.GzipFile(fileobj=packed).read()
part = get(range='bytes=5-20')
assert (part.status, part.headers['content-range'].split('/')[0]) == (206, 'bytes 5-20')
assert part.read() == whole[5:21]
sys.stdout.buffer.write(whole)
";

/// The same with httpx, which stops after a first gzip member without a word; with the stream read in pieces too.
const HTTPX: &str = "
import httpx, sys
with httpx.Client(trust_env=False) as client:
    answer = client.get(sys.argv[1])
    assert answer.headers['content-encoding'] == 'gzip', answer.headers
    whole = answer.content
    with client.stream('GET', sys.argv[1] + '?until=' + str(len(whole))) as stream:
        assert b''.join(stream.iter_bytes()) == whole
    part = client.get(sys.argv[1], headers={'range': 'bytes=-7', 'accept-encoding': 'identity'})
    assert part.status_code == 206 and len(part.content) == 7
    tag = answer.headers['etag']
    again = client.get(sys.argv[1] + '?until=' + str(len(whole)), headers={'if-none-match': tag})
    assert again.status_code == 304, again.status_code
sys.stdout.buffer.write(whole)
";

/// The same with Node's fetch, and with its zlib on the bytes as they came.
const NODE: &str = "
const [url] = process.argv.slice(1);
const answer = await fetch(url);
if (answer.headers.get('content-encoding') !== 'gzip') throw new Error('not gzip');
const whole = Buffer.from(await answer.arrayBuffer());
const { request } = await import('node:http');
const { gunzipSync, createGunzip } = await import('node:zlib');
const raw = (target) => new Promise((resolve, reject) => request(target, { headers: { 'accept-encoding': 'gzip' } }, (got) => {
    const pieces = [];
    got.on('data', (piece) => pieces.push(piece)).on('end', () => resolve(Buffer.concat(pieces))).on('error', reject);
}).end());
const packed = await raw(`${url}?until=${whole.length}`);
if (!gunzipSync(packed).equals(whole)) throw new Error('zlib reads something else');
const stream = createGunzip();
stream.end(packed);
const pieces = [];
for await (const piece of stream) pieces.push(piece);
if (!Buffer.concat(pieces).equals(whole)) throw new Error('zlib streams something else');
const part = await fetch(url, { headers: { range: 'bytes=3-9' } });
if (part.status !== 206) throw new Error(`status ${part.status}`);
if (!Buffer.from(await part.arrayBuffer()).equals(whole.subarray(3, 10))) throw new Error('another part');
process.stdout.write(whole);
";

/// How often each client reads while the session grows.
const READS: usize = 4;

async fn served() -> (Served, SessionHandle, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let inspector = Inspector::builder().data_dir(dir.path()).build().unwrap();
    let session = inspector.session("grows").id(SessionId::parse("s").unwrap()).start();
    for turn in 0..30 {
        step(&session, turn);
        if turn % 10 == 0 {
            inspector.settle().await;
        }
    }
    inspector.settle().await;
    (Served::new(inspector, true).await, session, dir)
}

fn step(session: &SessionHandle, turn: usize) {
    let span = session.span(SpanKind::Tool, format!("step {turn}"));
    span.attribute("gen_ai.tool.call.arguments", format!("[\"äöü {turn}\",{}]", turn * 7919).repeat(20));
}

fn client(program: &str, arguments: &[&str], url: &str) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).arg(url).env("no_proxy", "*").env_remove("http_proxy");
    command
}

/// Has a client read while the session grows: each time it must read whole lines from the beginning of what it is at last.
async fn reads_while_it_grows(program: &str, arguments: &[&str]) {
    let (served, session, _dir) = served().await;
    let mut read: Vec<Output> = Vec::new();
    for _ in 0..READS {
        let mut running = Box::pin(run(client(program, arguments, &served.url("/trace/s"))));
        let mut turn = 100;
        let output = loop {
            tokio::select! {
                output = &mut running => break output,
                () = async {
                    step(&session, turn);
                    served.inspector.settle().await;
                } => turn += 1,
            }
        };
        read.push(output);
    }
    served.inspector.settle().await;
    let last = served.curl(&[], "/trace/s").await.stdout;
    for output in read {
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.len() > 1000 && output.stdout.ends_with(b"\n"), "{program}");
        assert!(last.starts_with(&output.stdout), "{program} read something else than the beginning");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_reads_a_growing_trace() {
    reads_while_it_grows("curl", &["-sS", "--compressed"]).await;
    reads_while_it_grows("curl", &["-sS"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pythons_urllib_reads_a_growing_trace() {
    reads_while_it_grows("python3", &["-c", URLLIB]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pythons_httpx_reads_a_growing_trace() {
    // Debian's, whatever other Python comes first in the path.
    let python =
        if std::path::Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" };
    reads_while_it_grows(python, &["-c", HTTPX]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_reads_a_growing_trace() {
    reads_while_it_grows("node", &["--input-type=module", "-e", NODE]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_resumes_a_file_and_gets_what_was_added_since() {
    let (served, session, dir) = served().await;
    let file = dir.path().join("download");
    let path = file.to_str().unwrap();
    let first = served.curl(&["-r", "0-999", "-o", path], "/trace/s").await;
    assert!(first.status.success() && std::fs::metadata(&file).unwrap().len() == 1000);
    step(&session, 500);
    served.inspector.settle().await;
    let rest = served.curl(&["-C", "-", "-o", path], "/trace/s").await;
    assert!(rest.status.success(), "{rest:?}");
    let whole = served.curl(&[], "/trace/s").await.stdout;
    assert_eq!(std::fs::read(&file).unwrap(), whole);
    // Nothing is left: curl is told so and keeps what it has.
    let nothing = served.curl(&["-C", "-", "-o", path, "-w", "%{http_code}"], "/trace/s").await;
    assert_eq!(nothing.stdout, b"416");
    assert_eq!(std::fs::read(&file).unwrap(), whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_resumes_the_compressed_file_of_a_state_that_it_names() {
    let (served, session, _dir) = served().await;
    let until = served.curl(&[], "/trace/s").await.stdout.len();
    let state = format!("/trace/s?until={until}");
    let gzip = ["-H", "accept-encoding: gzip"];
    let whole = served.curl(&gzip, &state).await.stdout;
    let first = served.curl(&[&gzip[..], &["-r", "0-499"]].concat(), &state).await.stdout;
    step(&session, 500);
    served.inspector.settle().await;
    let rest = served.curl(&[&gzip[..], &["-r", "500-"]].concat(), &state).await.stdout;
    assert_eq!([first, rest].concat(), whole);
}
