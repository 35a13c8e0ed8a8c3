//! `send`: whatever happens, an agent's hook is silent, quick and content.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Home, Recorder, Served, fed, text};

/// Far more than it may take, far less than an agent waits for a hook without a limit of its own.
const BOUND: Duration = Duration::from_secs(20);

fn is_silent(output: &Output) {
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[test]
fn a_payload_reaches_the_address_of_its_agent() {
    let (home, recorder) = (Home::new(), Recorder::start());
    for (payload, path) in
        [("claude-code", "/hooks/claude-code"), ("codex", "/hooks/codex"), ("events", "/events")]
    {
        let json = json!({"hook_event_name": "SessionStart", "session_id": "ä\u{1f600}"});
        is_silent(&fed(
            &mut home.command(&["send", payload, "--url", &recorder.url]),
            json.to_string().as_bytes(),
        ));
        let request = recorder.next();
        assert_eq!((request.path, request.json), (format!("/_inspector{path}"), json));
        assert!(!request.head.to_lowercase().contains("authorization"));
    }
}

#[test]
fn what_notify_gives_as_an_argument_is_sent() {
    let (home, recorder) = (Home::new(), Recorder::start());
    let json = r#"{"type":"agent-turn-complete","turn-id":"1"}"#;
    is_silent(&home.run(&["send", "codex", "--url", &recorder.url, json]));
    assert_eq!(recorder.next().json["turn-id"], "1");
}

#[test]
fn the_token_comes_from_the_environment_or_a_file() {
    let (home, recorder) = (Home::new(), Recorder::start());
    let file = home.write("token", "from-a-file\n");
    let arguments = ["send", "events", "--url", &recorder.url, "--token-file", file.to_str().unwrap(), "{}"];
    is_silent(&home.run(&arguments));
    assert!(recorder.next().head.contains("Bearer from-a-file"));
    let arguments = ["send", "events", "{}"];
    let mut command = home.command(&arguments);
    command.env("AGENT_INSPECTOR_URL", &recorder.url).env("AGENT_INSPECTOR_TOKEN", "from-outside");
    is_silent(&command.output().unwrap());
    assert!(recorder.next().head.contains("Bearer from-outside"));
}

#[test]
fn nothing_that_is_wrong_disturbs_the_agent() {
    let home = Home::new();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("http://{nobody}/_inspector");
    for arguments in [
        &["send", "claude-code", "--url", &nobody][..],
        &["send", "claude-code", "--url", "no url"],
        &["send", "claude-code", "--url", "http://host.invalid/_inspector"],
        &["send", "claude-code", "--token-file", "/nowhere"],
        &["send", "another-agent"],
        &["send", "claude-code", "--option-of-a-later-version"],
    ] {
        is_silent(&fed(&mut home.command(arguments), b"{}"));
    }
    // No input at all, and none that is JSON: the inspector says what it thinks of that, not the hook.
    let recorder = Recorder::start();
    is_silent(&fed(&mut home.command(&["send", "codex", "--url", &recorder.url]), b""));
    assert!(recorder.is_silent());
    is_silent(&fed(&mut home.command(&["send", "codex", "--url", &recorder.url]), b"no json"));
    assert_eq!(recorder.next().path, "/_inspector/hooks/codex");
}

#[test]
fn a_listener_that_never_answers_is_left() {
    // The system accepts for a listener that nobody asks.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/_inspector", listener.local_addr().unwrap());
    let begun = Instant::now();
    // More than fits into the connection's buffers, so that writing hangs too.
    for payload in [b"{}".to_vec(), [b"{".as_slice(), &vec![b' '; 8_000_000], b"}"].concat()] {
        is_silent(&fed(&mut Home::new().command(&["send", "claude-code", "--url", &url]), &payload));
    }
    assert!(begun.elapsed() < BOUND, "it ended by itself, and not because the listener did");
}

#[test]
fn standard_input_that_never_ends_is_left() {
    let (home, recorder) = (Home::new(), Recorder::start());
    let mut command = home.command(&["send", "--url", &recorder.url]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut open = child.stdin.take().unwrap();
    open.write_all(b"{").unwrap();
    assert!(child.wait().unwrap().success());
    drop(open);
    assert!(recorder.is_silent());
}

#[test]
fn a_session_of_claude_code_is_there_once_its_first_hook_was_sent() {
    let home = Home::new();
    let mut served = Served::start(&home, &["--console"]);
    let id = "acd29611-5f30-4b45-b22a-212b968a9834";
    let start = json!({"hook_event_name": "SessionStart", "session_id": id, "source": "startup", "cwd": "/home/dev/proj"});
    let mut command = home.command(&["send", "claude-code", "--url", &served.url]);
    is_silent(&fed(&mut command, start.to_string().as_bytes()));
    served.lines.until("SessionStarted");
    assert_eq!(served.get(&format!("/sessions/{id}"))["engine"], "claude-code");
}
