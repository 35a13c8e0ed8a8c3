use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::budget::{MAX_CONTENT_BYTES, MAX_JSON_BYTES, MAX_MESSAGES, MAX_PARTS};
use super::super::{INPUT, OUTPUT, TOOL_INPUT, TOOL_OUTPUT, content, definitions, documents, fallback};
use super::{of, span};
use crate::model::{AttributeValue, Attributes, Span, SpanEvent, SpanKind, Timestamp};

/// Names that are read somewhere, and what stands behind or in them.
const WORDS: &[&str] = &[
    "role",
    "user",
    "assistant",
    "tool",
    "type",
    "text",
    "content",
    "parts",
    "message",
    "messages",
    "tool_calls",
    "function",
    "arguments",
    "id",
    "name",
    "image",
    "image_url",
    "url",
    "source",
    "data",
    "base64",
    "tool_result",
    "tool_use",
    "reasoning",
    "kwargs",
    "choices",
    "input",
    "output",
    "contents",
    "message_content",
    "0",
    "1",
    "18446744073709551615",
    "",
    "…",
    "[… 3 items left out]",
    "[the rest is left out]",
    "[redacted]",
    "data:image/png;base64,AAAA",
    "data:;base64,",
    "… [9 bytes]",
    "isError",
    "json_schema",
    "document",
    "metadata",
    "thought",
    "finish_reason",
    "None",
    "[",
    "{",
    "{}",
    "[[]]",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(WORDS).prop_map(str::to_owned), 1 => "\\PC{0,12}"]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word(), inner.clone()), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            inner.prop_map(|inner| Value::from(inner.to_string())),
        ]
    })
}

fn attribute_value() -> impl Strategy<Value = AttributeValue> {
    prop_oneof![
        value().prop_map(AttributeValue::from),
        value().prop_map(|value| AttributeValue::String(value.to_string())),
        // Cut off anywhere.
        (value(), any::<prop::sample::Index>()).prop_map(|(value, at)| {
            let text: Vec<char> = value.to_string().chars().collect();
            AttributeValue::String(text[..at.index(text.len())].iter().collect())
        }),
        prop::collection::vec(any::<u8>(), 0..80).prop_map(AttributeValue::Bytes),
    ]
}

fn name() -> impl Strategy<Value = String> {
    let rows = INPUT
        .iter()
        .chain(OUTPUT)
        .chain(&[fallback::INPUT, fallback::OUTPUT])
        .copied()
        .flatten()
        .map(|row| row.name);
    let values = TOOL_INPUT.iter().chain(TOOL_OUTPUT).copied().flatten().map(|row| row.name);
    let names: Vec<&'static str> =
        rows.chain(values).chain(definitions::NAMES).chain(documents::NAMES).collect();
    let known = prop::sample::select(names);
    prop_oneof![
        2 => known.clone().prop_map(str::to_owned),
        2 => (known, prop::collection::vec(word(), 1..6)).prop_map(|(name, rest)| format!("{name}.{}", rest.join("."))),
        1 => word(),
    ]
}

fn attributes() -> impl Strategy<Value = Attributes> {
    prop::collection::vec((name(), attribute_value()), 0..8).prop_map(|list| list.into_iter().collect())
}

fn any_span() -> impl Strategy<Value = Span> {
    const PROGRAMS: &[&str] = &["", "com.anthropic.claude_code.tracing", "logfire.openai", "ai"];
    let events = prop::collection::vec((name(), attributes()), 0..4);
    (attributes(), events, prop::sample::select(SpanKind::ALL), prop::sample::select(PROGRAMS)).prop_map(
        |(attributes, events, kind, program)| {
            let mut span = span(kind, attributes);
            program.clone_into(&mut span.scope.name);
            let event = |(name, attributes)| SpanEvent { name, time: Timestamp::EPOCH, attributes };
            span.events = events.into_iter().map(event).collect();
            span
        },
    )
}

proptest! {
    #[test]
    fn any_span_can_be_opened(span in any_span()) {
        let read = content(&span);
        let json = serde_json::to_string(&read).unwrap();
        prop_assert!(serde_json::from_str::<crate::model::SpanContent>(&json).is_ok(), "{}", json);
        prop_assert_eq!(content(&span), read, "it is read the same each time");
    }
}

#[test]
fn what_has_no_end_is_bounded_and_says_so() {
    let many = vec![json!({"role": "user", "content": "x"}); 5000];
    let read = of(SpanKind::Llm, json!({"gen_ai.input.messages": many}));
    assert_eq!(read.input_messages.len() as u64, MAX_MESSAGES);
    assert_eq!(read.left_out.unwrap().messages, 5000 - MAX_MESSAGES);
    let answer = [json!({"role": "assistant", "content": "x"})];
    let read = of(SpanKind::Llm, json!({"gen_ai.input.messages": many, "gen_ai.output.messages": answer}));
    assert_eq!(read.output_messages.len(), 1, "the answer is there, however long the question");

    let parts = vec![json!({"type": "text", "content": "x"}); 20_000];
    let read = of(SpanKind::Llm, json!({"gen_ai.input.messages": [{"role": "user", "parts": parts}]}));
    assert_eq!(read.input_messages[0].parts.len() as u64, MAX_PARTS);
    assert_eq!(read.left_out.unwrap().parts, 20_000 - MAX_PARTS);

    let long = "é".repeat(3 * 1024 * 1024);
    let read = of(SpanKind::Llm, json!({"gen_ai.prompt": long}));
    assert_eq!(read.left_out.unwrap().bytes as usize, long.len() - MAX_CONTENT_BYTES);
    let read = of(SpanKind::Tool, json!({"gen_ai.tool.call.result": {"a": long}}));
    assert_eq!(read.tool_output.unwrap().as_str(), Some("[too large to be shown]"));

    let long = format!("[{}]", " ".repeat(MAX_JSON_BYTES));
    let read = of(SpanKind::Llm, json!({"gen_ai.input.messages": long}));
    assert_eq!(read.unreadable, ["gen_ai.input.messages"]);
}

#[test]
fn what_lies_too_deep_does_not_overflow_the_stack() {
    for (open, close) in [
        ("[", "]"),
        ("{\"message\":", "}"),
        ("{\"content\":", "}"),
        ("[{\"messages\":", "}]"),
        ("{\"function\":", "}"),
    ] {
        for depth in [50, 10_000] {
            let text = open.repeat(depth) + "1" + &close.repeat(depth);
            for name in [
                "gen_ai.input.messages",
                "gen_ai.tool.definitions",
                "gen_ai.tool.call.arguments",
                "input.value",
            ] {
                for kind in [SpanKind::Llm, SpanKind::Tool] {
                    let read = of(kind, json!({ name: text }));
                    assert!(serde_json::to_string(&read).is_ok());
                }
            }
        }
    }
}
