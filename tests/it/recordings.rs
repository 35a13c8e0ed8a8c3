//! Runs of agent programs that were recorded, sent again to a host.

use std::io::Read;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use serde_json::Value;

use crate::support::{Host, local, read};

/// A file of a recorded run, such as `codex/default`.
pub(crate) fn recorded(run: &str, file: &str) -> String {
    let path = format!("{}/tests/data/{run}/{file}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap();
    if !file.ends_with(".gz") {
        return String::from_utf8(bytes).unwrap();
    }
    let mut text = String::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    text
}

/// Its lines.
pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Sends what the run exported to `path`, as it came.
pub(crate) async fn export(host: &Host, run: &str, path: &str) {
    for request in lines(&recorded(run, "otlp.jsonl.gz")) {
        if request["path"] != path {
            continue;
        }
        let body = request["body_b64"].as_str().unwrap();
        let body = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
        let mut to = Request::post(format!("/_inspector{path}"));
        for (name, value) in request["headers"].as_object().unwrap() {
            if ["content-type", "content-encoding"].contains(&&*name.to_lowercase()) {
                to = to.header(name, value.as_str().unwrap());
            }
        }
        let (status, answer) = read(host.send(local(to, Body::from(body))).await).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
}

/// The one session that there is.
pub(crate) async fn session(host: &Host) -> Value {
    let sessions = host.get("/sessions").await;
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1, "{sessions:#}");
    sessions["sessions"][0].clone()
}
