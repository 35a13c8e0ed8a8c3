//! A disk that is really full: capture goes on, senders come back, and nothing is missing when there is room again.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use agent_inspector::Inspector;
use agent_inspector::model::SpanKind;
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde_json::{Value, json};

use crate::faults::part;
use crate::support::Host;

/// Set for the copy of this test program that plays the host.
const HOST_DIR: &str = "AGENT_INSPECTOR_TEST_FULL_DISK_DIR";

/// Set too when the disk has the trace files only, and the history is in memory.
const TRACE_FILES: &str = "AGENT_INSPECTOR_TEST_FULL_DISK_TRACE_FILES";

/// What is wrong with the disk.
#[derive(Clone, Copy, Debug)]
enum Disk {
    /// A file system of a few megabytes, in a namespace of its own.
    Small,
    /// No file may grow any more (`RLIMIT_FSIZE`).
    NoLargerFile,
    /// Mounted so that nothing on it can be changed.
    ReadOnly,
}

/// A host in a process of its own, on a disk that can be filled.
struct HostOnDisk {
    child: Child,
    disk: Disk,
    dir: PathBuf,
    url: String,
}

impl HostOnDisk {
    /// `None` when the system does not let us have such a disk.
    fn start(disk: Disk, dir: &Path) -> Option<Self> {
        Self::start_with(disk, dir, &[])
    }

    fn start_with(disk: Disk, dir: &Path, settings: &[(&str, &str)]) -> Option<Self> {
        let program = std::env::current_exe().unwrap();
        let mut command = match disk {
            Disk::Small | Disk::ReadOnly => {
                let mut command = Command::new("unshare");
                let script = match disk {
                    Disk::ReadOnly => {
                        r#"mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@""#
                    }
                    _ => r#"mount -t tmpfs -o size=8m tmpfs "$0" && exec "$@""#,
                };
                command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
                command.arg(dir);
                command
            }
            Disk::NoLargerFile => {
                let mut command = Command::new("sh");
                // Or the first write beyond the bound would end the process.
                command.args(["-c", r#"trap "" XFSZ; exec "$@""#, "sh"]);
                command
            }
        };
        command.arg(program).args([
            "--exact",
            "full_disk::plays_a_host_on_a_full_disk_when_asked",
            "--nocapture",
        ]);
        let mut child =
            command.env(HOST_DIR, dir).envs(settings.iter().copied()).stdout(Stdio::piped()).spawn().ok()?;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address =
            lines.map_while(Result::ok).find_map(|line| Some(line.strip_prefix("listening on ")?.to_owned()));
        let Some(address) = address else {
            child.wait().unwrap();
            return None;
        };
        Some(Self { child, disk, dir: dir.to_owned(), url: format!("http://{address}") })
    }

    fn fill(&self) {
        match self.disk {
            Disk::Small => {
                let mut ballast = std::fs::File::create(self.ballast()).unwrap();
                while ballast.write_all(&[0; 512]).is_ok() {}
            }
            Disk::NoLargerFile => self.limit("4096"),
            Disk::ReadOnly => {}
        }
    }

    fn make_room(&self) {
        match self.disk {
            Disk::Small => std::fs::remove_file(self.ballast()).unwrap(),
            Disk::NoLargerFile => self.limit("unlimited"),
            Disk::ReadOnly => {}
        }
    }

    fn ballast(&self) -> PathBuf {
        self.on_disk("ballast")
    }

    /// A file on the host's disk, which only its namespace sees.
    fn on_disk(&self, name: &str) -> PathBuf {
        let dir = self.dir.strip_prefix("/").unwrap();
        Path::new("/proc").join(self.child.id().to_string()).join("root").join(dir).join(name)
    }

    fn limit(&self, bytes: &str) {
        let mut prlimit = Command::new("prlimit");
        prlimit.args(["--pid", &self.child.id().to_string(), &format!("--fsize={bytes}:unlimited")]);
        assert!(prlimit.status().unwrap().success());
    }

    fn get(&self, path: &str) -> Value {
        ureq::get(format!("{}/_inspector{path}", self.url)).call().unwrap().body_mut().read_json().unwrap()
    }

    /// Has the host record a session with a prompt of so many letters; gives its id and its span's.
    fn record(&self, letters: usize) -> (String, String) {
        let mut answer = ureq::post(format!("{}/record", self.url)).send(letters.to_string()).unwrap();
        let answer: Value = answer.body_mut().read_json().unwrap();
        (answer[0].as_str().unwrap().to_owned(), answer[1].as_str().unwrap().to_owned())
    }

    fn settle(&self) {
        ureq::post(format!("{}/settle", self.url)).send_empty().unwrap();
    }

    /// Sends a span of some 20 KB from outside; gives the status and `Retry-After`.
    fn send(&self) -> (u16, Option<String>) {
        let text: String = std::iter::repeat_with(fastrand::alphanumeric).take(20_000).collect();
        let span = json!({
            "traceId": format!("{:032x}", fastrand::u128(1..)), "spanId": "00000000000000a1", "name": "outside",
            "startTimeUnixNano": "1750000000000000000", "endTimeUnixNano": "1750000001000000000",
            "attributes": [{"key": "input.value", "value": {"stringValue": text}}],
        });
        let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
        let post = ureq::post(format!("{}/_inspector/v1/traces", self.url));
        let answer = post.config().http_status_as_error(false).build().send_json(body).unwrap();
        let after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), after)
    }

