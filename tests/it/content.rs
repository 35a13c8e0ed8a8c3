//! Prompts, answers, tool calls and documents in one shape, whatever convention they were sent in, as a visitor who opens a
//! span finds them.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::otlp::{fixture, from_base64};
use crate::support::{Host, local};

/// The spans of a session, each as it is when it is opened, in the order of the tree.
async fn opened(host: &Host, session: &str) -> Vec<Value> {
    let tree = host.get(&format!("/sessions/{session}/spans")).await;
    let mut spans = Vec::new();
    for row in tree["spans"].as_array().unwrap() {
        let (id, trace) = (row["span_id"].as_str().unwrap(), row["trace_id"].as_str().unwrap());
        spans.push(host.get(&format!("/sessions/{session}/spans/{id}?trace_id={trace}")).await);
    }
    spans
}

/// Sends the trace requests of a recording as they were sent.
async fn replay(host: &Host, recording: &str) {
    for line in String::from_utf8(fixture(recording)).unwrap().lines() {
        let request: Value = serde_json::from_str(line).unwrap();
        if request["path"] != "/v1/traces" {
            continue;
        }
        let mut sent = Request::post("/_inspector/v1/traces");
        for (name, value) in request["headers"].as_object().unwrap() {
            if ["content-type", "content-encoding"].contains(&&*name.to_lowercase()) {
                sent = sent.header(name, value.as_str().unwrap());
            }
        }
        let body = from_base64(request["body_b64"].as_str().unwrap());
        assert_eq!(host.send(local(sent, Body::from(body))).await.status(), StatusCode::OK);
    }
}

/// The messages without what not every convention tells: ids of calls, and why the model stopped.
fn common(messages: &Value) -> Value {
    let mut messages = messages.clone();
    for message in messages.as_array_mut().unwrap() {
        message.as_object_mut().unwrap().remove("finish_reason");
        for part in message["parts"].as_array_mut().unwrap() {
            part.as_object_mut().unwrap().remove("id");
        }
    }
    messages
}

#[tokio::test]
async fn one_run_in_three_conventions_says_the_same_words() {
    let host = Host::in_memory();
    let mut runs = Vec::new();
    for convention in ["genai", "openinference", "traceloop"] {
        let body: Value =
            serde_json::from_slice(&fixture(&format!("marshmallow-1867.{convention}.json"))).unwrap();
        assert_eq!(host.post("/v1/traces", &body).await.0, StatusCode::OK);
        let spans = opened(&host, &format!("swe-marshmallow-1867-{convention}")).await;
        assert_eq!(spans.len(), 23);
        for span in &spans {
            assert_eq!(span["content"]["unreadable"], json!([]));
            assert!(span["content"].get("left_out").is_none());
        }
        runs.push(spans);
    }
    for ((genai, openinference), traceloop) in runs[0].iter().zip(&runs[1]).zip(&runs[2]).skip(1) {
        let facts = |span: &Value| {
            let content = &span["content"];
            json!({
                "kind": span["kind"], "model": span["model"], "provider": span["provider"], "usage": span["usage"],
                "tool": span["tool"], "error": span["error"], "start": span["start_time"], "end": span["end_time"],
                "input": common(&content["input_messages"]), "output": common(&content["output_messages"]),
                "tool_input": content["tool_input"], "tool_output": content["tool_output"],
            })
        };
        assert_eq!(facts(genai), facts(openinference));
        assert_eq!(facts(genai), facts(traceloop));
        // Two of them tell it, in different words.
        let finish = |span: &Value| span["content"]["output_messages"][0]["finish_reason"].clone();
        assert_eq!(finish(genai), finish(traceloop));
    }
    let llm = runs[0].iter().find(|span| span["kind"] == "llm").unwrap();
    let roles: Vec<_> =
        llm["content"]["input_messages"].as_array().unwrap().iter().map(|one| &one["role"]).collect();
    assert_eq!(roles, ["system", "user"]);
    let expected = json!({"type": "tool_call", "id": "call_0", "name": "bash", "arguments": {"command": "create reproduce.py"}});
    assert_eq!(llm["content"]["output_messages"][0]["parts"][1], expected);
    let tool = runs[2].iter().find(|span| span["kind"] == "tool").unwrap();
    assert_eq!(tool["content"]["tool_input"], json!({"command": "create reproduce.py"}));
    assert_eq!(tool["content"]["tool_output"], "[File: reproduce.py (1 lines total)]\r\n1:");
    assert_eq!(
        tool["attributes"]["traceloop.entity.input"], "{\"command\": \"create reproduce.py\"}",
        "kept as it was sent"
    );
}

