//! Claude Code's reports, as the program sent them, and what a visitor then finds.

use std::path::{Path, PathBuf};

use agent_inspector::Inspector;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::recordings::{self, lines, session};
use crate::support::{Host, local, read};

/// A file of a run.
fn recorded(run: &str, file: &str) -> String {
    recordings::recorded(&format!("claude-code/{run}"), file)
}

/// A channel on which the program reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Channel {
    Hooks,
    Spans,
    Logs,
    Metrics,
    Lines,
}

async fn send(host: &Host, run: &str, channel: Channel) {
    match channel {
        Channel::Hooks => {
            for payload in lines(&recorded(run, "hooks.jsonl")) {
                assert_eq!(host.post("/hooks/claude-code", &payload).await, (StatusCode::OK, json!({})));
            }
        }
        Channel::Lines => {
            let printed = Value::Array(lines(&recorded(run, "stream.jsonl")));
            assert_eq!(host.post("/hooks/claude-code", &printed).await, (StatusCode::OK, json!({})));
        }
        Channel::Spans | Channel::Logs | Channel::Metrics => {
            let path = match channel {
                Channel::Spans => "/v1/traces",
                Channel::Logs => "/v1/logs",
                _ => "/v1/metrics",
            };
            recordings::export(host, &format!("claude-code/{run}"), path).await;
        }
    }
    host.inspector.settle().await;
}

/// The rows of its tree: depth, kind and name or tool, and the error.
async fn rows(host: &Host) -> Vec<String> {
    let id = session(host).await["id"].as_str().unwrap().to_owned();
    let tree = host.get(&format!("/sessions/{id}/spans")).await;
    let row = |row: &Value| {
        let indent = "  ".repeat(usize::try_from(row["depth"].as_u64().unwrap()).unwrap());
        let name = row["tool"].as_str().or(row["agent"].as_str()).or(row["name"].as_str()).unwrap();
        let failed = if row["status"] == "error" { " failed" } else { "" };
        let inferred = if row["inferred_parent"] == true { " ?" } else { "" };
        format!("{indent}{} {name}{failed}{inferred}", row["kind"].as_str().unwrap())
    };
    tree["spans"].as_array().unwrap().iter().map(row).collect()
}

/// What of a session's numbers every channel must agree on.
fn numbers(session: &Value) -> Value {
    let counters = &session["counters"];
    json!({
        "calls": counters["llm_calls"], "tools": counters["tool_calls"],
        "input": counters["input_tokens"], "output": counters["output_tokens"],
        "read": counters["cache_read_tokens"], "written": counters["cache_write_tokens"],
    })
}

/// A host that finds the recorded transcript where the hooks of `run` say it is.
struct WithTranscripts {
    host: Host,
    _home: tempfile::TempDir,
    payloads: Vec<Value>,
}

impl WithTranscripts {
    fn of(run: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let projects = home.path().join("projects");
        let from =
            PathBuf::from(format!("{}/tests/data/claude-code/{run}/transcript", env!("CARGO_MANIFEST_DIR")));
        copy(&from, &projects.join("project"));
        let inspector = Inspector::builder().in_memory().claude_projects(&projects).build().unwrap();
        let mut payloads = lines(&recorded(run, "hooks.jsonl"));
        for payload in &mut payloads {
            for name in ["transcript_path", "agent_transcript_path"] {
                if let Some(path) = payload.get(name).and_then(Value::as_str) {
                    let within =
                        path.split("/projects/").nth(1).unwrap().split_once('/').unwrap().1.to_owned();
                    payload[name] = projects.join("project").join(within).to_str().unwrap().into();
                }
            }
        }
        Self { host: Host::new(inspector), _home: home, payloads }
    }

