//! `docs/api.md` is true: each of its commands is run against a served inspector, and what it answers has the shape that
//! stands there. `UPDATE=1 cargo test --test it api_docs` rewrites the answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use agent_inspector::Inspector;
use regex::Regex;
use serde_json::Value;

use crate::registry::Engine;
use crate::serve::{Served, run};
use crate::support::Host;

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/api.md")
}

/// A command of the document and the answer below it.
#[derive(Debug)]
struct Sample {
    command: String,
    /// `json` or `text`.
    language: String,
    answer: String,
    /// Where the answer stands.
    place: std::ops::Range<usize>,
}

fn samples(document: &str) -> Vec<Sample> {
    let block = Regex::new(r"(?s)```sh\n(.*?)```\n+```(json|text)\n(.*?)```").unwrap();
    block
        .captures_iter(document)
        .map(|found| Sample {
            command: found[1].to_owned(),
            language: found[2].to_owned(),
            answer: found[3].to_owned(),
            place: found.get(3).unwrap().range(),
        })
        .collect()
}

/// What differs from run to run.
fn steady(text: &str) -> String {
    let changing = [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
        (r"127\.0\.0\.1:\d+", "ADDRESS"),
        (r"(?i)(date|content-length|etag|content-location|content-range): .*", "$1: …"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
        // Ids of events, lengths, sums; not the status of an answer.
        (r"\d{4,}(\.\d+)?", "N"),
    ];
    changing.iter().fold(text.trim().to_owned(), |text, (pattern, stands)| {
        Regex::new(pattern).unwrap().replace_all(&text, *stands).into_owned()
    })
}

/// Whether two answers say the same but for what differs from run to run. Lists are compared by their first elements.
fn alike(written: &Value, answered: &Value) -> bool {
    match (written, answered) {
        (Value::Object(written), Value::Object(answered)) => {
            written.len() == answered.len()
                && written
                    .iter()
                    .all(|(key, value)| answered.get(key).is_some_and(|other| alike_at(key, value, other)))
        }
        (Value::Array(written), Value::Array(answered)) => match (written.first(), answered.first()) {
            (Some(written), Some(answered)) => alike(written, answered),
            (written, answered) => written.is_none() && answered.is_none(),
        },
        (Value::String(written), Value::String(answered)) => steady(written) == steady(answered),
        (Value::Number(_), Value::Number(_)) => true,
        (written, answered) => written == answered,
    }
}

fn alike_at(key: &str, written: &Value, answered: &Value) -> bool {
    if key == "status" { written == answered } else { alike(written, answered) }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_in_the_document_answers_as_is_written_there() {
    let directory = tempfile::tempdir().unwrap();
    let inspector = Inspector::builder()
        .data_dir(directory.path().join("data"))
        .registry(Engine::new(true))
        .token("a-token-of-the-document")
        .unwrap()
        .build()
        .unwrap();
    let served = Served::new(inspector, true).await;
    let document = fs::read_to_string(file()).unwrap();
    let (mut updated, mut wrong) = (document.clone(), Vec::new());
    // Run forwards, because one command builds on another; written backwards, so that the places stay right.
    let mut answers = Vec::new();
    for sample in samples(&document) {
        let mut command = Command::new("bash");
        command.args(["-c", &sample.command]).current_dir(directory.path());
        command.env("INSPECTOR", served.url(""));
        let output = run(command).await;
        let answer = String::from_utf8(output.stdout).unwrap();
        assert!(!answer.is_empty(), "{}: {}", sample.command, String::from_utf8_lossy(&output.stderr));
        let here = directory.path().to_string_lossy();
        let answer =
            answer.replace(&*here, "/tmp/host").replace(&served.address.to_string(), "127.0.0.1:3000");
        answers.push((sample, answer));
    }
    assert!(answers.len() > 10, "the document has commands with answers");
    for (sample, answer) in answers.into_iter().rev() {
        let (same, answer) = if sample.language == "json" {
            let answer: Value = serde_json::from_str(&answer)
                .unwrap_or_else(|error| panic!("{}: {error}: {answer}", sample.command));
            let written = serde_json::from_str(&sample.answer).unwrap_or_default();
            (alike(&written, &answer), serde_json::to_string_pretty(&answer).unwrap())
        } else {
            (steady(&sample.answer) == steady(&answer), answer.trim_end().to_owned())
        };
        if !same {
            wrong.push(format!(
                "{}answers\n{answer}\nbut this is written:\n{}",
                sample.command, sample.answer
            ));
            updated.replace_range(sample.place, &format!("{answer}\n"));
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(file(), updated).unwrap();
    } else {
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[tokio::test]
async fn every_operation_of_the_interface_has_a_place_in_the_document() {
    let document = fs::read_to_string(file()).unwrap();
    let contract = Host::in_memory().get("/openapi.json").await;
    for (path, operations) in contract["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let operation = format!("{} {path}", method.to_uppercase());
            assert!(document.contains(&format!("`{operation}`")), "{operation} is not in docs/api.md");
        }
    }
}
