//! Codex's reports, as the program sent them, and what a visitor then finds.

use std::path::Path;
use std::sync::Arc;

use agent_inspector::Inspector;
use agent_inspector::store::{MemoryStore, Store};
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

/// A host that finds the recorded rollout files where the hooks of `run` say they are.
struct WithRollouts {
    host: Host,
    sessions: tempfile::TempDir,
}

impl WithRollouts {
    fn of(run: &str) -> Self {
        Self::storing(run, Arc::new(MemoryStore::default()))
    }

    fn storing(run: &str, store: Arc<dyn Store>) -> Self {
        let sessions = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(format!("{}/rollout", folder(run))).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), sessions.path().join(file.file_name())).unwrap();
        }
        let host =
            Host::new(Inspector::builder().store(store).codex_sessions(sessions.path()).build().unwrap());
        Self { host, sessions }
    }

    /// The hooks of a run, which name its files where they are here.
    fn payloads(&self, run: &str) -> Vec<Value> {
        let mut payloads = lines(&recorded(run, "hooks.jsonl"));
        for payload in &mut payloads {
            for name in ["transcript_path", "agent_transcript_path"] {
                if let Some(path) = payload.get(name).and_then(Value::as_str) {
                    let file = Path::new(path).file_name().unwrap();
                    payload[name] = self.sessions.path().join(file).to_str().unwrap().into();
                }
            }
        }
        payloads
    }

    async fn send(&self, run: &str, channel: Channel) {
        if channel != Channel::Hooks {
            return send(&self.host, run, channel).await;
        }
        for payload in self.payloads(run) {
            self.host.post("/hooks/codex", &payload).await;
        }
        self.host.inspector.settle().await;
    }
}

