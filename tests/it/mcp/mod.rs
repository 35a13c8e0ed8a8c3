//! Requests to an MCP server in the host, as they stand in the inspector.

use std::convert::Infallible;

use agent_inspector::{Inspector, MAX_MCP_BODY_BYTES, SessionContext};
use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tower::ServiceExt;

use crate::support::Host;

mod sdk;
mod sessions;
mod streams;

const CALL: &str =
    r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add","arguments":{"a":1}}}"#;
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn ask(body: impl Into<Body>, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::post("/mcp");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

/// A server that answers every request with `answer`, and mints a session.
fn server(host: &Host, answer: &'static str) -> Router {
    let answering = post(move |body: Bytes| async move {
        let _ = body;
        ([("content-type", "application/json"), ("mcp-session-id", "s-1")], answer)
    });
    let deleting = answering.delete(|| async {});
    Router::new().route("/mcp", deleting).layer(host.inspector.mcp_layer())
}

/// A server whose first answer to a request is a stream of what is sent to it; anything else is taken notice of.
fn streaming(stream: mpsc::Receiver<Result<Bytes, Infallible>>) -> Router {
    let stream = std::sync::Arc::new(std::sync::Mutex::new(Some(stream)));
    let answering = post(move |body: Bytes| {
        let asks = body.windows(8).any(|part| part == b"\"method\"")
            && !body.windows(13).any(|part| part == b"notifications");
        let stream = asks.then(|| stream.lock().unwrap().take()).flatten();
        async move {
            match stream {
                Some(stream) => {
                    let body = Body::from_stream(ReceiverStream::new(stream));
                    ([("content-type", "text/event-stream")], body).into_response()
                }
                None => axum::http::StatusCode::ACCEPTED.into_response(),
            }
        }
    });
    Router::new().route("/mcp", answering)
}

async fn send(app: &Router, request: Request<Body>) -> Bytes {
    app.clone().oneshot(request).await.unwrap().into_body().collect().await.unwrap().to_bytes()
}

/// The one session there is, and its spans with their attributes.
async fn only(host: &Host) -> (Value, Vec<Value>) {
    host.inspector.settle().await;
    let mut sessions = host.get("/sessions").await;
    let session = sessions["sessions"][0].take();
    let path = format!("/sessions/{}/spans", session["id"].as_str().unwrap());
    let mut spans = host.get(&path).await["spans"].as_array().unwrap().clone();
    // A parent in another process is a span of which nothing is known but its id.
    for span in spans.iter_mut().filter(|span| span["placeholder"] != true) {
        let whole = host.get(&format!("{path}/{}", span["span_id"].as_str().unwrap())).await;
        span["attributes"] = whole["attributes"].clone();
    }
    (session, spans)
}

fn named<'a>(spans: &'a [Value], name: &str) -> &'a Value {
    spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("no {name}: {spans:#?}"))
}

#[tokio::test]
async fn a_call_of_a_known_session_is_a_tool_span_of_it_until_the_client_ends_it() {
    let host = Host::in_memory();
    let answer = r#"{"jsonrpc":"2.0","id":7,"result":{"content":[],"isError":true}}"#;
    let app = server(&host, answer);
    let headers = [("mcp-session-id", "s-1"), ("mcp-protocol-version", "2025-06-18")];
    assert_eq!(send(&app, ask(CALL, &headers)).await, answer);
    let (session, spans) = only(&host).await;
    assert_eq!((&session["id"], &session["engine"]), (&json!("s-1"), &json!("mcp-inbound")));
    let call = named(&spans, "tools/call add");
    assert_eq!((&call["kind"], &call["status"]), (&json!("tool"), &json!("error")), "{call}");
    let delete = Request::delete("/mcp").header("mcp-session-id", "s-1").body(Body::empty()).unwrap();
    send(&app, delete).await;
    assert_eq!(only(&host).await.0["status"], "completed");
}

#[tokio::test]
async fn a_request_of_2026_joins_the_callers_trace_and_needs_no_session() {
    let host = Host::in_memory();
    let app = server(&host, r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"no such tool"}}"#);
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let headers = [
        ("mcp-session-id", "ignored"),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("traceparent", parent.as_str()),
    ];
    send(&app, ask(CALL, &headers)).await;
    let (session, spans) = only(&host).await;
    assert_eq!(session["id"], format!("mcp-{TRACE}"));
    let call = named(&spans, "tools/call add");
    assert_eq!((&call["trace_id"], &call["status"]), (&json!(TRACE), &json!("error")), "{call}");
}