#[tokio::test]
async fn pydantic_ais_conversation_is_told_on_its_agent_and_on_each_model_call() {
    let host = Host::in_memory();
    replay(&host, "pydantic_ai_genai_gzip.jsonl").await;
    let spans = opened(&host, "conv-pydantic-1").await;
    let named = |name: &str| &spans.iter().find(|span| span["name"] == name).unwrap()["content"];
    let agent = named("invoke_agent weather_agent");
    let roles = |messages: &Value| -> Vec<String> {
        messages.as_array().unwrap().iter().map(|one| one["role"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(roles(&agent["input_messages"]), ["system", "user", "assistant", "user"]);
    let result = json!({"type": "tool_result", "id": "pyd_ai_tool_call_id__get_weather", "name": "get_weather", "result": "21 C in a"});
    assert_eq!(agent["input_messages"][3]["parts"][0], result);
    assert_eq!(roles(&agent["output_messages"]), ["assistant"]);
    let sources: Vec<_> =
        agent["sources"].as_array().unwrap().iter().map(|one| (&one["field"], &one["source"])).collect();
    let expected = [
        (json!("input_messages"), json!("gen_ai.system_instructions")),
        (json!("input_messages"), json!("pydantic_ai.all_messages")),
        (json!("output_messages"), json!("pydantic_ai.all_messages")),
    ];
    assert_eq!(sources, expected.iter().map(|(field, source)| (field, source)).collect::<Vec<_>>());

    let chat = named("chat test");
    assert_eq!(chat["tool_definitions"][0]["name"], "get_weather");
    assert_eq!(chat["tool_definitions"][0]["parameters"]["required"], json!(["city"]));
    let tool = named("execute_tool get_weather");
    assert_eq!((&tool["tool_input"], &tool["tool_output"]), (&json!({"city": "a"}), &json!("21 C in a")));
    assert_eq!(tool["input_messages"], json!([]));
}

#[tokio::test]
async fn claude_codes_tools_say_what_they_were_called_with_and_what_came_of_it() {
    let host = Host::in_memory();
    replay(&host, "claude_code_default.jsonl").await;
    let spans = opened(&host, "acd29611-5f30-4b45-b22a-212b968a9834").await;
    let tool = |name: &str| {
        &spans.iter().find(|span| span["kind"] == "tool" && span["tool"] == name).unwrap()["content"]
    };
    assert_eq!(tool("Bash")["tool_input"], json!({"command": "echo hello-example"}));
    assert_eq!(tool("Bash")["tool_output"], "hello-example");
    let output = json!({"field": "tool_output", "source": "tool.output", "event": true});
    assert!(tool("Bash")["sources"].as_array().unwrap().contains(&output));
    assert_eq!(tool("Read")["tool_input"], json!({"file_path": "/nonexistent/example.txt"}));
    assert!(tool("Read").get("tool_output").is_none());
    let root = spans.iter().find(|span| span["kind"] == "agent").unwrap();
    let prompt = json!([{"role": "user", "parts": [{"type": "text", "text": "List the directory."}]}]);
    assert_eq!(root["content"]["input_messages"], prompt);
}

#[tokio::test]
async fn structured_messages_and_long_ones_read_as_those_in_json_do() {
    let host = Host::in_memory();
    let text = |text: &str| json!({"stringValue": text});
    let object = |fields: &[(&str, Value)]| {
        let fields: Vec<_> = fields.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
        json!({"kvlistValue": {"values": fields}})
    };
    let list = |values: Vec<Value>| json!({"arrayValue": {"values": values}});
    let part = object(&[("type", text("text")), ("content", text("words"))]);
    let message = object(&[("role", text("user")), ("parts", list(vec![part]))]);
    // The picture is longer than what is kept of an attribute.
    let picture = format!("data:image/png;base64,{}", "A".repeat(60_000));
    let long =
        json!([{"role": "assistant", "content": [{"type": "image_url", "image_url": {"url": picture}}]}]);
    let span = json!({
        "traceId": "249d0e49a29910886c9895950073aa9a", "spanId": "00000000000000b1", "name": "chat", "kind": 3,
        "startTimeUnixNano": "1720000000000000000", "endTimeUnixNano": "1720000001000000000",
        "attributes": [
            {"key": "gen_ai.operation.name", "value": text("chat")},
            {"key": "gen_ai.conversation.id", "value": text("c-1")},
            {"key": "gen_ai.input.messages", "value": list(vec![message])},
            {"key": "gen_ai.output.messages", "value": text(&long.to_string())},
        ],
    });
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    assert_eq!(host.post("/v1/traces", &body).await.0, StatusCode::OK);
    let span = host.get("/sessions/c-1/spans/00000000000000b1").await;
    let content = &span["content"];
    assert_eq!(
        content["input_messages"],
        json!([{"role": "user", "parts": [{"type": "text", "text": "words"}]}])
    );
    let picture = json!({
        "type": "image", "mime_type": "image/png", "size": 45_000,
        "data": {"attribute": "gen_ai.output.messages", "path": "/0/content/0/image_url/url"}
    });
    assert_eq!(content["output_messages"][0]["parts"], json!([picture]));
    let cut = json!({"field": "output_messages", "source": "gen_ai.output.messages", "truncated": true});
    assert!(content["sources"].as_array().unwrap().contains(&cut), "{}", content["sources"]);
    assert!(!content.to_string().contains("AAAA"), "inline data is not repeated");
}
