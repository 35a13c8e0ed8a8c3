//! The cells of the table that are content.

use serde_json::{Value, json};

use super::By::{Anyone, ClaudeCode, Codex, Named};
use super::{attributes, normalised, plain};
use crate::model::{SpanEvent, SpanKind, Timestamp};
use crate::normalize::content;

#[test]
fn prompts_and_responses() {
    let given =
        |by, said: &Value| serde_json::to_value(content(&normalised(by, said)).input_messages).unwrap();
    let answered =
        |by, said: &Value| serde_json::to_value(content(&normalised(by, said)).output_messages).unwrap();
    let messages = |role: &str| json!([{"role": role, "parts": [{"type": "text", "text": "words"}]}]);
    let chat = |role: &str| format!(r#"[{{"role":"{role}","content":"words"}}]"#);
    for (by, said) in [
        (Anyone, json!({"gen_ai.input.messages": chat("user")})),
        (Anyone, json!({"gen_ai.prompt": "words"})),
        (
            Anyone,
            json!({"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "words"}),
        ),
        (Anyone, json!({"input.value": "words"})),
        (Anyone, json!({"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "words"})),
        (Anyone, json!({"traceloop.entity.input": "words"})),
        (Anyone, json!({"gen_ai.task.input": "words"})),
        (Anyone, json!({"ai.prompt.messages": chat("user")})),
        (Anyone, json!({"ai.prompt": "{\"prompt\":\"words\"}"})),
        (Anyone, json!({"message.role": "user", "message.content": "words"})),
        (Anyone, json!({"message.content": "words"})),
        (ClaudeCode, json!({"user_prompt": "words"})),
        (Codex, json!({"prompt": "words"})),
        (Anyone, json!({"mcp.llm.prompt_json": chat("user")})),
        (Anyone, json!({"pydantic_ai.all_messages": chat("user")})),
    ] {
        assert_eq!(given(by, &said), messages("user"), "{said} of {by:?}");
    }
    assert_eq!(
        given(Anyone, &json!({"gen_ai.system_instructions": "[{\"type\":\"text\",\"content\":\"words\"}]"})),
        messages("system")
    );
    for (by, said) in [
        (Anyone, json!({"gen_ai.output.messages": chat("assistant")})),
        (Anyone, json!({"gen_ai.completion": "words"})),
        (
            Anyone,
            json!({"llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "words"}),
        ),
        (Anyone, json!({"output.value": "words"})),
        (Anyone, json!({"gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": "words"})),
        (Anyone, json!({"traceloop.entity.output": "words"})),
        (Anyone, json!({"gen_ai.task.output": "words"})),
        (Anyone, json!({"ai.response.text": "words"})),
        (Anyone, json!({"response.content": "words"})),
        (Anyone, json!({"response.0.content": "words"})),
        (ClaudeCode, json!({"response": "words"})),
        (Anyone, json!({"mcp.llm.response_json": chat("assistant")})),
        (Anyone, json!({"pydantic_ai.all_messages": chat("assistant")})),
        (Anyone, json!({"final_result": "words"})),
    ] {
        assert_eq!(answered(by, &said), messages("assistant"), "{said} of {by:?}");
    }
    assert_eq!(
        answered(Anyone, &json!({"ai.response.object": "{\"a\":1}"}))[0]["parts"][0]["text"],
        "{\"a\":1}"
    );
    let calls =
        json!({"ai.response.toolCalls": "[{\"toolCallId\":\"c\",\"toolName\":\"t\",\"args\":\"{}\"}]"});
    assert_eq!(
        answered(Anyone, &calls)[0]["parts"][0],
        json!({"type": "tool_call", "id": "c", "name": "t", "arguments": {}})
    );
}

#[test]
fn messages_that_are_events() {
    for (name, role) in [("system", "system"), ("user", "user"), ("assistant", "assistant"), ("tool", "tool")]
    {
        let mut span = plain(Anyone, &json!({}));
        let event = |name: &str, said: Value| SpanEvent {
            name: name.into(),
            time: Timestamp::EPOCH,
            attributes: attributes(&said),
        };
        span.events = vec![
            event(&format!("gen_ai.{name}.message"), json!({"content": "words"})),
            event(
                "gen_ai.choice",
                json!({"index": 0, "finish_reason": "stop", "message": "{\"content\":\"words\"}"}),
            ),
        ];
        let content = content(&span);
        assert_eq!(
            (content.input_messages[0].role.as_str(), content.output_messages[0].role.as_str()),
            (role, "assistant")
        );
        assert_eq!(content.output_messages[0].finish_reason.as_deref(), Some("stop"));
    }
}

#[test]
fn the_tool_its_input_and_its_output() {
    for (by, said, tool) in [
        (Anyone, json!({"gen_ai.tool.name": "t"}), "t"),
        (Anyone, json!({"tool.name": "t"}), "t"),
        (Named("t"), json!({"openinference.span.kind": "TOOL"}), "t"),
        (Anyone, json!({"traceloop.span.kind": "tool", "traceloop.entity.name": "t"}), "t"),
        (Anyone, json!({"ai.toolCall.name": "t"}), "t"),
        (ClaudeCode, json!({"span.type": "tool", "tool_name": "t"}), "t"),
        (Codex, json!({"tool_name": "t"}), "t"),
        (Anyone, json!({"mcp.tool.name": "t"}), "t"),
    ] {
        assert_eq!(normalised(by, &said).tool.as_deref(), Some(tool), "{said} of {by:?}");
    }
    let of = |by, said: &Value| {
        let mut span = plain(by, said);
        span.kind = SpanKind::Tool;
        content(&span)
    };
    for (by, said) in [
        (Anyone, json!({"gen_ai.tool.call.arguments": "{\"a\":\"1\"}"})),
        (Anyone, json!({"gen_ai.tool.call.arguments": {"a": "1"}})),
        (Anyone, json!({"input.value": "{\"a\":\"1\"}"})),
        (Anyone, json!({"traceloop.entity.input": "{\"a\":\"1\"}"})),
        (Anyone, json!({"ai.toolCall.args": "{\"a\":\"1\"}"})),
        (Anyone, json!({"tool_args": "{\"a\":\"1\"}"})),
        (Anyone, json!({"arguments.a": "1"})),
        (Codex, json!({"arguments": "{\"a\":\"1\"}"})),
        (Anyone, json!({"mcp.tool.input_json": "{\"a\":\"1\"}"})),
    ] {
        assert_eq!(
            serde_json::to_value(of(by, &said).tool_input).unwrap(),
            json!({"a": "1"}),
            "{said} of {by:?}"
        );
    }
    for (said, input) in [
        (json!({"full_command": "ls"}), json!({"command": "ls"})),
        (json!({"file_path": "/a"}), json!({"file_path": "/a"})),
    ] {
        assert_eq!(serde_json::to_value(of(ClaudeCode, &said).tool_input).unwrap(), input);
    }
    for (by, said) in [
        (Anyone, json!({"gen_ai.tool.call.result": "21 C"})),
        (Anyone, json!({"output.value": "21 C"})),
        (Anyone, json!({"traceloop.entity.output": "21 C"})),
        (Anyone, json!({"ai.toolCall.result": "\"21 C\""})),
        (
            Anyone,
            json!({"result.isError": false, "result.content.0.type": "text", "result.content.0.text": "21 C"}),
        ),
        (Codex, json!({"output": "21 C"})),
        (Anyone, json!({"mcp.tool.output_json": "21 C"})),
    ] {
        assert_eq!(
            serde_json::to_value(of(by, &said).tool_output).unwrap(),
            json!("21 C"),
            "{said} of {by:?}"
        );
    }
    let mut span = plain(ClaudeCode, &json!({}));
    span.kind = SpanKind::Tool;
    let said = attributes(&json!({"bash_command": "ls", "output": "a b"}));
    span.events = vec![SpanEvent { name: "tool.output".into(), time: Timestamp::EPOCH, attributes: said }];
    let content = content(&span);
    let both = serde_json::to_value((content.tool_input, content.tool_output)).unwrap();
    assert_eq!(both, json!([{"command": "ls"}, "a b"]));
}
