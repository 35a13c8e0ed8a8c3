//! `serve`: a host of its own.

use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Home, Lines, PATIENCE, Served, span, text};

/// How many hooks come right before the program is asked to stop.
const HOOKS_BEFORE_THE_END: u64 = 300;

#[test]
#[cfg(unix)]
fn it_says_where_it_is_and_stops_when_asked() {
    for signal in ["TERM", "INT"] {
        let home = Home::new();
        let mut served = Served::start(&home, &[]);
        assert_eq!(served.get("/health")["status"], "ok");
        let root = served.url.trim_end_matches("/_inspector").to_owned();
        let page = ureq::get(&root).call().unwrap().body_mut().read_to_string().unwrap();
        assert!(page.contains("<title>agent-inspector</title>"), "the root leads to the page");
        assert!(served.stop(signal));
        assert_eq!(served.lines.until("stopped"), "stopped");
    }
}

#[test]
#[cfg(unix)]
fn it_stops_while_a_client_streams_and_one_that_does_not_read() {
    use std::io::Write;
    let home = Home::new();
    let mut served = Served::start(&home, &[]);
    let mut stream = ureq::get(format!("{}/events", served.url)).call().unwrap().into_body().into_reader();
    let mut first = [0; 1];
    stream.read_exact(&mut first).unwrap();
    // One that asked and never reads.
    let address = served.url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let mut silent = TcpStream::connect(&address).unwrap();
    write!(silent, "GET /_inspector/events HTTP/1.1\r\nhost: {address}\r\n\r\n").unwrap();
    assert!(served.stop("TERM"));
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    drop(silent);
}

#[test]
#[cfg(unix)]
fn what_was_acknowledged_is_there_after_a_restart() {
    let home = Home::new();
    let data = home.path("data");
    let arguments =
        ["serve", "--listen", "127.0.0.1:0", "--otlp-listen", "off", "--data-dir", data.to_str().unwrap()];
    for restart in 0..2 {
        let mut child = home.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = Lines::of(&mut child);
        let url =
            lines.until("inspector: ").trim_start_matches("inspector: ").trim_end_matches("/ui/").to_owned();
        let mut served = Served { child, url, lines };
        if restart == 0 {
            assert_eq!(served.post("/v1/traces", &span("kept", "n")), 200);
            let event = json!({"type": "agent_started", "session_id": "posted", "agent": "planner"});
            assert_eq!(served.post("/events", &event), 200);
            // Hooks are answered before anything is done with them. Asked to stop, the program does it first.
            for call in 0..HOOKS_BEFORE_THE_END {
                let hook = json!({
                    "hook_event_name": "PostToolUse", "session_id": "hooked", "prompt_id": "p", "tool_name": "Read",
                    "tool_use_id": format!("toolu_{call}"), "tool_input": {}, "tool_response": "text",
                });
                assert_eq!(served.post("/hooks/claude-code", &hook), 200);
            }
        } else {
            assert_eq!(served.get("/sessions/kept")["id"], "kept");
            assert_eq!(served.get("/sessions/posted")["agent"], "planner");
            assert_eq!(served.get("/sessions/hooked")["counters"]["tool_calls"], HOOKS_BEFORE_THE_END);
        }
        assert!(served.stop("TERM"));
    }
}

#[test]
fn a_port_that_is_taken_is_said() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = home.fails(&["serve", "--in-memory", "--otlp-listen", "off", "--listen", &address]);
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    // Also the exporters' port, when somebody asked for it.
    let said = home.fails(&["serve", "--in-memory", "--listen", "127.0.0.1:0", "--otlp-listen", &address]);
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    assert!(home.fails(&["serve", "--listen", "nowhere"]).contains("cannot listen on nowhere"));
}

