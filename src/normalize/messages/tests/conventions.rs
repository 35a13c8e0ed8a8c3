//! Conventions that say one thing in several attributes, or in events.

use serde_json::{Value, json};

use super::{of, span};
use crate::model::{Attributes, SpanContent, SpanEvent, SpanKind, Timestamp};
use crate::normalize::content;

/// The content of a model call with these events.
fn of_events(events: &[(&str, Value)]) -> SpanContent {
    let mut span = span(SpanKind::Llm, Attributes::new());
    let event = |(name, attributes): &(&str, Value)| SpanEvent {
        name: (*name).to_owned(),
        time: Timestamp::EPOCH,
        attributes: serde_json::from_value(attributes.clone()).unwrap(),
    };
    span.events = events.iter().map(event).collect();
    content(&span)
}

fn json_of<T: serde::Serialize>(value: T) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn the_event_of_a_whole_model_call_is_read() {
    let content = of_events(&[(
        "gen_ai.client.inference.operation.details",
        json!({
            "gen_ai.system_instructions": "[{\"type\":\"text\",\"content\":\"be brief\"}]",
            "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "blob", "modality": "image", "content": "AAAA"}]}],
            "gen_ai.output.messages": "[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"ok\"}]}]",
        }),
    )]);
    let image = json!({"type": "image", "size": 3, "data": {"event": 0, "attribute": "gen_ai.input.messages", "path": "/0/parts/0/content"}});
    let expected = json!([
        {"role": "system", "parts": [{"type": "text", "text": "be brief"}]},
        {"role": "user", "parts": [image]},
    ]);
    assert_eq!(json_of(&content.input_messages), expected);
    assert_eq!(
        json_of(&content.output_messages),
        json!([{"role": "assistant", "parts": [{"type": "text", "text": "ok"}]}])
    );
    assert!(content.sources.iter().all(|source| source.event));
}

#[test]
fn an_event_for_each_message_is_a_conversation() {
    let content = of_events(&[
        ("gen_ai.system.message", json!({"content": "be brief", "gen_ai.system": "openai"})),
        ("gen_ai.user.message", json!({"body": "{\"role\":\"user\",\"content\":\"hi\"}"})),
        (
            "gen_ai.assistant.message",
            json!({
            "tool_calls.0.id": "c", "tool_calls.0.type": "function", "tool_calls.0.function.name": "f",
            "tool_calls.0.function.arguments": "{\"a\":1}"}),
        ),
        ("gen_ai.tool.message", json!({"id": "c", "content": "r"})),
        ("exception", json!({"exception.message": "m"})),
        (
            "gen_ai.choice",
            json!({"index": 0, "finish_reason": "tool_calls", "message.content": "ok",
            "tool_calls": "[{\"id\":\"d\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]"}),
        ),
    ]);
    let expected = json!([
        {"role": "system", "parts": [{"type": "text", "text": "be brief"}]},
        {"role": "user", "parts": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}}]},
        {"role": "tool", "parts": [{"type": "tool_result", "id": "c", "result": "r"}]},
    ]);
    assert_eq!(json_of(&content.input_messages), expected);
    let choice = json!([{"role": "assistant", "finish_reason": "tool_call", "parts": [
        {"type": "text", "text": "ok"}, {"type": "tool_call", "id": "d", "name": "g", "arguments": {}}]}]);
    assert_eq!(json_of(&content.output_messages), choice);
}

#[test]
fn the_oldest_events_hold_json() {
    let content = of_events(&[
        ("gen_ai.content.prompt", json!({"gen_ai.prompt": "[{\"role\":\"user\",\"content\":\"hi\"}]"})),
        (
            "gen_ai.content.completion",
            json!({"gen_ai.completion": "[{\"role\":\"assistant\",\"content\":\"ok\"}]"}),
        ),
    ]);
    assert_eq!(
        json_of(&content.input_messages),
        json!([{"role": "user", "parts": [{"type": "text", "text": "hi"}]}])
    );
    assert_eq!(content.output_messages.len(), 1);
}

