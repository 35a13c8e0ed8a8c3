use serde_json::json;

use super::{input, of, parts};
use crate::model::{ContentField, SpanKind};

/// 60 bytes, encoded.
const DATA: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7";

#[test]
fn opentelemetrys_parts_are_all_understood() {
    let parts = parts(&json!([{"role": "user", "name": "ann", "parts": [
        {"type": "text", "content": "look"},
        {"type": "reasoning", "content": "hm"},
        {"type": "tool_call", "id": "c1", "name": "search", "arguments": "{\"q\":1}"},
        {"type": "tool_call_response", "id": "c1", "response": {"found": 2}},
        {"type": "server_tool_call", "id": "s1", "name": "web", "server_tool_call": {"type": "web", "q": "x"}},
        {"type": "server_tool_call_response", "id": "s1", "server_tool_call_response": {"type": "web"}},
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": DATA},
        {"type": "uri", "modality": "video", "uri": "https://example.com/v.mp4"},
        {"type": "file", "modality": "document", "file_id": "f-1"},
        {"type": "telepathy", "content": [1, 2]},
    ]}]));
    let expected = json!([
        {"type": "text", "text": "look"},
        {"type": "reasoning", "text": "hm"},
        {"type": "tool_call", "id": "c1", "name": "search", "arguments": {"q": 1}},
        {"type": "tool_result", "id": "c1", "result": {"found": 2}},
        {"type": "tool_call", "id": "s1", "name": "web", "arguments": {"type": "web", "q": "x"}},
        {"type": "tool_result", "id": "s1", "result": {"type": "web"}},
        {"type": "image", "mime_type": "image/png", "size": 60,
         "data": {"attribute": "gen_ai.input.messages", "path": "/0/parts/6/content"}},
        {"type": "video", "uri": "https://example.com/v.mp4"},
        {"type": "file", "file_id": "f-1"},
        {"type": "unknown", "json": {"type": "telepathy", "content": [1, 2]}},
    ]);
    assert_eq!(parts, expected);
}

#[test]
fn openais_chat_messages_are_understood() {
    let messages = input(&json!({"model": "gpt", "messages": [
        {"role": "developer", "content": "be brief"},
        {"role": "user", "content": [
            {"type": "text", "text": "what is it"},
            {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{DATA}"), "detail": "low"}},
            {"type": "input_audio", "input_audio": {"data": DATA, "format": "wav"}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": format!("data:application/pdf;base64,{DATA}")}},
        ]},
        {"role": "assistant", "content": null, "refusal": "no", "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "not json"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "42"},
    ]}));
    let at = |path: &str| json!({"attribute": "gen_ai.input.messages", "path": path});
    let expected = json!([
        {"role": "developer", "parts": [{"type": "text", "text": "be brief"}]},
        {"role": "user", "parts": [
            {"type": "text", "text": "what is it"},
            {"type": "image", "mime_type": "image/png", "size": 60, "data": at("/messages/1/content/1/image_url/url")},
            {"type": "audio", "mime_type": "audio/wav", "size": 60, "data": at("/messages/1/content/2/input_audio/data")},
            {"type": "file", "mime_type": "application/pdf", "name": "a.pdf", "size": 60,
             "data": at("/messages/1/content/3/file/file_data")},
        ]},
        {"role": "assistant", "parts": [
            {"type": "refusal", "text": "no"}, {"type": "tool_call", "id": "c1", "name": "f", "arguments": "not json"}]},
        {"role": "tool", "parts": [{"type": "tool_result", "id": "c1", "result": "42"}]},
    ]);
    assert_eq!(messages, expected);
}

#[test]
fn openais_responses_are_messages_made_of_items() {
    let messages = input(&json!([
        {"role": "user", "content": [{"type": "input_text", "text": "hi"}, {"type": "input_image", "image_url": "https://example.com/a.png"}]},
        {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "think"}]},
        {"type": "function_call", "id": "fc", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "{\"ok\":true}"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "done"}]},
        {"type": "web_search_call", "id": "w", "action": {"query": "x"}},
    ]));
    let expected = json!([
        {"role": "user", "parts": [{"type": "text", "text": "hi"}, {"type": "image", "uri": "https://example.com/a.png"}]},
        {"role": "assistant", "parts": [
            {"type": "reasoning", "text": "think"}, {"type": "tool_call", "id": "c1", "name": "f", "arguments": {}}]},
        {"role": "tool", "parts": [{"type": "tool_result", "id": "c1", "result": {"ok": true}}]},
        {"role": "assistant", "parts": [{"type": "text", "text": "done"}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "w", "name": "web_search", "arguments": {"query": "x"}}]},
    ]);
    assert_eq!(messages, expected);
}

