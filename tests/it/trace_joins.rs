//! A trace that joins another session while that one is downloaded: nobody gets a mixture of both.

use agent_inspector::Inspector;
use axum::body::Body;
use axum::http::{Request, Response};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::support::{Host, local};

/// So many bytes of text in each span, and so many spans: more blocks than are read ahead.
const TEXT_BYTES: usize = 20_000;
const SPANS: u64 = 60;

fn span(trace: u8, span: u64, parent: Option<u64>, session: Option<&str>) -> Value {
    let noise: String = (0..TEXT_BYTES).map(|_| fastrand::alphanumeric()).collect();
    let mut attributes = vec![json!({"key": "input.value", "value": {"stringValue": noise}})];
    attributes.extend(session.map(|id| json!({"key": "session.id", "value": {"stringValue": id}})));
    json!({
        "traceId": format!("{trace:032x}"), "spanId": format!("{span:016x}"),
        "parentSpanId": parent.map(|parent| format!("{parent:016x}")).unwrap_or_default(),
        "name": format!("span {trace} {span}"), "attributes": attributes,
        "startTimeUnixNano": "1720000000000000000", "endTimeUnixNano": "1720000001000000000"
    })
}

async fn send(host: &Host, spans: &[Value]) {
    for batch in spans.chunks(10) {
        let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": batch}]}]});
        assert_eq!(host.post("/v1/traces", &body).await.0, 200);
    }
}

async fn ask(host: &Host, session: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let request = Request::get(format!("/_inspector/trace/{session}"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    host.send(local(request, Body::empty())).await
}

async fn bytes(answer: Response<Body>) -> Vec<u8> {
    answer.into_body().collect().await.unwrap().to_bytes().to_vec()
}

fn tag(answer: &Response<Body>) -> String {
    answer.headers()["etag"].to_str().unwrap().to_owned()
}

async fn a_download_during_a_join_is_not_a_mixture(host: Host) {
    send(
        &host,
        &(1..=SPANS).map(|number| span(1, number, (number > 1).then_some(1), Some("s"))).collect::<Vec<_>>(),
    )
    .await;
    send(&host, &(2..=SPANS).map(|number| span(2, number, Some(1), None)).collect::<Vec<_>>()).await;
    let leaving = format!("trace-{:032x}", 2);
    for coding in ["identity", "gzip"] {
        let of = |session: &str| if session == "s" { "s".to_owned() } else { leaving.clone() };
        let mut downloads = Vec::new();
        for session in ["s", "leaving"] {
            let whole = ask(&host, &of(session), &[("accept-encoding", coding)]).await;
            if whole.status() == 404 {
                // Joined in the round before.
                continue;
            }
            let (tag, whole) = (tag(&whole), bytes(whole).await);
            let mut download = ask(&host, &of(session), &[("accept-encoding", coding)]).await.into_body();
            let first = download.frame().await.unwrap().unwrap().into_data().unwrap();
            downloads.push((session, tag, whole, first, download));
        }
        // The root says whose the trace is, or once more what is known already.
        send(&host, &[span(2, 1, None, Some("s"))]).await;
        for (session, old, whole, first, download) in downloads {
            match download.collect().await {
                Ok(rest) => assert_eq!([&first[..], &rest.to_bytes()].concat(), whole, "{session} {coding}"),
                // It broke off, which the client sees: fewer bytes came than were promised.
                Err(_) => assert!(whole.starts_with(&first), "{session} {coding}"),
            }
            let resume = [("accept-encoding", coding), ("range", "bytes=1000-"), ("if-range", &*old)];
            let resumed = ask(&host, &of(session), &resume).await;
            let status = resumed.status().as_u16();
            assert_eq!(status, if session == "s" { 200 } else { 404 }, "{session} {coding}");
            if session == "s" {
                assert_ne!(tag(&resumed), old);
            }
        }
    }
}

#[tokio::test]
async fn a_download_from_memory_during_a_join_is_not_a_mixture() {
    a_download_during_a_join_is_not_a_mixture(Host::in_memory()).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_download_from_disk_during_a_join_is_not_a_mixture() {
    let dir = tempfile::tempdir().unwrap();
    let inspector = Inspector::builder().data_dir(dir.path()).build().unwrap();
    a_download_during_a_join_is_not_a_mixture(Host::new(inspector)).await;
}
