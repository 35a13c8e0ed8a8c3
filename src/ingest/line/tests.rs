use super::*;
use proptest::prelude::*;

/// As the original inspector's example has it.
const ORIGINAL: &str = r#"{"trace_id":"249d0e49a29910886c9895950073aa9a","span_id":"6379f578d4689d5b","parent_span_id":"6379f578d4689d5a","name":"tool.call","start_time":"2025-01-02T03:04:05.678901Z","end_time":"2025-01-02T03:04:06Z","kind":"INTERNAL","status":{"status_code":"ERROR","description":"no such file"},"attributes":{"mcp.tool.name":"read_file","mcp.engine.type":"inbound","mcp.session.title":"Read it","mcp.tool.input_json":"{\"path\":\"a\"}","n":3},"events":[{"name":"exception","timestamp":"2025-01-02T03:04:05.9Z","attributes":{"exception.type":"OSError"}}],"links":[{"trace_id":"249d0e49a29910886c9895950073aa9b","span_id":"6379f578d4689d5c"}]}"#;

/// As `ReadableSpan.to_json(indent=None)` of opentelemetry-sdk writes it.
const PYTHON: &str = r#"{"name": "chat gpt-4o", "context": {"trace_id": "0x249d0e49a29910886c9895950073aa9a", "span_id": "0x6379f578d4689d5b", "trace_state": "[]"}, "kind": "SpanKind.CLIENT", "parent_id": null, "start_time": "2025-01-02T03:04:05.678901Z", "end_time": "2025-01-02T03:04:06.000000Z", "status": {"status_code": "UNSET"}, "attributes": {"gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 12}, "events": [{"name": "gen_ai.choice", "timestamp": "2025-01-02T03:04:05.900000Z", "attributes": {"index": 0}}], "links": [{"context": {"trace_id": "0x249d0e49a29910886c9895950073aa9b", "span_id": "0x6379f578d4689d5c", "trace_state": "[]"}, "attributes": {}}], "resource": {"attributes": {"service.name": "worker"}, "schema_url": ""}}"#;

fn read(text: &str) -> Line {
    line(text.as_bytes()).unwrap()
}

#[test]
fn a_line_of_the_original_inspector_is_read_whole() {
    let Line { span, engine, title } = read(ORIGINAL);
    assert_eq!((engine.as_deref(), title.as_deref()), (Some("mcp-inbound"), Some("Read it")));
    assert_eq!(span.trace_id.to_string(), "249d0e49a29910886c9895950073aa9a");
    assert_eq!(span.parent_span_id.unwrap().to_string(), "6379f578d4689d5a");
    assert_eq!(span.start_time.to_string(), "2025-01-02T03:04:05.678901000Z");
    assert_eq!((span.otel_kind, span.status.code), (OtelKind::Internal, StatusCode::Error));
    assert_eq!(span.status.message.as_deref(), Some("no such file"));
    assert_eq!(span.events[0].time.to_string(), "2025-01-02T03:04:05.900000000Z");
    assert_eq!(span.links[0].span_id.to_string(), "6379f578d4689d5c");
    assert_eq!(span.attributes.get("n"), Some(&AttributeValue::Int(3)));
    assert_eq!(span.source, "file");
}

#[test]
fn a_line_of_opentelemetry_python_is_read_whole() {
    let span = read(PYTHON).span;
    assert_eq!(
        (span.trace_id.to_string(), span.parent_span_id),
        ("249d0e49a29910886c9895950073aa9a".into(), None)
    );
    assert_eq!((span.otel_kind, span.status.code), (OtelKind::Client, StatusCode::Unset));
    assert_eq!(span.resource.text("service.name"), Some("worker"));
    assert_eq!((span.events.len(), span.links.len()), (1, 1));
    assert_eq!(span.end_time.unwrap().to_string(), "2025-01-02T03:04:06.000000000Z");
}

#[test]
fn a_line_of_our_own_comes_back_the_same() {
    let mut span = read(PYTHON).span;
    span.kind = SpanKind::Llm;
    span.source = "otlp".into();
    let text = serde_json::to_string(&span).unwrap();
    assert_eq!(read(&text).span, span);
}

#[test]
fn what_is_no_span_is_said_so() {
    for text in [
        "",
        "null",
        "{}",
        "[1]",
        "{\"trace_id\":\"x\",\"span_id\":\"y\",\"start_time\":\"2025-01-02T03:04:05Z\"}",
        &ORIGINAL[..ORIGINAL.len() / 2],
        &ORIGINAL.replace("start_time", "begun").replace("end_time", "done"),
    ] {
        assert!(line(text.as_bytes()).is_err(), "{text}");
    }
    let many = format!("{{\"attributes\":{{\"a\":[{}]}}}}", vec!["0"; MAX_COMMAS + 2].join(","));
    assert_eq!(line(many.as_bytes()).unwrap_err(), "the line is too long");
}

#[test]
fn too_many_attributes_are_counted_as_dropped() {
    let more: String = (0..600).map(|number| format!("\"a{number}\":{number},")).collect();
    let span = read(&PYTHON.replacen("\"attributes\": {", &format!("\"attributes\": {{{more}"), 1)).span;
    assert_eq!((span.attributes.len(), span.dropped_attributes), (MAX_ATTRIBUTES, 90));
}

proptest! {
    #[test]
    fn no_line_makes_it_panic(text in "[{}\\[\\]\",:a-z0-9 ]{0,200}", at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let _ = line(text.as_bytes());
        for sample in [ORIGINAL, PYTHON] {
            let mut bytes = sample.as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = line(&bytes);
        }
    }
}
