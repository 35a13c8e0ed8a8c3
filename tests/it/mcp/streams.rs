//! Answers that stream, break off, or ask something in turn.

use super::*;

fn event(json: &str) -> Result<Bytes, Infallible> {
    Ok(Bytes::from(format!("data: {json}\n\n")))
}

#[tokio::test]
async fn progress_is_told_while_the_call_runs() {
    let host = Host::in_memory();
    let (frames, stream) = mpsc::channel(4);
    let app: Router = streaming(stream).layer(host.inspector.mcp_layer());
    let asked = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add","_meta":{"progressToken":"p"}}}"#;
    let answer = app.oneshot(ask(asked, &[("mcp-session-id", "s")])).await.unwrap();
    let progress = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1,"total":4,"message":"a quarter"}}"#;
    frames.send(event(progress)).await.unwrap();
    frames.send(event(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#)).await.unwrap();
    drop(frames);
    answer.into_body().collect().await.unwrap();
    host.inspector.settle().await;
    let events = host.get("/sessions/s/events").await;
    let types: Vec<_> = events["events"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
    let told = types.iter().position(|kind| *kind == "ProgressUpdate").unwrap();
    let over = types.iter().position(|kind| *kind == "McpRequestFinished").unwrap();
    assert!(told < over, "{types:?}");
    assert_eq!(events["events"][told]["percent"], 25.0);
}

#[tokio::test]
async fn the_requests_of_a_batch_stand_below_it_and_each_has_its_result() {
    let host = Host::in_memory();
    let app = server(
        &host,
        r#"[{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"none"}},{"jsonrpc":"2.0","id":1,"result":{}}]"#,
    );
    let batch = r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"tools/list"},{"jsonrpc":"2.0","method":"notifications/x"}]"#;
    send(&app, ask(batch, &[("mcp-protocol-version", "2025-03-26"), ("mcp-session-id", "s-1")])).await;
    let (_, spans) = only(&host).await;
    let above = named(&spans, "batch");
    for (name, failed) in [("ping", false), ("tools/list", true)] {
        let span = named(&spans, name);
        assert_eq!(span["parent_span_id"], above["span_id"]);
        assert_eq!(span["status"] == "error", failed, "{span}");
    }
    assert!(above["end_time"].as_str() >= named(&spans, "ping")["end_time"].as_str());
}

#[tokio::test]
async fn a_question_on_the_servers_own_stream_is_a_wait_of_the_session() {
    let host = Host::in_memory();
    let (frames, stream) = mpsc::channel(4);
    let stream = std::sync::Arc::new(std::sync::Mutex::new(Some(stream)));
    let listening = axum::routing::get(move || {
        let stream = stream.lock().unwrap().take().unwrap();
        async { ([("content-type", "text/event-stream")], Body::from_stream(ReceiverStream::new(stream))) }
    });
    let pong = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    let both = listening.post(move || async move { ([("content-type", "application/json")], pong) });
    let app: Router = Router::new().route("/mcp", both).layer(host.inspector.mcp_layer());
    let known = [("mcp-session-id", "s")];
    send(&app, ask(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, &known)).await;
    let listens = Request::get("/mcp").header("mcp-session-id", "s").body(Body::empty()).unwrap();
    let mut body = app.clone().oneshot(listens).await.unwrap().into_body().into_data_stream();
    let question = r#"{"jsonrpc":"2.0","id":9,"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":{"type":"text","text":"Which?"}}]}}"#;
    frames.send(event(question)).await.unwrap();
    body.next().await.unwrap().unwrap();
    let (session, spans) = only(&host).await;
    assert_eq!(session["waiting_on"]["signal_name"], "sampling");
    assert!(named(&spans, "sampling")["attributes"].to_string().contains("Which?"));
    let reply = r#"{"jsonrpc":"2.0","id":9,"error":{"code":-1,"message":"the user said no"}}"#;
    send(&app, ask(reply, &known)).await;
    let (session, spans) = only(&host).await;
    assert_ne!(session["status"], "paused");
    assert_eq!(named(&spans, "sampling")["attributes"]["inspector.wait.outcome"], "denied");
}

#[tokio::test]
async fn the_rest_of_a_stream_that_broke_off_is_found_when_the_client_comes_back() {
    let host = Host::in_memory();
    let rest = "id: 2\ndata: {\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"content\":[]}}\n\n";
    let both = post(|| async { ([("content-type", "text/event-stream")], "id: 1\ndata:\n\n") })
        .get(move || async move { ([("content-type", "text/event-stream")], rest) });
    let app: Router = Router::new().route("/mcp", both).layer(host.inspector.mcp_layer());
    send(&app, ask(CALL, &[("mcp-session-id", "s")])).await;
    let (_, spans) = only(&host).await;
    assert_eq!(named(&spans, "tools/call add")["end_time"], Value::Null);
    let again = Request::get("/mcp").header("mcp-session-id", "s").header("last-event-id", "1");
    assert_eq!(send(&app, again.body(Body::empty()).unwrap()).await, rest);
    let (_, spans) = only(&host).await;
    let call = named(&spans, "tools/call add");
    assert!(call["end_time"].is_string() && call["status"] != "error", "{call}");
}