#[test]
fn exporters_have_a_port_of_their_own() {
    let home = Home::new();
    let mut served = Served::start(&home, &["--otlp-listen", "127.0.0.1:0"]);
    let url = served.lines.until("exporters: ").trim_start_matches("OpenTelemetry exporters: ").to_owned();
    let answer = ureq::post(format!("{url}/v1/traces")).send_json(span("by-port", "n")).unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(served.get("/sessions")["sessions"][0]["id"], "by-port");
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    assert_eq!(agent.get(format!("{url}/sessions")).call().unwrap().status(), 404);
}

#[test]
fn each_event_is_a_line_on_the_console_without_colours_in_a_pipe() {
    let home = Home::new();
    let mut served = Served::start(&home, &["--console"]);
    assert_eq!(served.post("/v1/traces", &span("shown", "\u{1b}]0;owned\u{7}\nline two")), 200);
    let line = served.lines.until("SpanFinished");
    assert!(line.contains("\\u{1b}]0;owned\\u{7}\\nline two"), "{line}");
    assert!(!line.contains('\u{1b}') && line.contains("shown") && line.contains("agent"), "{line}");
}

#[test]
#[cfg(unix)]
fn each_event_is_a_line_in_the_file_until_the_end() {
    let home = Home::new();
    let file = home.path("events.jsonl");
    let mut served = Served::start(&home, &["--jsonl", file.to_str().unwrap()]);
    assert_eq!(served.post("/v1/traces", &span("filed", "n")), 200);
    assert!(served.stop("TERM"));
    let lines: Vec<Value> =
        home.read("events.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert!(types.contains(&"SpanFinished") && types.contains(&"SessionStarted"), "{types:?}");
    assert!(lines.is_sorted_by_key(|line| line["id"].as_u64().unwrap()));
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_costs_the_file_and_nothing_else() {
    let home = Home::new();
    let arguments =
        ["serve", "--in-memory", "--listen", "127.0.0.1:0", "--otlp-listen", "off", "--jsonl", "/dev/full"];
    let mut child = home.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut lines = Lines::of(&mut child);
    let url =
        lines.until("inspector: ").trim_start_matches("inspector: ").trim_end_matches("/ui/").to_owned();
    let mut served = Served { child, url, lines };
    for number in 0..5 {
        assert_eq!(served.post("/v1/traces", &span(&format!("s{number}"), "n")), 200);
    }
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("/dev/full"), "{line}");
    assert_eq!(served.get("/health")["status"], "ok");
    assert!(served.stop("TERM"));
    let mut more = String::new();
    said.read_to_string(&mut more).unwrap();
    assert_eq!(more, "", "it was said once");
}

#[test]
fn a_token_is_made_once_and_asked_for() {
    let home = Home::new();
    let file = home.path("token");
    let arguments = ["--token-file", file.to_str().unwrap(), "--require-token"];
    let first = {
        let served = Served::start(&home, &arguments);
        let token = home.read("token").trim().to_owned();
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let url = format!("{}/sessions", served.url);
        assert_eq!(agent.get(&url).call().unwrap().status(), 401);
        let with = agent.get(&url).header("authorization", format!("Bearer {token}"));
        assert_eq!(with.call().unwrap().status(), 200);
        token
    };
    drop(Served::start(&home, &arguments));
    assert_eq!(home.read("token").trim(), first);
    home.write("short", "secret");
    let short = home.path("short");
    assert!(
        home.fails(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--otlp-listen",
            "off",
            "--token-file",
            short.to_str().unwrap()
        ])
        .contains("too short")
    );
}

#[test]
fn a_file_that_cannot_be_opened_ends_it_at_once() {
    let home = Home::new();
    let arguments = [
        "serve",
        "--in-memory",
        "--listen",
        "127.0.0.1:0",
        "--otlp-listen",
        "off",
        "--jsonl",
        "/nowhere/file",
    ];
    assert!(home.fails(&arguments).contains("/nowhere/file"));
    assert_eq!(text(&home.run(&arguments).stdout), "");
}

