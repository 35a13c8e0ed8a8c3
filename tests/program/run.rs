//! `run`: a program runs as it would without us, and its run is recorded.
#![cfg(unix)]

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Home, Lines, Recorder, Served, fed, script, text};

const CODEX: &str = r#"{"type":"thread.started","thread_id":"t-1"}
not json
{"type":"turn.started"}
{"type":"turn.completed","usage":{"input_tokens":1}}
"#;

#[test]
fn what_a_program_prints_passes_through_byte_for_byte() {
    let (home, recorder) = (Home::new(), Recorder::start());
    // Every byte, no line end at the end.
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    std::fs::write(home.path("bytes"), &bytes).unwrap();
    let output = home.run(&["run", "--url", &recorder.url, "--", "cat", "bytes"]);
    assert!(output.status.success());
    assert!(output.stdout == bytes && output.stderr.is_empty());
    let output =
        fed(&mut home.command(&["run", "--url", &recorder.url, "--", "cat"]), b"from standard input");
    assert_eq!(output.stdout, b"from standard input");
    let output = home.run(&["run", "--url", &recorder.url, "--", "sh", "-c", "echo out; echo err >&2"]);
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("out\n".to_owned(), "err\n".to_owned()));
}

#[test]
fn the_lines_of_an_agent_are_sent_and_nothing_else() {
    let (home, recorder) = (Home::new(), Recorder::start());
    home.write("lines", CODEX);
    script(&home.path("bin"), "codex", "cat lines");
    let program = home.path("bin/codex");
    let program = program.to_str().unwrap();
    let output = home.run(&["run", "--url", &recorder.url, "--", program, "exec", "--json", "hi"]);
    assert_eq!(text(&output.stdout), CODEX);
    let mut types = Vec::new();
    while types.last().is_none_or(|last| last != "turn.completed") {
        let request = recorder.next();
        assert_eq!(request.path, "/_inspector/hooks/codex");
        types.extend(
            request.json.as_array().unwrap().iter().map(|line| line["type"].as_str().unwrap().to_owned()),
        );
    }
    assert_eq!(types, ["thread.started", "turn.started", "turn.completed"]);
    let said = ["run", "--as", "claude-code", "--url", &recorder.url, "--", "cat", "lines"];
    assert!(home.run(&said).status.success());
    assert_eq!(recorder.next().path, "/_inspector/hooks/claude-code");
}

#[test]
fn any_other_program_is_a_session_with_its_lines_and_its_end() {
    let (home, recorder) = (Home::new(), Recorder::start());
    let output = home.run(&[
        "run",
        "--name",
        "nightly",
        "--url",
        &recorder.url,
        "--",
        "sh",
        "-c",
        "echo one; echo two; exit 7",
    ]);
    assert_eq!(output.status.code(), Some(7));
    let events = recorder.values_until(|event| event["type"] == "session_finished");
    let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        ["session_started", "agent_started", "log", "log", "agent_completed", "session_finished"]
    );
    assert_eq!((&events[2]["message"], &events[3]["message"]), (&"one".into(), &"two".into()));
    let end = &events[4];
    assert_eq!(
        (&end["exit_code"], &end["status"], &end["agent"]),
        (&7.into(), &"failed".into(), &"nightly".into())
    );
    assert!(end["duration_ms"].is_u64());
    assert!(events.iter().all(|event| event["session_id"] == events[0]["session_id"]));
}

#[test]
fn the_exit_code_is_the_programs() {
    let home = Home::new();
    let code = |arguments: &[&str]| home.run(&[&["run", "--"], arguments].concat()).status.code();
    assert_eq!(code(&["true"]), Some(0));
    assert_eq!(code(&["sh", "-c", "exit 42"]), Some(42));
    assert_eq!(code(&["sh", "-c", "kill -TERM $$"]), Some(128 + 15));
    assert_eq!(code(&["no-such-program"]), Some(127));
    assert_eq!(code(&["/etc/passwd"]), Some(126));
}

#[test]
fn a_signal_reaches_the_program_and_its_answer_comes_back() {
    for (signal, program, expected) in [
        ("TERM", "trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.05; done", Some(9)),
        ("INT", "trap 'exit 8' INT; echo ready; while :; do sleep 0.05; done", Some(8)),
        ("TERM", "echo ready; exec sleep 60", Some(128 + 15)),
    ] {
        let home = Home::new();
        let mut command = home.command(&["run", "--", "sh", "-c", program]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        Lines::of(&mut child).until("ready");
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), expected, "{signal}: {program}");
    }
}