    async fn send(&self) {
        for payload in &self.payloads {
            self.host.post("/hooks/claude-code", payload).await;
        }
        self.host.inspector.settle().await;
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[tokio::test]
async fn hooks_alone_show_the_turn_its_tools_and_the_end() {
    let host = Host::in_memory();
    send(&host, "default", Channel::Hooks).await;
    let session = session(&host).await;
    assert_eq!(
        (&session["engine"], &session["status"], &session["title"]),
        (&json!("claude-code"), &json!("completed"), &json!("List the directory."))
    );
    assert_eq!(rows(&host).await, ["agent claude-code", "  tool Bash", "  tool Read failed"]);
    assert_eq!(session["counters"]["llm_calls"], 0, "nobody told of any");
    let events = host.get(&format!("/sessions/{}/events", session["id"].as_str().unwrap())).await;
    let custom = events["events"].as_array().unwrap().iter().filter(|event| event["type"] == "Custom");
    assert_eq!(
        custom.map(|event| event["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["SessionStart", "SessionEnd"]
    );
}

#[tokio::test]
async fn the_transcript_tells_the_models_calls_that_nothing_else_tells() {
    let run = WithTranscripts::of("default");
    run.send().await;
    let session = session(&run.host).await;
    assert_eq!(
        numbers(&session),
        json!({"calls": 3, "tools": 2, "input": 1260, "output": 75, "read": 900, "written": 60})
    );
    assert_eq!(
        rows(&run.host).await.iter().filter(|row| row.contains("llm")).collect::<Vec<_>>().len(),
        3,
        "below the turn"
    );
}

/// A request with the sums of tokens and cost since the program began, as Claude Code sends them that is told to.
fn sums(start: u64, at: u64, [input, output, read]: [u32; 3], cost: f64) -> Value {
    let nanos = |second: u64| (1_750_000_000 + second).to_string() + "000000000";
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let point = |kind: &str, value: f64| {
        json!({"startTimeUnixNano": nanos(start), "timeUnixNano": nanos(at),
            "asDouble": value,
            "attributes": [text("session.id", "s"), text("model", "claude-sonnet-4-5"), text("type", kind)]})
    };
    let sum = |name: &str, points: Vec<Value>| {
        json!({"name": name,
        "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": points}})
    };
    let tokens = [("input", input), ("output", output), ("cacheRead", read)];
    let tokens = tokens.map(|(kind, value)| point(kind, f64::from(value)));
    json!({"resourceMetrics": [{"resource": {"attributes": [text("service.name", "claude-code")]}, "scopeMetrics": [{"metrics": [
        sum("claude_code.token.usage", tokens.to_vec()),
        sum("claude_code.cost.usage", vec![point("", cost)]),
    ]}]}]})
}

#[tokio::test]
async fn sums_since_the_program_began_add_what_they_grew_by_also_after_a_restart_of_either() {
    let dir = tempfile::tempdir().unwrap();
    let mut host = Host::in_dir(dir.path());
    let steps = [
        (sums(0, 60, [100, 10, 50], 0.5), [150, 10, 50], 0.5),
        (sums(0, 120, [300, 30, 50], 1.5), [350, 30, 50], 1.5),
        (sums(0, 120, [300, 30, 50], 1.5), [350, 30, 50], 1.5),
        // The program was started again for the same session.
        (sums(200, 260, [5, 5, 0], 0.25), [355, 35, 50], 1.75),
        // It was set to zero, and says so by no other start.
        (sums(200, 320, [2, 6, 0], 0.25), [357, 36, 50], 1.75),
        // Late.
        (sums(0, 60, [100, 10, 50], 0.5), [357, 36, 50], 1.75),
    ];
    for (request, tokens, cost) in steps {
        assert_eq!(host.post("/v1/metrics", &request).await, (StatusCode::OK, json!({})));
        host.inspector.settle().await;
        let counters = host.get("/sessions/s").await["counters"].clone();
        let told = ["input_tokens", "output_tokens", "cache_read_tokens"]
            .map(|name| counters[name].as_u64().unwrap());
        assert_eq!(told, tokens);
        assert!((counters["cost_usd"].as_f64().unwrap() - cost).abs() < 1e-9, "{counters:#}");
        host.inspector.shutdown().await;
        host = Host::in_dir(dir.path());
    }
    host.inspector.shutdown().await;
}

#[tokio::test]
async fn whatever_channels_are_on_and_in_whatever_order_each_call_counts_once() {
    use Channel::{Hooks, Lines, Logs, Metrics, Spans};
    let orders: [&[Channel]; 13] = [
        &[Spans],
        &[Logs],
        &[Hooks, Logs],
        &[Logs, Hooks],
        &[Logs, Spans],
        &[Spans, Logs, Metrics],
        &[Metrics, Hooks, Logs, Spans, Lines],
        &[Hooks, Logs, Spans, Metrics, Logs],
        &[Hooks, Spans],
        &[Spans, Hooks],
        &[Hooks, Spans, Lines],
        &[Lines, Spans, Hooks],
        &[Spans, Spans],
    ];
    for order in orders {
        let host = Host::in_memory();
        for channel in order {
            send(&host, "default", *channel).await;
        }
        let session = session(&host).await;
        assert_eq!(
            numbers(&session),
            json!({"calls": 3, "tools": 2, "input": 1260, "output": 75, "read": 900, "written": 60}),
            "{order:?}"
        );
        assert_eq!(
            (&session["engine"], &session["status"]),
            (&json!("claude-code"), &json!("completed")),
            "{order:?}"
        );
        let rows = rows(&host).await;
        assert_eq!(rows.iter().filter(|row| row.contains("llm ")).count(), 3, "{order:?} {rows:#?}");
        assert_eq!(rows.iter().filter(|row| row.contains("tool ")).count(), 2, "{order:?} {rows:#?}");
        if order.contains(&Logs) {
            let cost = session["counters"]["cost_usd"].as_f64().unwrap_or_default();
            assert!((cost - 0.00252).abs() < 1e-9, "{order:?} reported {cost}");
        }
        assert_eq!(rows.iter().filter(|row| row.contains("agent ")).count(), 1, "{order:?} {rows:#?}");
        assert!(rows.iter().any(|row| row.ends_with("tool Read failed")), "{order:?} {rows:#?}");
    }
}

#[tokio::test]
async fn metrics_alone_tell_the_tokens_and_the_cost_and_no_calls() {
    let host = Host::in_memory();
    send(&host, "default", Channel::Metrics).await;
    let session = session(&host).await;
    assert_eq!(
        numbers(&session),
        json!({"calls": 0, "tools": 0, "input": 1260, "output": 75, "read": 900, "written": 60})
    );
    assert!((session["counters"]["cost_usd"].as_f64().unwrap() - 0.00252).abs() < 1e-9);
    assert_eq!(session["engine"], "claude-code");
}

#[tokio::test]
async fn printed_lines_alone_tell_the_run_with_its_tokens_and_what_it_cost() {
    let host = Host::in_memory();
    send(&host, "default", Channel::Lines).await;
    let session = session(&host).await;
    assert_eq!(
        numbers(&session),
        json!({"calls": 3, "tools": 2, "input": 1260, "output": 75, "read": 900, "written": 60})
    );
    assert!((session["counters"]["cost_usd"].as_f64().unwrap() - 0.00252).abs() < 1e-9);
    assert_eq!(session["status"], "completed");
}

#[tokio::test]
async fn what_a_hook_said_of_a_tool_is_added_to_the_span_that_says_less() {
    let host = Host::in_memory();
    send(&host, "default", Channel::Hooks).await;
    send(&host, "default", Channel::Spans).await;
    let id = session(&host).await["id"].as_str().unwrap().to_owned();
    let tree = host.get(&format!("/sessions/{id}/spans")).await;
    let bash = tree["spans"].as_array().unwrap().iter().find(|row| row["tool"] == "Bash").unwrap();
    let path = format!(
        "/sessions/{id}/spans/{}?trace_id={}",
        bash["span_id"].as_str().unwrap(),
        bash["trace_id"].as_str().unwrap()
    );
    let span = host.get(&path).await;
    assert_eq!(span["source"], "otlp");
    let attribute = |name: &str| span["attributes"][name].as_str().unwrap().to_owned();
    assert!(attribute("gen_ai.tool.call.arguments").contains("echo hello-example"));
    assert!(attribute("gen_ai.tool.call.result").contains("hello-example"));
}

#[tokio::test]
async fn sub_agents_hang_below_the_calls_that_started_them() {
    let host = Host::in_memory();
    send(&host, "subagent", Channel::Hooks).await;
    assert_eq!(
        rows(&host).await,
        [
            "agent claude-code",
            "  tool Agent",
            "    agent general-purpose",
            "      tool Agent",
            "        agent general-purpose",
            "          tool Bash",
            "          tool Read failed",
            "      tool Read failed",
            "  tool Read failed",
            "agent claude-code",
        ]
    );
    let session = session(&host).await;
    assert_eq!((&session["status"], &session["title"]), (&json!("completed"), &json!("List the directory.")));
}

#[tokio::test]
async fn a_run_with_sub_agents_counts_the_same_over_every_channel() {
    use Channel::{Hooks, Lines, Logs, Metrics, Spans};
    let orders: [&[Channel]; 8] = [
        &[Spans],
        &[Hooks, Spans],
        &[Spans, Hooks],
        &[Lines],
        &[Lines, Hooks, Spans],
        &[Logs],
        &[Hooks, Logs],
        &[Spans, Logs, Hooks, Metrics],
    ];
    for order in orders {
        let host = Host::in_memory();
        for channel in order {
            send(&host, "subagent", *channel).await;
        }
        let session = session(&host).await;
        let lines_alone = order == [Lines];
        // The lines do not show what the inner agent asks the model.
        let calls = if lines_alone { session["counters"]["llm_calls"].clone() } else { json!(10) };
        let tools = if lines_alone { session["counters"]["tool_calls"].clone() } else { json!(6) };
        assert_eq!(
            numbers(&session),
            json!({"calls": calls, "tools": tools, "input": 4200, "output": 250, "read": 3000, "written": 200}),
            "{order:?}"
        );
        if order.contains(&Spans) {
            // What sub-agents do is below the calls that started them, as the spans have it.
            let rows = rows(&host).await;
            assert!(!rows.iter().any(|row| row.contains("general-purpose")), "{order:?} {rows:#?}");
        }
    }
    let run = WithTranscripts::of("subagent");
    run.send().await;
    assert_eq!(
        numbers(&session(&run.host).await),
        json!({"calls": 10, "tools": 6, "input": 4200, "output": 250, "read": 3000, "written": 200})
    );
}

#[tokio::test]
async fn a_session_is_paused_while_a_person_is_asked_and_runs_on_with_the_next_event() {
    let host = Host::in_memory();
    let payloads = lines(&recorded("refused", "hooks.jsonl"));
    let asked =
        payloads.iter().position(|payload| payload["hook_event_name"] == "PermissionRequest").unwrap();
    for payload in &payloads[..=asked] {
        host.post("/hooks/claude-code", payload).await;
    }
    host.inspector.settle().await;
    let paused = session(&host).await;
    assert_eq!(
        (&paused["status"], &paused["waiting_on"]["signal_name"]),
        (&json!("paused"), &json!("permission"))
    );
    assert!(paused["waiting_on"]["prompt"].as_str().unwrap().contains("touch created-example"));
    let notice = json!({"session_id": paused["id"], "hook_event_name": "Notification",
        "notification_type": "permission_prompt", "message": "Claude needs your permission to use Bash"});
    host.post("/hooks/claude-code", &notice).await;
    host.inspector.settle().await;
    assert_eq!(session(&host).await["status"], "paused", "it was only said again");
    host.post("/hooks/claude-code", &payloads[asked + 1]).await;
    host.inspector.settle().await;
    assert_eq!(session(&host).await["status"], "running");
    for payload in &payloads[asked + 2..] {
        host.post("/hooks/claude-code", payload).await;
    }
    host.inspector.settle().await;
    let ended = session(&host).await;
    assert_eq!((&ended["status"], ended.get("waiting_on")), (&json!("completed"), None));
    assert_eq!(
        rows(&host).await,
        [
            "agent claude-code",
            "  tool Bash failed",
            "    human permission ?",
            "  tool Read failed",
            "    human permission ?"
        ]
    );
    let events = host.get(&format!("/sessions/{}/events", ended["id"].as_str().unwrap())).await;
    let waits = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "WaitingOnSignal")
        .count();
    assert!(waits >= 1, "{events:#}");
}

#[tokio::test]
async fn a_refused_tool_is_one_over_every_channel() {
    use Channel::{Hooks, Logs, Spans};
    for order in [&[Hooks][..], &[Logs], &[Hooks, Logs, Spans], &[Logs, Hooks]] {
        let host = Host::in_memory();
        for channel in order {
            send(&host, "refused", *channel).await;
        }
        let rows = rows(&host).await;
        let tools: Vec<_> =
            rows.iter().map(|row| row.trim()).filter(|row| row.starts_with("tool ")).collect();
        assert_eq!(tools, ["tool Bash failed", "tool Read failed"], "{order:?} {rows:#?}");
        assert_eq!(session(&host).await["status"], "completed", "{order:?}");
    }
}

#[tokio::test]
async fn a_turn_that_could_not_reach_the_model_fails_its_session() {
    let host = Host::in_memory();
    send(&host, "error", Channel::Hooks).await;
    let session = session(&host).await;
    assert_eq!(session["status"], "failed");
    assert!(session["error"].as_str().unwrap().contains("unknown"), "{session:#}");
}

#[tokio::test]
async fn every_payload_is_answered_alike_and_what_cannot_be_understood_is_counted() {
    let host = Host::in_memory();
    for body in [
        "",
        "{",
        "null",
        "[]",
        "42",
        "\"text\"",
        "{}",
        "[1]",
        "{\"session_id\": 7}",
        "{\"session_id\": \"  \"}",
        "{\"session_id\": \"a\", \"hook_event_name\": \"NeverHeardOf\", \"some\": {\"deep\": [1]}}",
        "{\"session_id\": \"a\", \"hook_event_name\": 5}",
        "{\"session_id\": \"a\", \"hook_event_name\": \"PostToolUse\", \"tool_name\": null, \"duration_ms\": -1}",
        "\u{0}\u{1}",
    ] {
        let request = Request::post("/_inspector/hooks/claude-code").header("content-type", "text/plain");
        let answer = read(host.send(local(request, Body::from(body))).await).await;
        assert_eq!(answer, (StatusCode::OK, json!({})), "{body}");
    }
    host.inspector.settle().await;
    let counters = host.get("/health").await["counters"].clone();
    assert_eq!(counters["hooks_not_understood"], 10, "{counters:#}");
    assert_eq!(session(&host).await["id"], "a", "the unknown event made its session known");
    let events = host.get("/sessions/a/events").await;
    assert!(events["events"].as_array().unwrap().iter().any(|event| event["name"] == "NeverHeardOf"));
}
