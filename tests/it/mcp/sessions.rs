//! Which session a request belongs to, and how long that lasts.

use tracing_subscriber::prelude::*;

use super::*;

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","clientInfo":{"name":"tester","version":"3"}}}"#;

async fn sessions(host: &Host) -> Vec<Value> {
    host.inspector.settle().await;
    host.get("/sessions").await["sessions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_session_that_the_server_mints_has_its_name_and_the_clients_from_the_first_request_on() {
    let host = Host::in_memory();
    let app = server(
        &host,
        r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{}}}"#,
    );
    send(&app, ask(INITIALIZE, &[])).await;
    let (session, spans) = only(&host).await;
    assert_eq!(
        (&session["id"], &session["title"], &session["agent"]),
        (&json!("s-1"), &json!("MCP client tester"), &json!("tester"))
    );
    assert_eq!(named(&spans, "initialize")["attributes"]["mcp.session.id"], "s-1");
    let call = [("mcp-session-id", "s-1"), ("mcp-protocol-version", "2025-06-18")];
    send(&app, ask(CALL, &call)).await;
    let (_, spans) = only(&host).await;
    // The server's answer is for another id: the call has none.
    assert_eq!(named(&spans, "tools/call add")["attributes"]["error.type"], "no_result");
}

#[tokio::test]
async fn what_the_host_does_before_a_session_has_its_name_hangs_below_the_initialize() {
    for caller in [None, Some(format!("00-{TRACE}-00f067aa0ba902b7-01"))] {
        let host = Host::in_memory();
        let layer = tracing_subscriber::registry().with(host.inspector.layer());
        let _subscriber = tracing::subscriber::set_default(layer);
        let inspector = host.inspector.clone();
        let answering = post(move |_: Bytes| async move {
            tracing::info_span!("load the tenant").in_scope(|| {});
            // What was done is known before the answer: it is in a session that has no name yet.
            inspector.settle().await;
            ([("mcp-session-id", "s-1")], Json(json!({ "jsonrpc": "2.0", "id": 0, "result": {} })))
        });
        let app: Router = Router::new().route("/mcp", answering).layer(host.inspector.mcp_layer());
        let headers: Vec<_> = caller.as_deref().map(|caller| ("traceparent", caller)).into_iter().collect();
        send(&app, ask(INITIALIZE, &headers)).await;
        assert_eq!(sessions(&host).await.len(), 1);
        let (session, spans) = only(&host).await;
        assert_eq!(session["id"], "s-1");
        let initialize = named(&spans, "initialize");
        assert_eq!(named(&spans, "load the tenant")["parent_span_id"], initialize["span_id"]);
        if caller.is_some() {
            assert_eq!(
                (&initialize["trace_id"], &initialize["parent_span_id"]),
                (&json!(TRACE), &json!("00f067aa0ba902b7"))
            );
        }
        // The same client again: what is done for that belongs to the same session.
        send(&app, ask(INITIALIZE, &headers)).await;
        let (session, spans) = only(&host).await;
        assert_eq!((sessions(&host).await.len(), &session["id"]), (1, &json!("s-1")));
        let begun: Vec<_> = spans.iter().filter(|span| span["name"] == "initialize").collect();
        let done = spans.iter().filter(|span| span["name"] == "load the tenant");
        let parents: Vec<_> = done.map(|span| &span["parent_span_id"]).collect();
        assert_eq!(begun.len(), 2);
        assert!(begun.iter().all(|one| parents.contains(&&one["span_id"])), "{spans:#?}");
    }
}

#[tokio::test]
async fn an_initialize_that_nobody_waits_for_is_a_session_that_failed() {
    let host = Host::in_memory();
    let waiting = post(|| async { std::future::pending::<String>().await });
    let app: Router = Router::new().route("/mcp", waiting).layer(host.inspector.mcp_layer());
    assert!(futures_util::FutureExt::now_or_never(app.oneshot(ask(INITIALIZE, &[]))).is_none());
    let (session, spans) = only(&host).await;
    assert_eq!(session["status"], "failed");
    assert_eq!(named(&spans, "initialize")["attributes"]["error.type"], "disconnected");
}