#[test]
fn without_an_inspector_nothing_is_different() {
    let home = Home::new();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    home.write("lines", &CODEX.repeat(2000));
    let url = format!("http://{nobody}/_inspector");
    let output = home.run(&["run", "--as", "codex", "--url", &url, "--", "cat", "lines"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    assert_eq!(text(&output.stdout), CODEX.repeat(2000));
}

#[test]
fn an_inspector_that_hangs_does_not_hold_the_program_back() {
    let home = Home::new();
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/_inspector", deaf.local_addr().unwrap());
    // More than may wait.
    let program = r#"i=0; while [ $i -lt 40 ]; do cat big; i=$((i+1)); done; echo "{\"type\":\"end\"}""#;
    let line = format!("{{\"type\":\"x\",\"text\":\"{}\"}}\n", "x".repeat(1 << 20));
    home.write("big", &line);
    let output = home.run(&["run", "--as", "codex", "--url", &url, "--", "sh", "-c", program]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout.len(), 40 * line.len() + "{\"type\":\"end\"}\n".len());
    assert!(text(&output.stderr).contains("were not recorded"), "{}", text(&output.stderr));
}

/// What an inspector says whose store takes nothing.
const BUSY: &str = "503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 2";

#[test]
fn what_an_inspector_could_not_take_at_first_is_sent_again() {
    let home = Home::new();
    let recorder =
        Recorder::answering(|number| if number < 3 { BUSY } else { "200 OK\r\ncontent-length: 2" });
    let output = home.run(&["run", "--url", &recorder.url, "--", "sh", "-c", "echo one; exit 7"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(7), String::new()));
    let refused: Vec<_> = (0..3).map(|_| recorder.next()).collect();
    let taken = recorder.values_until(|event| event["type"] == "session_finished");
    let batch = taken.iter().take(refused[0].json.as_array().unwrap().len()).cloned().collect();
    assert!(refused.iter().all(|request| request.json == Value::Array(Vec::clone(&batch))), "the same again");
    let ids: Vec<_> = taken.iter().map(|event| event["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=taken.len() as u64).collect::<Vec<_>>(), "all of them, each with an id of its own");
}

#[test]
fn what_an_inspector_never_takes_is_counted_and_said_at_the_end() {
    let home = Home::new();
    let busy = Recorder::answering(|_| BUSY);
    let output = home.run(&["run", "--url", &busy.url, "--", "true"]);
    let said = "agent-inspector: 4 lines were not recorded: the inspector answered with 503\n";
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), said.to_owned()));
    home.write("lines", CODEX);
    let strict = Recorder::answering(|_| "401 Unauthorized\r\ncontent-length: 2");
    let output = home.run(&["run", "--as", "codex", "--url", &strict.url, "--", "cat", "lines"]);
    let said = "agent-inspector: 3 lines were not recorded: the inspector answered with 401\n";
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), said.to_owned()));
}

#[test]
fn a_reader_that_goes_away_ends_the_program_as_it_would() {
    let home = Home::new();
    let mut command = home.command(&["run", "--", "yes"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = Lines::of(&mut child);
    assert_eq!(lines.next(), "y");
    drop(lines);
    assert_eq!(child.wait().unwrap().code(), Some(128 + 13));
}

#[test]
fn a_line_comes_out_before_the_next_one_is_printed() {
    let home = Home::new();
    let mut command =
        home.command(&["run", "--as", "codex", "--", "sh", "-c", "echo first; read go; echo $go"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = Lines::of(&mut child);
    assert_eq!(lines.next(), "first");
    writeln!(child.stdin.take().unwrap(), "second").unwrap();
    assert_eq!(lines.next(), "second");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_program_without_an_end_of_line_is_told_whole() {
    let (home, recorder) = (Home::new(), Recorder::start());
    home.run(&["run", "--as", "codex", "--url", &recorder.url, "--", "printf", r#"{"type":"turn.started"}"#]);
    let values = recorder.next().json;
    assert_eq!(values, Value::Array(vec![serde_json::json!({"type": "turn.started"})]));
}

#[test]
fn the_inspector_shows_the_run_of_any_program() {
    let home = Home::new();
    let served = Served::start(&home, &[]);
    let arguments =
        ["run", "--name", "nightly", "--url", &served.url, "--", "sh", "-c", "echo working; exit 3"];
    assert_eq!(home.run(&arguments).status.code(), Some(3));
    let session = &served.get("/sessions")["sessions"][0];
    assert_eq!((&session["title"], &session["status"]), (&"nightly".into(), &"failed".into()));
    assert!(session["error"].as_str().unwrap().contains('3'), "{session}");
    let id = session["id"].as_str().unwrap();
    let events = served.get(&format!("/sessions/{id}/events"));
    let said = |event: &Value| event["type"] == "Log" && event["message"] == "working";
    assert!(events["events"].as_array().unwrap().iter().any(said), "{events}");
    let spans = served.get(&format!("/sessions/{id}/spans"));
    assert_eq!(
        (&spans["spans"][0]["name"], &spans["spans"][0]["kind"]),
        (&"nightly".into(), &"agent".into())
    );
}
