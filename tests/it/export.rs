//! A session given out as OTLP, and taken in again by an inspector that knows nothing.

use agent_inspector::Inspector;
use agent_inspector::model::{SessionId, SpanKind, Usage};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::support::{Host, local, read};

/// The lines of a session's export.
async fn lines(host: &Host, session: &str) -> Vec<String> {
    let request = Request::get(format!("/_inspector/sessions/{session}/otlp"));
    let (status, body) = read(host.send(local(request, Body::empty())).await).await;
    assert_eq!(status, 200, "{body}");
    // A single line is JSON to the test's reader.
    let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    text.lines().map(str::to_owned).collect()
}

/// Takes every session of `from` into an inspector of its own, line by line.
async fn copied(from: &Host) -> Host {
    let copy = Host::in_memory();
    for session in from.get("/sessions").await["sessions"].as_array().unwrap() {
        for line in lines(from, session["id"].as_str().unwrap()).await {
            let (status, answer) = copy.post("/v1/traces", &serde_json::from_str(&line).unwrap()).await;
            assert_eq!(status, 200, "{answer}");
            assert!(answer["partialSuccess"]["rejectedSpans"].is_null(), "{answer}");
        }
    }
    copy
}

/// What is known of a session, without what only says when and how it came.
async fn known(host: &Host, session: &str) -> (Value, Vec<Value>) {
    let mut known = host.get(&format!("/sessions/{session}")).await;
    known.as_object_mut().unwrap().remove("updated_at");
    let tree = host.get(&format!("/sessions/{session}/spans")).await;
    let mut spans = Vec::new();
    for row in tree["spans"].as_array().unwrap() {
        let id = row["span_id"].as_str().unwrap();
        let mut whole = host.get(&format!("/sessions/{session}/spans/{id}")).await;
        let fields = whole.as_object_mut().unwrap();
        fields.remove("source");
        fields.remove("event_id");
        // What is added says what stood in a field without a name in OTLP; the session too is a fact of the span.
        fields["resource"].as_object_mut().unwrap().remove("session.id");
        spans.push(whole);
    }
    (known, spans)
}

fn attribute(key: &str, value: &Value) -> Value {
    json!({ "key": key, "value": value })
}