#[tokio::test]
async fn a_request_that_the_caller_names_can_be_cancelled_in_the_protocols_session() {
    let host = Host::in_memory();
    let answering = post(|body: Bytes| async move {
        if body.windows(9).any(|part| part == b"cancelled") {
            return axum::http::StatusCode::ACCEPTED.into_response();
        }
        std::future::pending::<Response<Body>>().await
    });
    let app: Router = Router::new().route("/mcp", answering).layer(host.inspector.mcp_layer());
    let headers = [("mcp-session-id", "s-3"), ("x-mcp-request-id", "mine")];
    let mut asked = Box::pin(app.clone().oneshot(ask(CALL, &headers)));
    assert!(futures_util::FutureExt::now_or_never(&mut asked).is_none());
    let cancel =
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7,"reason":"enough"}}"#;
    send(&app, ask(cancel, &[("mcp-session-id", "s-3")])).await;
    let (_, spans) = only(&host).await;
    let call = named(&spans, "tools/call add");
    assert_eq!(call["attributes"]["mcp.cancellation.requested"], true, "{call}");
    drop(asked);
    let (session, _) = only(&host).await;
    assert_eq!((&session["id"], &session["error"]), (&json!("mine"), &json!("cancelled: enough")));
    assert_eq!(session["status"], "failed");
}

#[tokio::test]
async fn a_name_that_is_used_again_goes_on_in_the_same_session() {
    let host = Host::in_memory();
    let app = server(&host, r#"{"jsonrpc":"2.0","id":7,"result":{"content":[]}}"#);
    for _ in 0..2 {
        send(&app, ask(CALL, &[("x-mcp-request-id", "again")])).await;
        assert_eq!(only(&host).await.0["status"], "completed");
    }
    assert_eq!(only(&host).await.0["counters"]["tool_calls"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_silent_session_ends_by_itself_and_one_that_still_answers_does_not() {
    let host = Host::in_memory();
    let (frames, stream) = mpsc::channel::<Result<Bytes, Infallible>>(1);
    let app: Router = streaming(stream).layer(host.inspector.mcp_layer());
    let answer = app.oneshot(ask(CALL, &[("mcp-session-id", "s-4")])).await.unwrap();
    tokio::time::sleep(2 * agent_inspector::MCP_IDLE_SESSION).await;
    assert_eq!(sessions(&host).await[0]["status"], "running");
    frames
        .send(Ok(Bytes::from_static(b"data: {\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}\n\n")))
        .await
        .unwrap();
    drop(frames);
    answer.into_body().collect().await.unwrap();
    tokio::time::sleep(2 * agent_inspector::MCP_IDLE_SESSION).await;
    assert_eq!(sessions(&host).await[0]["status"], "completed");
}

#[tokio::test]
async fn a_session_that_the_server_does_not_know_any_more_is_over() {
    let host = Host::in_memory();
    let gone = Router::new().route("/mcp", post(|| async { axum::http::StatusCode::NOT_FOUND }));
    let gone: Router = gone.layer(host.inspector.mcp_layer());
    send(&gone, ask(CALL, &[("mcp-session-id", "s-5")])).await;
    let (session, spans) = only(&host).await;
    assert_eq!(session["status"], "completed");
    assert!(named(&spans, "tools/call add")["error"].as_str().unwrap().contains("HTTP 404"));
}

#[tokio::test]
async fn more_sessions_than_are_kept_lose_nothing_but_the_oldest_ones_place() {
    let host = Host::in_memory();
    let app = server(&host, r#"{"jsonrpc":"2.0","id":7,"result":{"content":[]}}"#);
    for number in 0..=agent_inspector::MAX_MCP_SESSIONS {
        send(&app, ask(CALL, &[("mcp-session-id", format!("many-{number}").as_str())])).await;
    }
    host.inspector.settle().await;
    let of = async |status: &str| {
        let counted = host.get(&format!("/sessions?status={status}&counts=true&limit=1")).await;
        counted["counts"][status].as_u64().or(counted["total"].as_u64())
    };
    assert_eq!(of("completed").await, Some(1));
}
