//! Codex's reports, as the program sent them, and what a visitor then finds.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::recordings::{self, lines, session};
use crate::support::{Host, local, read};

/// A file of a run.
fn recorded(run: &str, file: &str) -> String {
    recordings::recorded(&format!("codex/{run}"), file)
}

/// A channel on which the program reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Channel {
    Hooks,
    Notify,
    Spans,
    Logs,
    Metrics,
    Lines,
}

async fn send(host: &Host, run: &str, channel: Channel) {
    match channel {
        Channel::Hooks | Channel::Notify => {
            let file = if channel == Channel::Hooks { "hooks.jsonl" } else { "notify.jsonl" };
            for payload in lines(&recorded(run, file)) {
                assert_eq!(host.post("/hooks/codex", &payload).await, (StatusCode::OK, json!({})));
            }
        }
        Channel::Lines => {
            // As they are printed, one object for each line.
            let to = local(Request::post("/_inspector/hooks/codex"), Body::from(recorded(run, "exec.jsonl")));
            assert_eq!(read(host.send(to).await).await.0, StatusCode::OK);
        }
        Channel::Spans | Channel::Logs | Channel::Metrics => {
            let path = match channel {
                Channel::Spans => "/v1/traces",
                Channel::Logs => "/v1/logs",
                _ => "/v1/metrics",
            };
            recordings::export(host, &format!("codex/{run}"), path).await;
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
        format!("{indent}{} {name}{failed}", row["kind"].as_str().unwrap())
    };
    tree["spans"].as_array().unwrap().iter().map(row).collect()
}

/// Without the names of tools, which hooks and telemetry call differently.
async fn shape(host: &Host) -> Vec<String> {
    rows(host).await.iter().map(|row| row.replace("exec_command", "shell").replace("Bash", "shell")).collect()
}

/// What of a session's numbers every channel must agree on.
fn numbers(session: &Value) -> Value {
    let counters = &session["counters"];
    json!({
        "calls": counters["llm_calls"], "tools": counters["tool_calls"], "input": counters["input_tokens"],
        "output": counters["output_tokens"], "read": counters["cache_read_tokens"],
        "reasoning": counters["reasoning_tokens"],
    })
}

#[tokio::test]
async fn whatever_channels_are_on_and_in_whatever_order_each_call_of_codex_counts_once() {
    use Channel::{Hooks, Lines, Logs, Metrics, Notify, Spans};
    let orders: [&[Channel]; 7] = [
        &[Spans, Logs],
        &[Logs, Spans],
        &[Logs],
        &[Hooks, Notify, Spans, Metrics, Logs],
        &[Spans, Metrics, Logs, Hooks, Notify],
        &[Hooks, Spans, Logs, Lines],
        &[Spans, Logs, Spans, Logs],
    ];
    for order in orders {
        let host = Host::in_memory();
        for channel in order {
            send(&host, "default", *channel).await;
        }
        let session = session(&host).await;
        let thread = &lines(&recorded("default", "exec.jsonl"))[0]["thread_id"];
        assert_eq!(
            (&session["id"], &session["engine"], &session["status"], &session["title"]),
            (thread, &json!("codex"), &json!("completed"), &json!("List the directory.")),
            "{order:?}"
        );
        let told = json!({"calls": 3, "tools": 2, "input": 600, "output": 120, "read": 360, "reasoning": 30});
        assert_eq!(numbers(&session), told, "{order:?}");
        let turn = ["agent codex", "  llm chat gpt-5.5", "  tool shell", "  llm chat gpt-5.5"];
        let turn = turn.into_iter().chain(["  tool shell failed", "  llm chat gpt-5.5"]);
        assert_eq!(shape(&host).await, turn.collect::<Vec<_>>(), "{order:?}");
    }
}

#[tokio::test]
async fn hooks_alone_show_the_turn_and_its_tools() {
    let host = Host::in_memory();
    send(&host, "default", Channel::Hooks).await;
    assert_eq!(
        rows(&host).await,
        ["agent codex", "  tool Bash", "  tool Bash"],
        "nothing is said of exit codes"
    );
    assert_eq!(session(&host).await["status"], "completed");
}

#[tokio::test]
async fn printed_lines_alone_show_the_tools_and_the_tokens_of_the_session() {
    let host = Host::in_memory();
    send(&host, "default", Channel::Lines).await;
    let session = session(&host).await;
    assert_eq!(
        numbers(&session),
        json!({"calls": 0, "tools": 2, "input": 600, "output": 120, "read": 360, "reasoning": 30})
    );
    let mut rows = rows(&host).await;
    rows[1..].sort();
    assert_eq!(rows, ["agent codex", "  llm model calls", "  tool shell", "  tool shell failed"]);
}

#[tokio::test]
async fn a_sub_agent_belongs_to_the_session_and_hangs_below_the_call_that_started_it() {
    use Channel::{Hooks, Logs, Notify, Spans};
    let orders: [&[Channel]; 4] = [&[Spans, Logs], &[Logs, Spans], &[Hooks, Notify, Spans, Logs], &[Logs]];
    for order in orders {
        let host = Host::in_memory();
        for channel in order {
            send(&host, "subagent", *channel).await;
        }
        let session = session(&host).await;
        let told =
            json!({"calls": 6, "tools": 4, "input": 1200, "output": 240, "read": 720, "reasoning": 60});
        assert_eq!(numbers(&session), told, "{order:?}");
        let shape = shape(&host).await;
        let starter = shape.iter().position(|row| row == "  tool spawn_agent").unwrap();
        assert!(shape[starter + 1].starts_with("    agent "), "{order:?} {shape:#?}");
        let below = shape.iter().filter(|row| row.starts_with("      "));
        assert_eq!(below.filter(|row| row.contains("tool shell")).count(), 2, "{order:?} {shape:#?}");
        assert_eq!(session["title"], "List the directory.", "{order:?}");
    }
}

#[tokio::test]
async fn a_turn_that_failed_is_told_of_by_the_printed_lines() {
    for order in [[Channel::Hooks, Channel::Lines], [Channel::Lines, Channel::Hooks]] {
        let host = Host::in_memory();
        for channel in order {
            send(&host, "error", channel).await;
        }
        let session = session(&host).await;
        assert_eq!(session["status"], "failed", "{order:?}");
        assert!(session["error"].as_str().unwrap().contains("example: prompt rejected"), "{session:#}");
    }
}

#[tokio::test]
async fn what_the_program_does_for_itself_is_kept_as_details_where_its_session_is_known() {
    let host = Host::in_memory();
    send(&host, "default", Channel::Spans).await;
    let id = session(&host).await["id"].as_str().unwrap().to_owned();
    let shown = host.get(&format!("/sessions/{id}/spans?limit=2000")).await["total"].as_u64().unwrap();
    let all = host.get(&format!("/sessions/{id}/spans?limit=2000&details=true")).await;
    assert_eq!(shown, 6);
    assert!(all["total"].as_u64().unwrap() > 700, "{}", all["total"]);
}