#[tokio::test]
async fn a_question_in_place_of_a_result_is_answered_by_the_next_request_in_the_same_session() {
    let host = Host::in_memory();
    let answering = post(|body: Bytes| async move {
        let said = String::from_utf8_lossy(&body).contains("inputResponses");
        let asks = r#"{"jsonrpc":"2.0","id":7,"result":{"resultType":"input_required","requestState":"x","inputRequests":{"sure":{"method":"elicitation/create","params":{"message":"Sure?","requestedSchema":{"type":"object"}}}}}}"#;
        let gives = r#"{"jsonrpc":"2.0","id":8,"result":{"resultType":"complete","content":[]}}"#;
        ([("content-type", "application/json")], if said { gives } else { asks })
    });
    let app: Router = Router::new().route("/mcp", answering).layer(host.inspector.mcp_layer());
    let modern = [("mcp-protocol-version", "2026-07-28")];
    send(&app, ask(CALL, &modern)).await;
    let (session, spans) = only(&host).await;
    assert_eq!((&session["status"], &session["waiting_on"]["prompt"]), (&json!("paused"), &json!("Sure?")));
    let asked = named(&spans, "tools/call add");
    assert!(asked["status"] != "error" && asked["end_time"].is_string(), "{asked}");
    assert_eq!(named(&spans, "elicitation")["parent_span_id"], asked["span_id"]);
    let again = r#"{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"add","requestState":"x","inputResponses":{"sure":{"action":"accept","content":{"yes":true}}}}}"#;
    send(&app, ask(again, &modern)).await;
    let (session, spans) = only(&host).await;
    assert_eq!((&session["status"], &session["counters"]["tool_calls"]), (&json!("completed"), &json!(2)));
    let wait = named(&spans, "elicitation");
    assert_eq!(wait["attributes"]["inspector.wait.outcome"], "answered", "{wait}");
    assert!(wait["attributes"].to_string().contains("yes"), "{wait}");
}

#[tokio::test]
async fn of_a_resource_the_type_and_the_size_are_kept_and_not_the_content() {
    let host = Host::in_memory();
    let app = server(
        &host,
        r#"{"jsonrpc":"2.0","id":3,"result":{"contents":[{"uri":"file:///a","mimeType":"text/plain","text":"zebra"},{"uri":"file:///b","blob":"AAEC"}]}}"#,
    );
    let read = r#"{"jsonrpc":"2.0","id":3,"method":"resources/read","params":{"uri":"file:///a"}}"#;
    send(&app, ask(read, &[("mcp-session-id", "s-1")])).await;
    let (_, spans) = only(&host).await;
    let span = named(&spans, "resources/read");
    assert_eq!((&span["kind"], &span["attributes"]["mcp.resource.bytes"]), (&json!("resource"), &json!(8)));
    assert_eq!(span["attributes"]["mcp.resource.mime_type"], "text/plain");
    assert!(!span.to_string().contains("zebra"));
}

#[tokio::test]
async fn an_answer_that_breaks_off_an_event_without_end_and_an_encoded_one_leave_a_word_and_pass_whole() {
    let host = Host::in_memory();
    let broken = post(|| async {
        let parts = [Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("gone"))];
        ([("content-type", "application/json")], Body::from_stream(tokio_stream::iter(parts)))
    });
    let app: Router = Router::new().route("/mcp", broken).layer(host.inspector.mcp_layer());
    let answer = app.oneshot(ask(CALL, &[("x-mcp-request-id", "broken")])).await.unwrap();
    assert!(answer.into_body().collect().await.is_err());
    let (session, _) = only(&host).await;
    assert_eq!(session["error"], "the answer broke off");

    let host = Host::in_memory();
    let endless = post(|| async {
        let parts = (0..64).map(|_| Ok::<_, Infallible>(Bytes::from(vec![b'x'; 16 * 1024])));
        let body = Body::from_stream(tokio_stream::iter(
            std::iter::once(Ok(Bytes::from_static(b"data: "))).chain(parts),
        ));
        ([("content-type", "text/event-stream")], body)
    });
    let app: Router = Router::new().route("/mcp", endless).layer(host.inspector.mcp_layer());
    assert_eq!(send(&app, ask(CALL, &[("x-mcp-request-id", "long")])).await.len(), 64 * 16 * 1024 + 6);
    assert_eq!(only(&host).await.0["error"], "the answer has no result");

    let host = Host::in_memory();
    let encoded = post(|| async { ([("content-encoding", "br")], "whatever") });
    let app: Router = Router::new().route("/mcp", encoded).layer(host.inspector.mcp_layer());
    send(&app, ask(CALL, &[("x-mcp-request-id", "encoded")])).await;
    let (session, spans) = only(&host).await;
    assert_eq!(session["status"], "completed");
    assert_eq!(named(&spans, "tools/call add")["attributes"]["inspector.mcp.body"], "encoded");
}