#[tokio::test]
async fn what_is_given_out_and_taken_in_again_is_the_same_session() {
    let host = Host::in_memory();
    let span = |id: u8, parent: Option<u8>, end: Option<u64>, attributes: &[Value]| {
        json!({
            "traceId": "249d0e49a29910886c9895950073aa9a", "spanId": format!("{id:016x}"),
            "parentSpanId": parent.map(|parent| format!("{parent:016x}")).unwrap_or_default(),
            "name": format!("span {id}"), "kind": 3, "traceState": "a=b", "droppedAttributesCount": 2,
            "startTimeUnixNano": "1720000000000000001",
            "endTimeUnixNano": end.map(|end| end.to_string()).unwrap_or_default(), "attributes": attributes,
            "events": [{"timeUnixNano": "1720000000000000005", "name": "e", "attributes": [attribute("n", &json!({"intValue": "9007199254740993"}))]}],
            "links": [{"traceId": "349d0e49a29910886c9895950073aa9a", "spanId": "00000000000000aa"}],
            "status": {"code": 2, "message": "it broke"},
        })
    };
    let everything = [
        attribute("gen_ai.conversation.id", &json!({"stringValue": "conversation 1/2"})),
        attribute("gen_ai.operation.name", &json!({"stringValue": "chat"})),
        attribute("gen_ai.usage.input_tokens", &json!({"intValue": "12"})),
        attribute("yes", &json!({"boolValue": true})),
        attribute("half", &json!({"doubleValue": 0.5})),
        attribute("whole", &json!({"doubleValue": 3.0})),
        attribute("nothing", &json!({})),
        attribute(
            "list",
            &json!({"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "ä\n\u{1}"}]}}),
        ),
        attribute("map", &json!({"kvlistValue": {"values": [attribute("k", &json!({"boolValue": false}))]}})),
    ];
    // Twice about the first: what began is told again when it ends.
    for end in [None, Some(1_720_000_001_000_000_000)] {
        let spans =
            json!([span(1, None, end, &everything), span(2, Some(1), Some(1_720_000_000_500_000_000), &[])]);
        let resource = json!({"attributes": [attribute("service.name", &json!({"stringValue": "shop"}))]});
        let scope = json!({"name": "lib", "version": "1.2"});
        let body = json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": spans}]}]});
        assert_eq!(host.post("/v1/traces", &body).await.0, 200);
    }
    let id = host.get("/sessions").await["sessions"][0]["id"].as_str().unwrap().to_owned();
    let lines = lines(&host, &id).await;
    let text = lines.concat();
    assert_eq!(text.matches("\"name\":\"span 1\"").count(), 1, "a span that ended stands there once: {text}");
    let copy = copied(&host).await;
    assert_eq!(known(&copy, &id).await, known(&host, &id).await);
}

#[tokio::test]
async fn what_the_host_said_without_an_attribute_is_said_with_one() {
    let host = Host::in_memory();
    let session = host.inspector.session("Ship it").id(SessionId::parse("release-7").unwrap()).start();
    session.in_scope(|| {
        let agent = session.span(SpanKind::Agent, "release");
        let call = agent.child(SpanKind::Llm, "ask");
        call.model("m-1").provider("openai");
        call.usage(&Usage::default().input_tokens(10).output_tokens(3));
        call.finish();
        let deploy = agent.child(SpanKind::Tool, "deploy");
        deploy.tool("deploy");
        deploy.finish();
        agent.child(SpanKind::Retrieval, "look it up").finish();
    });
    session.finish();
    host.inspector.settle().await;

    let copy = copied(&host).await;
    let rows = |tree: &Value| -> Vec<Value> {
        let row = |row: &Value| {
            json!([row["name"], row["kind"], row["model"], row["tool"], row["usage"], row["depth"]])
        };
        tree["spans"].as_array().unwrap().iter().map(row).collect()
    };
    let (before, after) =
        (host.get("/sessions/release-7/spans").await, copy.get("/sessions/release-7/spans").await);
    assert_eq!(rows(&after), rows(&before));
    assert!(rows(&after).len() >= 4, "{after}");
}

#[tokio::test]
async fn what_belongs_to_a_session_alone_comes_along() {
    let host = Host::in_memory();
    let session = host.inspector.session("Ship it").tag("nightly").tag("eu").start();
    let id = session.id().to_string();
    session.in_scope(|| session.span(SpanKind::Agent, "release").finish());
    session.finish();
    let spans = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": "249d0e49a29910886c9895950073aa9a", "spanId": "00000000000000b1", "name": "of a nameless session",
        "startTimeUnixNano": "1720000000000000001", "endTimeUnixNano": "1720000000000000002",
    }]}]}]});
    host.post("/v1/traces", &spans).await;
    host.inspector.settle().await;
    let copy = copied(&host).await;
    for session in [&*id, "trace-249d0e49a29910886c9895950073aa9a"] {
        let told = async |host: &Host| {
            let known = host.get(&format!("/sessions/{session}")).await;
            json!([known["engine"], known["title"], known["tags"], known["status"], known["counters"]])
        };
        assert_eq!(told(&copy).await, told(&host).await);
        let (_, spans) = known(&copy, session).await;
        assert!(
            !json!(spans).to_string().contains("inspector.session."),
            "it is no fact of a span: {spans:#?}"
        );
    }
    let known = copy.get(&format!("/sessions/{id}")).await;
    assert_eq!(known["title"], "Ship it");
    assert_eq!(known["tags"].as_array().unwrap().len(), 2);
    // Also after a copy of the copy.
    let again = copied(&copy).await.get(&format!("/sessions/{id}")).await;
    assert_eq!(
        (&again["title"], &again["tags"], &again["engine"]),
        (&known["title"], &known["tags"], &known["engine"])
    );
}

