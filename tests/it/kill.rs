//! A host that is killed loses nothing that it acknowledged.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::restart::HOST_DIR;

/// A host in a process of its own, killed when it is dropped.
pub(crate) struct Victim {
    child: Child,
    url: String,
}

impl Victim {
    pub(crate) fn start(dir: &std::path::Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "restart::plays_the_host_when_asked", "--nocapture"])
            .env(HOST_DIR, dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .map_while(Result::ok)
            .find_map(|line| Some(line.strip_prefix("listening on ")?.to_owned()))
            .expect("the host came up");
        Self { child, url: format!("http://{address}/_inspector") }
    }

    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches("/_inspector")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) {
        let answer = ureq::post(format!("{}{path}", self.url)).send_json(body).unwrap();
        assert_eq!(answer.status(), 200);
    }

    fn get(&self, path: &str) -> Value {
        let mut answer = ureq::get(format!("{}{path}", self.url)).call().unwrap();
        answer.body_mut().read_json().unwrap()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // SIGKILL: it gets no chance to save anything.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How often a host is asked whether it has come so far.
const ASKED_AT_MOST: usize = 10_000;

/// The hooks of one call of a tool within a turn, as Claude Code sends them: its beginning, its end.
fn hooks_of_call(call: &str) -> [Value; 2] {
    let hook = |event: &str| {
        json!({
            "hook_event_name": event, "session_id": "cut-in-two", "prompt_id": "p1", "tool_name": "Bash",
            "tool_use_id": call, "tool_input": {"command": "ls"}, "tool_response": {"stdout": call},
        })
    };
    [hook("PreToolUse"), hook("PostToolUse")]
}

/// The tools that a session's tree shows, with whether they have ended.
fn tools(host: &Victim) -> Vec<(String, bool)> {
    let mut answer = ureq::get(format!("{}/sessions/cut-in-two/spans", host.url))
        .config()
        .http_status_as_error(false)
        .build()
        .call()
        .unwrap();
    if answer.status() == 404 {
        return Vec::new();
    }
    let tree: Value = answer.body_mut().read_json().unwrap();
    let spans = tree["spans"].as_array().unwrap().iter().filter(|span| span["kind"] == "tool");
    spans.map(|span| (span["call_id"].to_string(), span.get("end_time").is_some())).collect()
}

fn until(what: &str, mut reached: impl FnMut() -> bool) {
    assert!((0..ASKED_AT_MOST).any(|_| reached()), "{what}");
}

#[test]
fn log_records_and_posted_events_that_were_acknowledged_survive_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let victim = Victim::start(dir.path());
        let at = json!("1720000000500000000");
        let record = json!({
            "timeUnixNano": at, "severityNumber": 9, "body": {"stringValue": format!("said in round {round}")},
            "attributes": [{"key": "session.id", "value": {"stringValue": "logged"}}],
        });
        victim.post("/v1/logs", &json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}));
        victim.post(
            "/events",
            &json!([
                {"type": "agent_started", "session_id": format!("task-{round}"), "agent": "planner"},
                {"type": "budget_warning", "session_id": format!("task-{round}"), "spent_usd": round},
            ]),
        );
        drop(victim);
    }
    let survivor = Victim::start(dir.path());
    let events = survivor.get("/sessions/logged/events");
    let said: Vec<&Value> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "Log")
        .map(|event| &event["message"])
        .collect();
    assert_eq!(said, ["said in round 0", "said in round 1", "said in round 2"]);
    for round in 0..3 {
        let session = survivor.get(&format!("/sessions/task-{round}"));
        assert_eq!(session["status"], "abandoned", "{session}");
        let events = survivor.get(&format!("/sessions/task-{round}/events"));
        let warnings =
            events["events"].as_array().unwrap().iter().filter(|event| event["name"] == "budget_warning");
        assert_eq!(
            warnings.map(|event| event["data"]["spent_usd"].clone()).collect::<Vec<_>>(),
            [json!(round)]
        );
    }
}

#[test]
fn a_run_that_a_kill_cuts_in_two_goes_on_in_its_session_and_no_call_stands_twice() {
    let dir = tempfile::tempdir().unwrap();
    let [began_a, ended_a] = hooks_of_call("toolu_a");
    let [began_b, ended_b] = hooks_of_call("toolu_b");
    let victim = Victim::start(dir.path());
    for hook in [&began_a, &ended_a, &began_b] {
        victim.post("/hooks/claude-code", hook);
    }
    let both = vec![("\"tool:toolu_a\"".to_owned(), true), ("\"tool:toolu_b\"".to_owned(), false)];
    until("both calls are known", || tools(&victim) == both);
    drop(victim);
    let survivor = Victim::start(dir.path());
    survivor.post("/hooks/claude-code", &ended_b);
    // An agent that got no answer may send its hook again.
    survivor.post("/hooks/claude-code", &ended_a);
    survivor.post(
        "/hooks/claude-code",
        &json!({"hook_event_name": "Stop", "session_id": "cut-in-two", "prompt_id": "p1"}),
    );
    until("the turn has ended", || survivor.get("/sessions/cut-in-two")["status"] == "completed");
    let both = both.into_iter().map(|(call, _)| (call, true)).collect::<Vec<_>>();
    assert_eq!(tools(&survivor), both);
    assert_eq!(survivor.get("/sessions/cut-in-two")["counters"]["tool_calls"], 2);
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..3_u8 {
        let victim = Victim::start(dir.path());
        let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
            "traceId": format!("{:032x}", 0xabc0 + u32::from(round)), "spanId": "00000000000000a1", "name": format!("round {round}"),
            "startTimeUnixNano": "1720000000000000000", "endTimeUnixNano": "1720000001000000000"
        }]}]}]});
        victim.post("/v1/traces", &body);
        drop(victim);
    }
    let survivor = Victim::start(dir.path());
    let sessions = survivor.get("/sessions?limit=100");
    let titles: Vec<&str> =
        sessions["sessions"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect();
    for round in 0..3 {
        assert!(titles.contains(&format!("round {round}").as_str()), "round {round} was lost: {titles:?}");
    }
    let abandoned = survivor.get("/sessions?status=abandoned");
    assert_eq!(
        abandoned["sessions"].as_array().unwrap().len(),
        3,
        "a killed host's sessions do not run for ever"
    );
    let running = survivor.get("/sessions?status=running");
    assert_eq!(running["sessions"].as_array().unwrap().len(), 1);
}