#[test]
fn anthropics_blocks_are_understood() {
    let messages = input(&json!({"system": "be brief", "messages": [
        {"role": "user", "content": [
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": DATA}},
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
            {"type": "document", "title": "notes", "source": {"type": "text", "media_type": "text/plain", "data": "words"}},
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": DATA}},
        ]},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "redacted_thinking", "data": "x"},
            {"type": "tool_use", "id": "t1", "name": "ls", "input": {"path": "/"}}], "stop_reason": "tool_use"},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t1", "is_error": true, "content": [{"type": "text", "text": "denied"}]},
            {"type": "tool_result", "tool_use_id": "t2", "content": [
                {"type": "text", "text": "see"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DATA}}]},
        ]},
    ]}));
    let at = |path: &str| json!({"attribute": "gen_ai.input.messages", "path": path});
    assert_eq!(messages[0], json!({"role": "system", "parts": [{"type": "text", "text": "be brief"}]}));
    let expected = json!([
        {"type": "image", "mime_type": "image/jpeg", "size": 60, "data": at("/messages/0/content/0/source/data")},
        {"type": "image", "uri": "https://example.com/a.png"},
        {"type": "resource", "uri": "notes", "mime_type": "text/plain", "text": "words"},
        {"type": "file", "mime_type": "application/pdf", "size": 60, "data": at("/messages/0/content/3/source/data")},
    ]);
    assert_eq!(messages[1]["parts"], expected);
    let expected = json!({"role": "assistant", "finish_reason": "tool_call", "parts": [
        {"type": "reasoning", "text": "hm"},
        {"type": "reasoning", "text": "", "redacted": true},
        {"type": "tool_call", "id": "t1", "name": "ls", "arguments": {"path": "/"}},
    ]});
    assert_eq!(messages[2], expected);
    assert_eq!(
        messages[3]["parts"][0],
        json!({"type": "tool_result", "id": "t1", "is_error": true, "result": "denied"})
    );
    let shown = &messages[3]["parts"][1]["result"][1]["source"]["data"];
    assert_eq!(shown, "[inline data, 60 bytes]", "inline data in a result is not repeated either");
}