#[test]
fn vercels_answer_is_one_message_of_all_its_kinds() {
    let content = of(
        SpanKind::Llm,
        json!({
            "ai.prompt": "{\"system\":\"be brief\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}]}",
            "ai.prompt.tools": ["{\"type\":\"function\",\"name\":\"f\",\"inputSchema\":{\"type\":\"object\"}}"],
            "ai.response.reasoning": "hm",
            "ai.response.text": "ok",
            "ai.response.toolCalls": "[{\"type\":\"tool-call\",\"toolCallId\":\"c\",\"toolName\":\"f\",\"input\":\"{\\\"a\\\":1}\"}]",
            "ai.response.finishReason": "tool-calls",
        }),
    );
    let roles: Vec<_> = content.input_messages.iter().map(|message| message.role.as_str()).collect();
    assert_eq!(roles, ["system", "user"]);
    let answer = json!([{"role": "assistant", "finish_reason": "tool_call", "parts": [
        {"type": "reasoning", "text": "hm"}, {"type": "text", "text": "ok"},
        {"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}}]}]);
    assert_eq!(json_of(&content.output_messages), answer);
    assert_eq!(json_of(&content.tool_definitions), json!([{"name": "f", "parameters": {"type": "object"}}]));
    let sources: Vec<_> = content.sources.iter().map(|source| source.source.as_str()).collect();
    assert_eq!(
        sources,
        [
            "ai.prompt",
            "ai.response.reasoning",
            "ai.response.text",
            "ai.response.toolCalls",
            "ai.prompt.tools"
        ]
    );
}

#[test]
fn pydantic_ais_events_and_logfires_requests_are_read() {
    let events = json!([
        {"event.name": "gen_ai.user.message", "role": "user", "content": "hi", "gen_ai.message.index": 0},
        {"event.name": "gen_ai.choice", "index": 0, "message": {"role": "assistant", "content": "ok"}},
        {"event.name": "something.else", "content": "x"},
    ]);
    let content = of(SpanKind::Llm, json!({"events": events.to_string()}));
    assert_eq!((content.input_messages.len(), content.output_messages.len()), (1, 1));
    // Of any other program an attribute of that name is something else.
    assert_eq!(of(SpanKind::Llm, json!({"events": "[{\"content\":\"x\"}]"})), SpanContent::default());

    let mut request = span(
        SpanKind::Llm,
        serde_json::from_value(json!({
            "request_data": "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
            "response_data": "{\"message\":{\"role\":\"assistant\",\"content\":\"ok\"},\"usage\":{}}",
        }))
        .unwrap(),
    );
    assert_eq!(content_of(&request), (0, 0));
    request.scope.name = "logfire.openai".into();
    assert_eq!(content_of(&request), (1, 1));
}

fn content_of(span: &crate::model::Span) -> (usize, usize) {
    let content = content(span);
    (content.input_messages.len(), content.output_messages.len())
}

#[test]
fn answers_of_providers_are_read_as_they_came_over_the_wire() {
    for answer in [
        json!({"id": "x", "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "ok"}}]}),
        json!({"id": "x", "role": "assistant", "content": [{"type": "text", "text": "ok"}], "stop_reason": "end_turn"}),
        json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "ok"}]}, "finishReason": "STOP"}]}),
        json!({"message": {"role": "assistant", "content": [{"text": "ok"}]}, "stopReason": "end_turn"}),
    ] {
        let content = of(SpanKind::Llm, json!({"mcp.llm.response_json": answer.to_string()}));
        let expected = json!([{"role": "assistant", "parts": [{"type": "text", "text": "ok"}], "finish_reason": "stop"}]);
        assert_eq!(json_of(&content.output_messages), expected, "{answer}");
    }
    let answer = json!({"id": "x", "instructions": "be brief", "output": [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "ok"}]}]});
    let content = of(SpanKind::Llm, json!({"mcp.llm.response_json": answer.to_string()}));
    assert_eq!(content.output_messages.len(), 1, "an answer repeats what it was asked");
}

#[test]
fn why_the_model_stopped_may_stand_beside_the_messages() {
    let reason = |said: Value| {
        let attributes = json!({"gen_ai.output.messages": "[{\"role\":\"assistant\",\"content\":\"ok\"}]", "gen_ai.response.finish_reasons": said});
        of(SpanKind::Llm, attributes).output_messages[0].finish_reason.clone()
    };
    assert_eq!(reason(json!(["tool_use"])).as_deref(), Some("tool_call"));
    assert_eq!(reason(json!("[\"stop\"]")).as_deref(), Some("stop"));
    assert_eq!(reason(json!(["stop", "stop"])), None, "it is not known whose they are");
}

#[test]
fn what_mcp_agent_flattens_is_put_together_and_nobody_elses_names_are_messages() {
    let content = of(
        SpanKind::Tool,
        json!({
            "result.isError": false,
            "result.content.0.type": "text", "result.content.0.text": "a",
            "result.content.1.type": "image", "result.content.1.mimeType": "image/png", "result.content.1.data": "A".repeat(80),
            "arguments.paths.0": "x", "arguments.paths.1": "y",
        }),
    );
    assert_eq!(json_of(content.tool_input), json!({"paths": ["x", "y"]}));
    let output = json_of(content.tool_output);
    assert_eq!(output["content"][0], json!({"type": "text", "text": "a"}));
    assert_eq!(output["content"][1]["data"], "[inline data, 60 bytes]");
    let content =
        of(SpanKind::Other, json!({"message.type": "SENT", "message.id": 1, "response.status_code": 200}));
    assert_eq!(content, SpanContent::default());
}

#[test]
fn what_is_around_no_messages_is_kept() {
    let content =
        of(SpanKind::Llm, json!({"gen_ai.input.messages": "[{\"input\":{\"a\":1}},{\"kwargs\":5}]"}));
    let kept: Vec<_> = content.input_messages.iter().map(|message| json_of(&message.parts)).collect();
    assert_eq!(
        kept,
        [
            json!([{"type": "unknown", "json": {"input": {"a": 1}}}]),
            json!([{"type": "unknown", "json": {"kwargs": 5}}])
        ]
    );
}