#[tokio::test]
async fn a_span_that_runs_and_a_session_of_many_blocks_are_given_out_whole() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::new(Inspector::builder().data_dir(dir.path()).build().unwrap());
    for batch in 0..10_u64 {
        let spans: Vec<Value> = (0..40)
            .map(|number| {
                let id = batch * 40 + number + 1;
                let noise: String = (0..4000).map(|_| fastrand::alphanumeric()).collect();
                json!({
                    "traceId": "249d0e49a29910886c9895950073aa9a", "spanId": format!("{id:016x}"), "name": "n",
                    "startTimeUnixNano": "1720000000000000000",
                    // The first one runs.
                    "endTimeUnixNano": if id == 1 { "0" } else { "1720000001000000000" },
                    "attributes": [attribute("input.value", &json!({"stringValue": noise}))],
                })
            })
            .collect();
        let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]});
        assert_eq!(host.post("/v1/traces", &body).await.0, 200);
    }
    let id = host.get("/sessions").await["sessions"][0]["id"].as_str().unwrap().to_owned();
    let lines = lines(&host, &id).await;
    assert!(lines.len() > 1, "{} lines", lines.len());
    let mut ids = std::collections::BTreeSet::new();
    for line in &lines {
        assert!(line.len() < 4 << 20, "a line of {} bytes", line.len());
        let line: Value = serde_json::from_str(line).unwrap();
        for span in line["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap() {
            assert!(ids.insert(span["spanId"].as_str().unwrap().to_owned()), "{span} stands there twice");
        }
    }
    assert_eq!(ids.len(), 400);
    let copy = copied(&host).await;
    assert_eq!(copy.get(&format!("/sessions/{id}")).await["counters"]["spans"], 400);
    assert_eq!(copy.get(&format!("/sessions/{id}")).await["status"], "running");
}

#[tokio::test]
async fn a_session_that_is_not_there_is_a_problem() {
    let host = Host::in_memory();
    assert_eq!(host.try_get("/sessions/nobody/otlp").await.0, 404);
    assert_eq!(host.try_get("/sessions/no%20id/otlp").await.0, 400);
}

#[tokio::test]
async fn what_was_put_together_from_events_is_known_as_that_again() {
    let host = Host::in_memory();
    let events = json!([
        {"type": "session_started", "session_id": "queue-1", "title": "a task", "timestamp": 1_720_000_000},
        {"type": "agent_started", "session_id": "queue-1", "agent": "worker", "timestamp": 1_720_000_001},
        {"type": "span_started", "session_id": "queue-1", "span_id": "a", "name": "look", "kind": "resource", "timestamp": 1_720_000_002},
        {"type": "span_finished", "session_id": "queue-1", "span_id": "a", "name": "look", "kind": "resource", "timestamp": 1_720_000_003},
        {"type": "hitl_escalated", "session_id": "queue-1", "reason": "may I?", "timestamp": 1_720_000_004},
    ]);
    let (status, answer) = host.post("/events", &events).await;
    assert_eq!(status, 200, "{answer}");
    let copy = copied(&host).await;
    let shown = async |host: &Host| {
        let session = host.get("/sessions/queue-1").await;
        let tree = host.get("/sessions/queue-1/spans").await;
        let row =
            |row: &Value| json!([row["name"], row["kind"], row["call_id"], row["depth"], row["derived"]]);
        let rows: Vec<Value> = tree["spans"].as_array().unwrap().iter().map(row).collect();
        json!([session["status"], session["counters"], rows])
    };
    assert_eq!(shown(&copy).await, shown(&host).await);
    assert_eq!(copy.get("/sessions/queue-1").await["status"], "paused");
}