    fn store_part(&self) -> Value {
        self.part("store")
    }

    fn part(&self, name: &str) -> Value {
        part(&self.get("/health"), name).clone()
    }

    /// The bytes that a trace is served as with gzip.
    fn trace(&self, session: &str) -> Vec<u8> {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut socket = TcpStream::connect(address).unwrap();
        let head = format!(
            "GET /_inspector/trace/{session} HTTP/1.1\r\nhost: {address}\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        let head = memchr::memmem::find(&answer, b"\r\n\r\n").unwrap();
        answer.split_off(head + 4)
    }
}

impl Drop for HostOnDisk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn recovers(disk: Disk, why: &str) {
    let dir = tempfile::tempdir().unwrap();
    let Some(host) = HostOnDisk::start(disk, dir.path()) else {
        eprintln!("skipped: there is no {disk:?} here");
        return;
    };
    let mut recorded = vec![host.record(100)];
    host.settle();
    assert_eq!((host.send().0, &host.store_part()["state"]), (200, &json!("ok")));

    host.fill();
    // A little may still fit into what the files hold already.
    let refused = std::iter::repeat_with(|| host.send()).find(|(status, _)| *status != 200).unwrap();
    assert_eq!(refused, (503, Some("1".to_owned())));
    for letters in [10, 1_000, 100_000] {
        recorded.push(host.record(letters));
        let (session, _) = recorded.last().unwrap();
        // The pump looks a few times a second.
        while !host.get("/sessions").to_string().contains(session.as_str()) {
            std::thread::yield_now();
        }
    }
    let part = host.store_part();
    assert_eq!(part["state"], "degraded");
    let said = part["why"].as_str().unwrap();
    assert!(said.contains(why) && said.contains("waits in memory"), "{said}");
    assert_eq!(host.send(), (503, Some("1".to_owned())));

    host.make_room();
    host.settle();
    assert_eq!(host.store_part()["state"], "ok");
    assert_eq!(host.get("/health")["counters"]["not_stored"], 0);
    for ((session, span), letters) in recorded.iter().zip([100, 10, 1_000, 100_000]) {
        assert_eq!(host.get(&format!("/sessions/{session}"))["status"], "completed");
        let span = host.get(&format!("/sessions/{session}/spans/{span}"));
        let input = span["attributes"]["input.value"].as_str().unwrap();
        // Long values are cut.
        assert!(input.len() >= letters.min(20_000), "{} of {letters} letters: {span}", input.len());
    }
    assert_eq!(host.send().0, 200);
}

#[test]
fn while_a_small_disk_is_full_capture_goes_on_and_all_is_stored_when_there_is_room() {
    recovers(Disk::Small, "the disk is full");
}

#[test]
fn while_no_file_may_grow_capture_goes_on_and_all_is_stored_when_one_may() {
    recovers(Disk::NoLargerFile, "the disk does not take or give what it should");
}

#[tokio::test]
async fn on_a_read_only_disk_what_is_there_stays_as_it_is_and_capture_goes_on_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let before = Host::in_dir(dir.path());
    before.inspector.session("before").start().finish();
    before.inspector.shutdown().await;
    drop(before);
    let database = dir.path().join("inspector.db");
    let bytes = std::fs::read(&database).unwrap();
    tokio::task::spawn_blocking(move || {
        let Some(host) = HostOnDisk::start(Disk::ReadOnly, dir.path()) else {
            eprintln!("skipped: nothing can be mounted here");
            return;
        };
        let history = host.part("history");
        assert_eq!(history["state"], "degraded", "{history}");
        assert!(history["why"].as_str().unwrap().contains("memory only"), "{history}");
        let (session, span) = host.record(100);
        host.settle();
        assert_eq!(host.get(&format!("/sessions/{session}"))["status"], "completed");
        assert_eq!(
            host.get(&format!("/sessions/{session}/spans/{span}"))["attributes"]["input.value"]
                .as_str()
                .map(str::len),
            Some(100)
        );
        assert_eq!(host.send().0, 200);
        drop(host);
        assert_eq!(std::fs::read(&database).unwrap(), bytes);
    })
    .await
    .unwrap();
}

