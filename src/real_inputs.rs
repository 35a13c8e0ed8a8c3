//! What real programs send, from the bytes to the normalised span.

use crate::ingest::IngestError;
use crate::ingest::otlp::{Delivered, request};
use crate::model::{Span, SpanKind, Timestamp, Usage};
use crate::normalize::{self, session_hint, title_hint};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../tests/fixtures/otlp/", $name))
    };
}

fn traces(
    content_type: Option<&str>,
    content_encoding: Option<&str>,
    body: &[u8],
) -> Result<Delivered<Span>, IngestError> {
    request(content_type, content_encoding, body, Timestamp::EPOCH)
}

fn marshmallow(json: &str) -> Vec<Span> {
    normalised(traces(Some("application/json"), None, json.as_bytes()).unwrap().items)
}

/// The trace requests of a recording.
fn recorded(lines: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    for line in lines.lines() {
        let request: serde_json::Value = serde_json::from_str(line).unwrap();
        if request["path"] != "/v1/traces" {
            continue;
        }
        let header = |name: &str| {
            let headers = request["headers"].as_object().unwrap();
            headers
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .and_then(|(_, value)| value.as_str())
        };
        let body = base64(request["body_b64"].as_str().unwrap());
        let request = traces(header("content-type"), header("content-encoding"), &body).unwrap();
        assert_eq!(request.rejected, 0);
        spans.extend(request.items);
    }
    normalised(spans)
}

fn base64(text: &str) -> Vec<u8> {
    let value = |digit| match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text.trim_end_matches('=').bytes().map(value).collect();
    let bits: Vec<u8> =
        digits.iter().flat_map(|digit| (0..6).rev().map(move |bit| digit >> bit & 1)).collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

fn normalised(mut spans: Vec<Span>) -> Vec<Span> {
    spans.iter_mut().for_each(normalize::span);
    spans
}

fn count(spans: &[Span], kind: SpanKind) -> usize {
    spans.iter().filter(|span| span.kind == kind).count()
}

fn llm_tokens(spans: &[Span]) -> (u64, u64) {
    let usages = || spans.iter().filter(|span| span.kind == SpanKind::Llm).filter_map(|span| span.usage);
    (
        usages().filter_map(|usage| usage.input_tokens).sum(),
        usages().filter_map(|usage| usage.output_tokens).sum(),
    )
}

#[test]
fn one_run_in_three_conventions_comes_out_the_same() {
    let shape = |json| -> Vec<_> {
        let mut spans = marshmallow(json);
        spans.sort_by_key(|span| (span.start_time, span.parent_span_id.is_some()));
        let root = spans.iter().find(|span| span.parent_span_id.is_none()).unwrap().span_id;
        let known = |span: &Span| {
            let parent = span.parent_span_id.map(|parent| parent == root);
            // The root is an agent in two conventions and a workflow in the third.
            let kind = parent.map(|_| span.kind);
            (
                kind,
                parent,
                span.start_time,
                span.end_time,
                span.model.clone(),
                span.provider.clone(),
                span.usage,
                span.tool.clone(),
                span.error.clone(),
            )
        };
        spans.iter().map(known).collect()
    };
    let genai = shape(fixture!("marshmallow-1867.genai.json"));
    assert_eq!(genai.len(), 23);
    assert_eq!(shape(fixture!("marshmallow-1867.openinference.json")), genai);
    assert_eq!(shape(fixture!("marshmallow-1867.traceloop.json")), genai);
}

#[test]
fn the_run_has_eleven_model_calls_and_eleven_tool_calls_in_one_session() {
    for (json, session, title) in [
        (fixture!("marshmallow-1867.genai.json"), "swe-marshmallow-1867-genai", "SWE-agent"),
        (fixture!("marshmallow-1867.openinference.json"), "swe-marshmallow-1867-openinference", "SWE-agent"),
        (fixture!("marshmallow-1867.traceloop.json"), "swe-marshmallow-1867-traceloop", "swe_agent"),
    ] {
        let spans = marshmallow(json);
        assert_eq!((count(&spans, SpanKind::Llm), count(&spans, SpanKind::Tool)), (11, 11));
        assert!(spans.iter().all(|span| session_hint(span).unwrap().id == session));
        assert_eq!(spans.iter().find_map(title_hint).as_deref(), Some(title));
        let llm = spans.iter().find(|span| span.kind == SpanKind::Llm).unwrap();
        assert_eq!(
            (llm.model.as_deref(), llm.provider.as_deref()),
            (Some("gpt-4o-2024-05-13"), Some("openai"))
        );
        let zero = Usage { input_tokens: Some(0), output_tokens: Some(0), ..Usage::default() };
        assert_eq!(llm.usage, Some(zero));
        let tool = spans.iter().find(|span| span.kind == SpanKind::Tool).unwrap();
        assert_eq!(tool.tool.as_deref(), Some("bash"));
    }
}

#[test]
fn pydantic_ai_has_four_model_calls_and_their_tokens_once() {
    let spans = recorded(fixture!("pydantic_ai_genai_gzip.jsonl"));
    assert_eq!((spans.len(), count(&spans, SpanKind::Llm), count(&spans, SpanKind::Agent)), (10, 4, 3));
    assert_eq!(count(&spans, SpanKind::Tool), 3);
    assert_eq!(llm_tokens(&spans), (216, 38));
    let agents: std::collections::BTreeSet<_> =
        spans.iter().filter_map(|span| span.agent.as_deref()).collect();
    assert_eq!(agents.into_iter().collect::<Vec<_>>(), ["bad_agent", "sub_agent", "weather_agent"]);
    let failed = spans.iter().find(|span| span.tool.as_deref() == Some("explode")).unwrap();
    assert_eq!(failed.error.as_ref().unwrap().one_line(), "RuntimeError: boom");
}

#[test]
fn claude_code_counts_its_cache_as_input() {
    let spans = recorded(fixture!("claude_code_default.jsonl"));
    assert_eq!((spans.len(), count(&spans, SpanKind::Llm), count(&spans, SpanKind::Tool)), (10, 3, 2));
    assert_eq!(llm_tokens(&spans), (1260, 75));
    let usage = spans.iter().find_map(|span| span.usage).unwrap();
    assert_eq!((usage.cache_read_tokens, usage.cache_write_tokens), (Some(300), Some(20)));
    let tools: Vec<_> = spans.iter().filter_map(|span| span.tool.as_deref()).collect();
    assert_eq!(tools, ["Bash", "Read"]);
    let errors: Vec<_> =
        spans.iter().filter(|span| span.error.is_some()).map(|span| span.name.as_str()).collect();
    assert_eq!(errors, ["claude_code.tool.execution"]);
    let root = spans.iter().find(|span| span.parent_span_id.is_none()).unwrap();
    assert_eq!((root.kind, root.agent.as_deref()), (SpanKind::Agent, Some("claude-code")));
    assert_eq!(title_hint(root).as_deref(), Some("List the directory."));
    assert_eq!(session_hint(root).unwrap().id, "acd29611-5f30-4b45-b22a-212b968a9834");
}
