//! OpenTelemetry's own exporters, which report to a served inspector. They are programs with packages of their own:
//! `make clients` installs those and runs these tests, which are left out otherwise.

use std::path::PathBuf;
use std::process::Command;

use agent_inspector::Inspector;
use serde_json::{Value, json};

use crate::serve::{Served, run};
use crate::support::Host;

/// Where the packages are.
fn installed() -> PathBuf {
    std::env::var_os("INSPECTOR_EXPORTERS").expect("run `make clients`").into()
}

fn python(arguments: &[&str]) -> Command {
    let report = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/exporters/python/report.py");
    let mut command = Command::new(installed().join("venv/bin/python"));
    command.arg(report).args(arguments);
    command
}

fn javascript(arguments: &[&str]) -> Command {
    let mut command = Command::new("node");
    command.arg(installed().join("javascript/report.mjs")).args(arguments);
    command
}

/// Runs a program that reports one run, and looks at what became of it.
async fn reports(command: impl FnOnce(&str) -> Command, session: &str) {
    let served = Served::new(Inspector::builder().in_memory().build().unwrap(), true).await;
    let output = run(command(&served.url(""))).await;
    assert!(output.status.success(), "{session}: {}", String::from_utf8_lossy(&output.stderr));

    let host = Host::new(served.inspector.clone());
    let one = host.get(&format!("/sessions/{session}")).await;
    assert_eq!(
        (&one["status"], &one["agent"], &one["counters"]["spans"]),
        (&json!("completed"), &json!("helper"), &json!(2)),
        "{one}"
    );
    let counters = &one["counters"];
    assert_eq!(
        (&counters["llm_calls"], &counters["input_tokens"], &counters["output_tokens"]),
        (&json!(1), &json!(11), &json!(7))
    );
    logs(&host, session).await;

    let counted = host.get("/health").await["counters"].clone();
    assert_eq!(
        (&counted["ingested_spans"], &counted["ingested_log_records"], &counted["ingested_metric_points"]),
        (&json!(2), &json!(2), &json!(3)),
        "a counter, a histogram and a gauge: {counted}"
    );
    served.inspector.shutdown().await;
    served.server.await.unwrap();
}

/// Looks at the log records of the run: one in the model call, one in the agent's span.
async fn logs(host: &Host, session: &str) {
    let spans = host.get(&format!("/sessions/{session}/spans")).await["spans"].clone();
    let span = |name: &str| {
        let mut rows = spans.as_array().unwrap().iter();
        rows.find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}: {spans}"))["span_id"]
            .clone()
    };
    let page = host.get(&format!("/sessions/{session}/events")).await;
    let events = page["events"].as_array().unwrap().iter();
    let logs: Vec<&Value> = events.filter(|event| event["type"] == "Log").collect();
    assert_eq!(logs.len(), 2, "{page}");
    assert_eq!(
        (&logs[0]["level"], &logs[0]["message"], &logs[0]["span_id"]),
        (&json!("warn"), &json!("the model answered"), &span("chat m-1"))
    );
    let attributes = &logs[0]["attributes"];
    assert_eq!(
        (&attributes["attempt"], &attributes["words"], &attributes["nested"]),
        (&json!(1), &json!(["a", "b"]), &json!({"deep": true}))
    );
    assert_eq!(
        (&logs[1]["attributes"]["event.name"], &logs[1]["span_id"]),
        (&json!("agent.step"), &span("invoke_agent helper"))
    );
    let body: Value = serde_json::from_str(logs[1]["message"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"step": 2, "done": false}));
}

#[tokio::test]
#[ignore = "needs packages: make clients"]
async fn pythons_exporters_report_a_run() {
    reports(|url| python(&[url, "python-plain"]), "python-plain").await;
    reports(|url| python(&[url, "python-gzip", "gzip"]), "python-gzip").await;
}

#[tokio::test]
#[ignore = "needs packages: make clients"]
async fn javascripts_exporters_report_a_run_in_json() {
    reports(|url| javascript(&[url, "js-json", "json"]), "js-json").await;
    reports(|url| javascript(&[url, "js-json-gzip", "json", "gzip"]), "js-json-gzip").await;
}

#[tokio::test]
#[ignore = "needs packages: make clients"]
async fn javascripts_exporters_report_a_run_in_protobuf() {
    reports(|url| javascript(&[url, "js-protobuf", "protobuf"]), "js-protobuf").await;
    reports(|url| javascript(&[url, "js-protobuf-gzip", "protobuf", "gzip"]), "js-protobuf-gzip").await;
}