#[test]
fn while_the_disk_of_the_trace_files_is_full_nothing_else_suffers_and_later_they_are_complete() {
    let dir = tempfile::tempdir().unwrap();
    let Some(host) = HostOnDisk::start_with(Disk::Small, dir.path(), &[(TRACE_FILES, "yes")]) else {
        eprintln!("skipped: there is no small disk here");
        return;
    };
    let mut recorded = vec![host.record(100).0];
    host.settle();
    let same = |host: &HostOnDisk, session: &str| {
        std::fs::read(host.on_disk(&format!("{session}.jsonl.gz")))
            .is_ok_and(|file| file == host.trace(session))
    };
    assert!(same(&host, &recorded[0]));

    host.fill();
    for letters in [1_000, 20_000, 20_000] {
        recorded.push(host.record(letters).0);
    }
    host.settle();
    let part = host.part("trace files");
    assert_eq!(part["state"], "degraded", "{part}");
    assert!(part["why"].as_str().unwrap().contains("No space left"), "{part}");
    assert_eq!((host.send().0, &host.store_part()["state"]), (200, &json!("ok")));
    assert!(!same(&host, recorded.last().unwrap()));

    host.make_room();
    // It tries again within seconds, by itself.
    while host.part("trace files")["state"] != "ok" {
        std::thread::yield_now();
    }
    for session in &recorded {
        assert!(same(&host, session), "{session}");
    }
    let files = std::fs::read_dir(host.on_disk("")).unwrap().map(|entry| entry.unwrap().file_name());
    let files: Vec<_> = files.filter(|name| name.to_string_lossy().ends_with(".jsonl.gz")).collect();
    // One for each session, the one from outside too.
    assert_eq!(files.len(), recorded.len() + 1, "{files:?}");
}

/// Not a test of its own: the copy of this program that records on the disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plays_a_host_on_a_full_disk_when_asked() {
    let Ok(dir) = std::env::var(HOST_DIR) else { return };
    let builder = Inspector::builder();
    let builder = match std::env::var_os(TRACE_FILES) {
        Some(_) => builder.in_memory().trace_files(dir),
        None => builder.data_dir(dir),
    };
    let inspector = builder.build().unwrap();
    let routes = Router::new()
        .route("/record", post(record))
        .route("/settle", post(async |State(inspector): State<Inspector>| inspector.settle().await))
        .with_state(inspector.clone());
    let app: Router = inspector.mount(routes, "/_inspector");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("\nlistening on {}", listener.local_addr().unwrap());
    let service = app.into_make_service_with_connect_info::<std::net::SocketAddr>();
    axum::serve(listener, service).await.unwrap();
}

async fn record(State(inspector): State<Inspector>, letters: String) -> axum::Json<Value> {
    let session = inspector.session("on a full disk").start();
    let span = session.span(SpanKind::Llm, "chat");
    let letters = letters.parse().unwrap();
    // Small ones: among many of both cases there may be what looks like a key, which is masked.
    span.attribute(
        "input.value",
        std::iter::repeat_with(fastrand::lowercase).take(letters).collect::<String>(),
    );
    let id = span.id().unwrap().to_string();
    drop(span);
    session.finish();
    axum::Json(json!([session.id().to_string(), id]))
}