#[test]
fn gemini_bedrock_langchain_and_pydantic_ai_are_understood() {
    let gemini = input(&json!({"systemInstruction": {"parts": [{"text": "s"}]}, "contents": [
        {"role": "model", "parts": [{"text": "t", "thought": true}, {"functionCall": {"name": "f", "args": {"a": 1}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"b": 2}}}, {"inlineData": {"mimeType": "image/png", "data": DATA}}]},
    ]}));
    assert_eq!(gemini[0], json!({"role": "system", "parts": [{"type": "text", "text": "s"}]}));
    let expected = json!([{"type": "reasoning", "text": "t"}, {"type": "tool_call", "name": "f", "arguments": {"a": 1}}]);
    assert_eq!((&gemini[1]["role"], &gemini[1]["parts"]), (&json!("assistant"), &expected));
    assert_eq!(gemini[2]["parts"][0], json!({"type": "tool_result", "name": "f", "result": {"b": 2}}));
    assert_eq!(
        (&gemini[2]["parts"][1]["type"], &gemini[2]["parts"][1]["size"]),
        (&json!("image"), &json!(60))
    );

    let bedrock = parts(&json!([{"role": "assistant", "content": [
        {"text": "t"}, {"toolUse": {"toolUseId": "u", "name": "f", "input": {}}},
        {"toolResult": {"toolUseId": "u", "status": "error", "content": [{"json": {"a": 1}}]}},
        {"reasoningContent": {"reasoningText": {"text": "hm"}}}]}]));
    let expected = json!([
        {"type": "text", "text": "t"}, {"type": "tool_call", "id": "u", "name": "f", "arguments": {}},
        {"type": "tool_result", "id": "u", "is_error": true, "result": [{"json": {"a": 1}}]}, {"type": "reasoning", "text": "hm"}]);
    assert_eq!(bedrock, expected);

    let langchain = input(&json!([[
        {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "SystemMessage"], "kwargs": {"content": "s", "type": "system"}},
        {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "HumanMessage"], "kwargs": {"content": "u"}},
        {"type": "ai", "data": {"content": "", "tool_calls": [{"name": "f", "args": {"a": 1}, "id": "c"}]}},
        {"type": "tool", "content": "r", "tool_call_id": "c"},
    ]]));
    let roles: Vec<_> =
        langchain.as_array().unwrap().iter().map(|message| message["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool"]);
    assert_eq!(
        langchain[2]["parts"],
        json!([{"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}}])
    );
    assert_eq!(langchain[3]["parts"], json!([{"type": "tool_result", "id": "c", "result": "r"}]));

    let pydantic = input(&json!([
        {"kind": "request", "parts": [{"part_kind": "user-prompt", "content": "u"}, {"part_kind": "tool-return", "tool_name": "f", "tool_call_id": "c", "content": {"a": 1}}]},
        {"kind": "response", "parts": [{"part_kind": "tool-call", "tool_name": "f", "tool_call_id": "c", "args": "{}"}]},
    ]));
    let expected = json!([
        {"role": "user", "parts": [{"type": "text", "text": "u"}, {"type": "tool_result", "id": "c", "name": "f", "result": {"a": 1}}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "f", "arguments": {}}]}]);
    assert_eq!(pydantic, expected);
}

#[test]
fn vercels_messages_and_mcps_blocks_are_understood() {
    let messages = input(&json!([
        {"role": "user", "content": [{"type": "image", "image": "https://example.com/a.png"}, {"type": "file", "mediaType": "application/pdf", "data": DATA}]},
        {"role": "assistant", "content": [{"type": "tool-call", "toolCallId": "c", "toolName": "f", "input": {"a": 1}}]},
        {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "c", "toolName": "f", "output": {"type": "error-text", "value": "bad"}}]},
        {"role": "user", "content": [
            {"type": "resource", "resource": {"uri": "file:///a", "mimeType": "text/plain", "text": "t"}},
            {"type": "resource_link", "uri": "file:///b"},
            {"type": "image", "data": DATA, "mimeType": "image/gif"}]},
    ]));
    let expected = json!([
        {"role": "user", "parts": [{"type": "image", "uri": "https://example.com/a.png"},
            {"type": "file", "mime_type": "application/pdf", "size": 60, "data": {"attribute": "gen_ai.input.messages", "path": "/0/content/1/data"}}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}}]},
        {"role": "tool", "parts": [{"type": "tool_result", "id": "c", "name": "f", "result": "bad", "is_error": true}]},
        {"role": "user", "parts": [
            {"type": "resource", "uri": "file:///a", "mime_type": "text/plain", "text": "t"},
            {"type": "resource", "uri": "file:///b"},
            {"type": "image", "mime_type": "image/gif", "size": 60, "data": {"attribute": "gen_ai.input.messages", "path": "/3/content/2/data"}}]},
    ]);
    assert_eq!(messages, expected);
}

#[test]
fn openinferences_names_are_put_together_again() {
    let content = of(
        SpanKind::Llm,
        json!({
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.contents.0.message_content.type": "text",
            "llm.input_messages.0.message.contents.0.message_content.text": "see",
            "llm.input_messages.0.message.contents.1.message_content.type": "image",
            "llm.input_messages.0.message.contents.1.message_content.image.image.url": format!("data:image/webp;base64,{DATA}"),
            "llm.input_messages.10.message.role": "tool",
            "llm.input_messages.10.message.tool_call_id": "c",
            "llm.input_messages.10.message.content": "r",
            "llm.input_messages.2.message.role": "assistant",
            "llm.input_messages.2.message.tool_calls.0.tool_call.id": "c",
            "llm.input_messages.2.message.tool_calls.0.tool_call.function.name": "f",
            "llm.input_messages.2.message.tool_calls.0.tool_call.function.arguments": "{\"a\":1}",
            "llm.tools.0.tool.json_schema": "{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{}}}",
        }),
    );
    let attribute = "llm.input_messages.0.message.contents.1.message_content.image.image.url";
    let expected = json!([
        {"role": "user", "parts": [{"type": "text", "text": "see"},
            {"type": "image", "mime_type": "image/webp", "size": 60, "data": {"attribute": attribute}}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}}]},
        {"role": "tool", "parts": [{"type": "tool_result", "id": "c", "result": "r"}]},
    ]);
    assert_eq!(serde_json::to_value(content.input_messages).unwrap(), expected);
    assert_eq!(
        serde_json::to_value(content.tool_definitions).unwrap(),
        json!([{"name": "f", "parameters": {}}])
    );
    assert_eq!(content.sources[0].source, "llm.input_messages");
}