fn folder(run: &str) -> String {
    format!("{}/tests/data/codex/{run}", env!("CARGO_MANIFEST_DIR"))
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

#[tokio::test]
async fn the_rollout_file_tells_the_models_calls_and_the_errors_that_hooks_do_not() {
    let run = WithRollouts::of("default");
    run.send("default", Channel::Hooks).await;
    let session = session(&run.host).await;
    let told = json!({"calls": 3, "tools": 2, "input": 600, "output": 120, "read": 360, "reasoning": 30});
    assert_eq!(numbers(&session), told);
    // Hooks have no time: theirs is now, and the file's that of the recording.
    let mut shape = shape(&run.host).await;
    shape.sort();
    let model = ["  llm chat gpt-5.5"; 3];
    assert_eq!(shape, [&model[..], &["  tool shell", "  tool shell failed", "agent codex"]].concat());
    let id = session["id"].as_str().unwrap();
    let tree = run.host.get(&format!("/sessions/{id}/spans")).await;
    let call = tree["spans"].as_array().unwrap().iter().find(|row| row["kind"] == "llm").unwrap();
    let path = format!("/sessions/{id}/spans/{}", call["span_id"].as_str().unwrap());
    let call = run.host.get(&path).await;
    let text = call.to_string();
    for said in ["Looking around.", "echo hello-example", "resp_fake_0001", "fake"] {
        assert!(text.contains(said), "{said}: {call:#}");
    }
    assert_eq!(call["source"], "transcript");
}

#[tokio::test]
async fn with_the_rollout_file_and_in_whatever_order_each_call_of_codex_counts_once() {
    use Channel::{Hooks, Lines, Logs, Metrics, Notify, Spans};
    let orders: [(&str, &[Channel]); 7] = [
        ("default", &[Hooks, Notify, Spans, Metrics, Logs]),
        ("default", &[Spans, Logs, Hooks, Lines]),
        ("default", &[Lines, Hooks, Logs]),
        ("default", &[Hooks, Logs, Hooks]),
        ("subagent", &[Hooks, Notify]),
        ("subagent", &[Hooks, Spans, Logs]),
        ("subagent", &[Logs, Hooks]),
    ];
    for (name, order) in orders {
        let run = WithRollouts::of(name);
        for channel in order {
            run.send(name, *channel).await;
        }
        let times = if name == "default" { 1 } else { 2 };
        let told = json!({"calls": 3 * times, "tools": 2 * times, "input": 600 * times, "output": 120 * times,
            "read": 360 * times, "reasoning": 30 * times});
        assert_eq!(numbers(&session(&run.host).await), told, "{name} {order:?}");
        if name == "subagent" {
            let shape = shape(&run.host).await;
            let starter = shape.iter().position(|row| row == "  tool spawn_agent").unwrap();
            assert!(shape[starter + 1].starts_with("    agent "), "{order:?} {shape:#?}");
            let below = shape.iter().filter(|row| row.starts_with("      "));
            assert_eq!(below.count(), 5, "{order:?} {shape:#?}");
        }
    }
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_rollout_file_that_is_read_again_after_a_restart_counts_nothing_twice() {
    use agent_inspector::model::InstanceId;
    use agent_inspector::store::SqliteStore;

    let told = json!({"calls": 3, "tools": 2, "input": 600, "output": 120, "read": 360, "reasoning": 30});
    for first in [&[Channel::Logs][..], &[Channel::Spans, Channel::Logs], &[Channel::Hooks]] {
        let dir = tempfile::tempdir().unwrap();
        let open =
            || -> Arc<dyn Store> { Arc::new(SqliteStore::open(dir.path(), InstanceId::generate()).unwrap()) };
        let run = WithRollouts::storing("default", open());
        for channel in first {
            run.send("default", *channel).await;
        }
        run.host.inspector.shutdown().await;
        let run = WithRollouts::storing("default", open());
        run.send("default", Channel::Hooks).await;
        assert_eq!(numbers(&session(&run.host).await), told, "{first:?}");
        run.host.inspector.shutdown().await;
    }
}

#[tokio::test]
async fn a_rollout_file_of_a_version_that_only_counts_the_tokens_of_all_tells_of_each_call_once() {
    let run = WithRollouts::of("default");
    let file = std::fs::read_dir(run.sessions.path()).unwrap().next().unwrap().unwrap().path();
    let written = std::fs::read_to_string(&file).unwrap();
    let without_records = written.lines().filter(|line| !line.contains("token_usage_record"));
    // Such a version also says again how many there are when nothing was asked of the model.
    let told_again = without_records
        .flat_map(|line| std::iter::repeat_n(line, if line.contains("\"token_count\"") { 2 } else { 1 }));
    std::fs::write(&file, told_again.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    run.send("default", Channel::Hooks).await;
    run.send("default", Channel::Logs).await;
    let told = json!({"calls": 3, "tools": 2, "input": 600, "output": 120, "read": 360, "reasoning": 30});
    assert_eq!(numbers(&session(&run.host).await), told);
}

#[tokio::test]
async fn a_person_is_waited_for_from_the_question_to_what_comes_next_of_the_same_agent() {
    let run = WithRollouts::of("permission");
    let payloads = run.payloads("permission");
    let asked =
        payloads.iter().position(|payload| payload["hook_event_name"] == "PermissionRequest").unwrap();
    for payload in &payloads[..=asked] {
        run.host.post("/hooks/codex", payload).await;
    }
    run.host.inspector.settle().await;
    let waiting = session(&run.host).await;
    assert_eq!(waiting["status"], "paused");
    let prompt = waiting["waiting_on"]["prompt"].as_str().unwrap();
    assert!(prompt.contains("echo hello-example") && prompt.contains("To see what is there."), "{prompt}");
    let rows = rows(&run.host).await;
    assert_eq!(rows[..2], ["agent codex", "  tool Bash"]);
    assert!(rows[2].starts_with("    human "), "below the call that it is about: {rows:#?}");
    run.host.post("/hooks/codex", &payloads[asked + 1]).await;
    run.host.inspector.settle().await;
    let session = session(&run.host).await;
    assert_eq!((&session["status"], &session["waiting_on"]), (&json!("running"), &Value::Null));
}

#[tokio::test]
async fn a_rollout_file_says_why_a_turn_failed() {
    let run = WithRollouts::of("error");
    run.send("error", Channel::Hooks).await;
    let session = session(&run.host).await;
    assert_eq!(session["status"], "failed");
    assert!(session["error"].as_str().unwrap().contains("example: prompt rejected"), "{session:#}");
}

#[tokio::test]
async fn a_hook_that_names_the_file_of_another_session_learns_nothing_of_it() {
    let run = WithRollouts::of("default");
    for mut payload in run.payloads("default") {
        payload["session_id"] = "somebody-else".into();
        run.host.post("/hooks/codex", &payload).await;
    }
    run.host.inspector.settle().await;
    let session = session(&run.host).await;
    assert_eq!((&session["id"], &session["counters"]["llm_calls"]), (&json!("somebody-else"), &json!(0)));
}

#[tokio::test]
async fn nothing_is_read_by_who_wants_no_transcripts() {
    let run = WithRollouts::of("default");
    let inspector = Inspector::builder().in_memory().codex_sessions(run.sessions.path());
    let host = Host::new(inspector.without_transcripts().build().unwrap());
    for payload in run.payloads("default") {
        host.post("/hooks/codex", &payload).await;
    }
    host.inspector.settle().await;
    assert_eq!(session(&host).await["counters"]["llm_calls"], 0);
}