#[tokio::test]
async fn a_stream_passes_unbuffered_and_a_question_to_the_client_is_a_wait() {
    let host = Host::in_memory();
    let (frames, stream) = mpsc::channel::<Result<Bytes, Infallible>>(4);
    let app: Router = streaming(stream).layer(host.inspector.mcp_layer());
    let headers = [("mcp-session-id", "s-2")];
    let answer: Response<Body> = app.clone().oneshot(ask(CALL, &headers)).await.unwrap();
    let mut body = answer.into_body().into_data_stream();
    let event = |json: &str| Ok::<_, Infallible>(Bytes::from(format!("data: {json}\n\n")));
    let question = r#"{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"Sure?"}}"#;
    let sent = event(question).unwrap();
    frames.send(Ok(sent.clone())).await.unwrap();
    // It is here while the server's stream is open, and it is the same memory: nothing is copied on its way.
    let passed = body.next().await.unwrap().unwrap();
    assert_eq!((passed.as_ptr(), passed.len()), (sent.as_ptr(), sent.len()));
    let (session, _) = only(&host).await;
    assert_eq!(
        (&session["status"], &session["waiting_on"]["signal_name"]),
        (&json!("paused"), &json!("elicitation"))
    );
    let reply = r#"{"jsonrpc":"2.0","id":"q","result":{"action":"accept","content":{"yes":true}}}"#;
    send(&app, ask(reply, &headers)).await;
    assert_eq!(only(&host).await.0["status"], "running");
    frames.send(event(r#"{"jsonrpc":"2.0","id":7,"result":{"content":[]}}"#)).await.unwrap();
    body.next().await.unwrap().unwrap();
    let (_, spans) = only(&host).await;
    let call = named(&spans, "tools/call add");
    assert!(call["end_time"].is_string() && call["status"] != "error", "{call}");
    assert!(named(&spans, "elicitation")["end_time"].is_string());
}

#[tokio::test]
async fn what_the_host_does_for_a_request_hangs_below_it() {
    let host = Host::in_memory();
    let answering = post(|request: Request<Body>| async move {
        assert!(request.extensions().get::<SessionContext>().is_some_and(SessionContext::is_somewhere));
        let session = agent_inspector::current_session().unwrap();
        session.span(agent_inspector::model::SpanKind::Llm, "inner").finish();
        Json(json!({ "jsonrpc": "2.0", "id": 7, "result": {} }))
    });
    let app: Router = Router::new().route("/mcp", answering).layer(host.inspector.mcp_layer());
    send(&app, ask(CALL, &[("x-mcp-request-id", "req-1")])).await;
    let (session, spans) = only(&host).await;
    assert_eq!(session["id"], "req-1");
    assert_eq!(named(&spans, "inner")["parent_span_id"], named(&spans, "tools/call add")["span_id"]);
}

#[tokio::test]
async fn a_closed_answer_cancels_and_rubbish_and_giants_pass_by_whole() {
    let host = Host::in_memory();
    let waiting = post(|| async { std::future::pending::<String>().await });
    let app: Router = Router::new().route("/mcp", waiting).layer(host.inspector.mcp_layer());
    let asked = app.oneshot(ask(CALL, &[("mcp-protocol-version", "2026-07-28")]));
    // Polled once, and given up.
    assert!(futures_util::FutureExt::now_or_never(asked).is_none());
    let (session, _) = only(&host).await;
    assert!(session["error"].as_str().unwrap().contains("cancelled"), "{session}");

    let echo = Router::new().route("/mcp", post(|body: Bytes| async move { body }));
    let echo: Router = echo.layer(host.inspector.mcp_layer());
    for body in [vec![b'x'; MAX_MCP_BODY_BYTES * 3], b"\xff\xfe".to_vec(), b"{".to_vec(), Vec::new()] {
        let headers = [("mcp-method", "tools/call"), ("traceparent", "00-xyz")];
        assert_eq!(send(&echo, ask(body.clone(), &headers)).await, body);
    }
    let off = Router::new().route("/mcp", post(|body: Bytes| async move { body }));
    let off: Router = off.layer(Inspector::disabled().mcp_layer());
    assert_eq!(send(&off, ask(CALL, &[])).await, CALL);
}
