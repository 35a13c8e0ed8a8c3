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