#[test]
fn traceloops_list_of_parts_in_a_text_is_read() {
    let blocks = json!([{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{DATA}")}}]);
    let content = of(
        SpanKind::Llm,
        json!({"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": blocks.to_string()}),
    );
    let expected = json!([{"type": "text", "text": "see"},
        {"type": "image", "mime_type": "image/png", "size": 60, "data": {"attribute": "gen_ai.prompt.0.content", "path": "/1/image_url/url"}}]);
    assert_eq!(serde_json::to_value(&content.input_messages[0].parts).unwrap(), expected);
}

#[test]
fn documents_and_definitions_are_read() {
    let content = of(
        SpanKind::Retrieval,
        json!({
            "input.value": "what",
            "retrieval.documents.0.document.id": "d1",
            "retrieval.documents.0.document.score": 0.5,
            "retrieval.documents.0.document.content": "text",
            "retrieval.documents.0.document.metadata": "{\"page\":1}",
            "output.value": "[]",
        }),
    );
    let expected = json!([{"id": "d1", "score": 0.5, "text": "text", "metadata": {"page": 1}}]);
    assert_eq!(serde_json::to_value(content.documents).unwrap(), expected);
    assert!(content.output_messages.is_empty() && content.input_messages.len() == 1);
    for definitions in [
        json!([{"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}}]),
        json!([{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}]),
        json!([{"name": "f", "description": "d", "input_schema": {"type": "object"}}]),
        json!([{"functionDeclarations": [{"name": "f", "description": "d", "parameters": {"type": "object"}}]}]),
    ] {
        let content = of(SpanKind::Llm, json!({"gen_ai.tool.definitions": definitions.to_string()}));
        let expected = json!([{"name": "f", "description": "d", "parameters": {"type": "object"}}]);
        assert_eq!(serde_json::to_value(content.tool_definitions).unwrap(), expected, "{definitions}");
    }
}

#[test]
fn what_was_cut_reads_on_and_what_is_broken_is_named() {
    let content = of(
        SpanKind::Llm,
        json!({
            "gen_ai.input.messages": "[{\"role\":\"user\",\"parts\":[\"[… 3 items left out]\"]},\"[… 7 items left out]\"]",
            "gen_ai.input.messages_truncated": true,
            "gen_ai.output.messages": "[{\"role\":",
            "output.value": "fine",
        }),
    );
    let expected = json!([
        {"role": "user", "parts": [{"type": "omitted", "items": 3}]},
        {"role": "omitted", "parts": [{"type": "omitted", "items": 7}]},
    ]);
    assert_eq!(serde_json::to_value(&content.input_messages).unwrap(), expected);
    assert!(
        content.sources.iter().any(|source| source.field == ContentField::InputMessages && source.truncated)
    );
    assert_eq!(content.unreadable, ["gen_ai.output.messages"]);
    assert_eq!(content.output_messages.len(), 1, "the next name counts then");
}

#[test]
fn a_cut_picture_is_as_long_as_it_was() {
    let cut = format!("data:image/png;base64,{DATA}… [4022 bytes]");
    let parts =
        parts(&json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": cut}}]}]));
    assert_eq!(parts[0]["size"], 3000);
}

#[test]
fn what_is_no_message_is_kept_as_it_is() {
    let content = of(
        SpanKind::Workflow,
        json!({"input.value": "{\"question\":\"why\"}", "output.value": "[INFO] done"}),
    );
    let parts = |messages| serde_json::to_value(messages).unwrap()[0]["parts"][0].clone();
    assert_eq!(parts(content.input_messages), json!({"type": "unknown", "json": {"question": "why"}}));
    assert_eq!(parts(content.output_messages), json!({"type": "text", "text": "[INFO] done"}));
}