#[test]
fn trace_files_are_written_where_they_are_wanted() {
    let home = Home::new();
    let dir = home.path("traces");
    let mut served = Served::start(&home, &["--trace-files", dir.to_str().unwrap()]);
    assert_eq!(served.post("/v1/traces", &span("on-disk", "n")), 200);
    #[cfg(unix)]
    assert!(served.stop("TERM"));
    assert_eq!(
        home.list("traces").iter().filter(|name| name.starts_with("on-disk")).count(),
        1,
        "{:?}",
        home.list("traces")
    );
}

#[test]
#[cfg(unix)]
fn what_only_reports_has_a_token_of_its_own_and_the_other_one_is_changed_by_a_signal() {
    let home = Home::new();
    let (token, ingest) = (home.path("token"), home.path("ingest"));
    let (token, ingest) = (token.to_str().unwrap(), ingest.to_str().unwrap());
    let arguments = ["--require-token", "--token-file", token, "--ingest-token-file", ingest];
    let mut served = Served::start(&home, &arguments);
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let sessions = |url: &str, token: &str| {
        let with = agent.get(format!("{url}/sessions")).header("authorization", format!("Bearer {token}"));
        with.call().unwrap().status().as_u16()
    };
    // What an agent's hook starts reports with it, and it opens nothing.
    let event = r#"{"type": "session_started", "session_id": "reported", "title": "by a hook"}"#;
    let sent = ["send", "events", "--url", &served.url, "--token-file", ingest, event];
    assert_eq!(home.ok(&sent), "");
    assert_eq!(sessions(&served.url, home.read("ingest").trim()), 403);

    let old = home.read("token").trim().to_owned();
    let shown = agent
        .get(format!("{}/sessions/reported", served.url))
        .header("authorization", format!("Bearer {old}"));
    assert_eq!(shown.call().unwrap().status().as_u16(), 200);
    served.signal("USR1");
    let line = served.lines.until("a fresh token");
    let fresh = home.read("token").trim().to_owned();
    assert!(fresh != old && line.ends_with(&format!("/ui/#token={fresh}")), "{line}");
    assert_eq!((sessions(&served.url, &old), sessions(&served.url, &fresh)), (401, 200));
    assert!(served.stop("TERM"));
}

#[test]
#[cfg(unix)]
fn nobody_else_can_read_what_is_kept_whatever_the_umask_is() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let program = env!("CARGO_BIN_EXE_agent-inspector");
    let script = format!(
        "umask 0; exec '{program}' serve --listen 127.0.0.1:0 --otlp-listen off --data-dir data --trace-files traces \
         --token-file secrets/token --ingest-token-file ingest --jsonl events.jsonl"
    );
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", &script]).env_clear().env("HOME", home.path("")).current_dir(home.path(""));
    std::fs::create_dir(home.path("secrets")).unwrap();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = Lines::of(&mut child);
    let url =
        lines.until("inspector: ").trim_start_matches("inspector: ").trim_end_matches("/ui/").to_owned();
    let mut served = Served { child, url, lines };
    assert_eq!(served.post("/v1/traces", &span("kept", "n")), 200);
    let began = std::time::Instant::now();
    while !home.list("traces").iter().any(|name| name.contains("kept")) {
        assert!(began.elapsed() < PATIENCE, "there is no trace file");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    served.signal("USR1");
    served.lines.until("a fresh token");
    let mut looked_at = Vec::new();
    let mut left = vec![home.path("data"), home.path("traces"), home.path("secrets/token")];
    left.extend([home.path("ingest"), home.path("events.jsonl")]);
    while let Some(path) = left.pop() {
        let found = std::fs::metadata(&path).unwrap();
        let expected = if found.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(found.permissions().mode() & 0o777, expected, "{}", path.display());
        if found.is_dir() {
            left.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        looked_at.push(path.to_string_lossy().into_owned());
    }
    for part in ["inspector.db", "inspector.db-wal", "inspector.db-shm", ".lock", "kept", ".index", "token"] {
        assert!(looked_at.iter().any(|path| path.contains(part)), "{part}: {looked_at:?}");
    }
    assert!(served.stop("TERM"));
}
