use std::io::Write;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span as Message};
use proptest::prelude::*;
use prost::Message as _;

use super::*;
use crate::model::{AttributeValue, Attributes, OtelKind, StatusCode};

const EXAMPLE: &[u8] = include_bytes!("../../../tests/fixtures/otlp/otlp-example-trace.json");
const GENAI: &[u8] = include_bytes!("../../../tests/fixtures/otlp/marshmallow-1867.genai.json");

fn traces(
    content_type: Option<&str>,
    content_encoding: Option<&str>,
    body: &[u8],
) -> Result<Delivered<Span>, IngestError> {
    request(content_type, content_encoding, body, Timestamp::EPOCH)
}

fn json(body: &str) -> Delivered<Span> {
    traces(Some("application/json"), None, body.as_bytes()).unwrap()
}

/// A request with one span that has `fields` besides its ids.
fn json_span(fields: &str) -> Span {
    let mut request = json(&format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"{:032x}","spanId":"{:016x}",{fields}}}]}}]}}]}}"#,
        1, 2
    ));
    assert_eq!(request.rejected, 0, "{}", request.reasons);
    request.items.remove(0)
}

fn json_attributes(list: &str) -> Attributes {
    json_span(&format!(r#""attributes":{list}"#)).attributes
}

fn protobuf(spans: Vec<Message>) -> Vec<u8> {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

#[test]
fn the_official_example_is_taken() {
    let request = traces(Some("application/json"), None, EXAMPLE).unwrap();
    let span = &request.items[0];
    assert_eq!((request.items.len(), request.rejected, request.format), (1, 0, Format::Json));
    assert_eq!(span.trace_id.to_string(), "5b8efff798038103d269b633813fc60c");
    assert_eq!(span.parent_span_id.unwrap().to_string(), "eee19b7ec3c1b173");
    assert_eq!((span.name.as_str(), span.otel_kind), ("I'm a server span", OtelKind::Server));
    assert_eq!(span.start_time.to_string(), "2018-12-13T14:51:00.000000000Z");
    assert_eq!(span.attributes.text("my.span.attr"), Some("some value"));
    assert_eq!(span.resource.text("service.name"), Some("my.service"));
    assert_eq!((span.scope.name.as_str(), span.scope.version.as_deref()), ("my.library", Some("1.0.0")));
}

#[test]
fn what_real_senders_make_of_the_json_is_taken() {
    let span = json_span(
        r#""parentSpanId":"","traceState":null,"name":"n","kind":"SPAN_KIND_CLIENT","startTimeUnixNano":1700000000000000001,
           "endTimeUnixNano":null,"attributes":null,"events":[{"timeUnixNano":"7","name":"e","attributes":[]}],
           "links":null,"status":{"code":"STATUS_CODE_ERROR","message":null},"droppedAttributesCount":"3","flags":257,
           "unknown":{"deep":[1,{"x":null}]}"#,
    );
    assert_eq!((span.parent_span_id, &span.trace_state, span.otel_kind), (None, &None, OtelKind::Client));
    assert_eq!((span.start_time.as_nanos(), span.end_time), (1_700_000_000_000_000_001, None));
    assert_eq!(
        (span.status.code, span.dropped_attributes, span.events[0].time.as_nanos()),
        (StatusCode::Error, 3, 7)
    );
    assert_eq!(json_span(r#""status":null,"events":null,"kind":null"#).otel_kind, OtelKind::Unspecified);
    for nothing in
        ["{}", r#"{"resourceSpans":null}"#, r#"{"resourceSpans":[]}"#, r#"{"resourceSpans":[null]}"#, "", " "]
    {
        assert_eq!(json(nothing).items.len(), 0, "{nothing}");
    }
}

#[test]
fn every_kind_of_value_is_read_from_either_spelling() {
    let attributes = json_attributes(
        r#"[{"key":"text","value":{"stringValue":"a\u00e9"}},{"key":"int","value":{"intValue":"-5"}},
            {"key":"int2","value":{"intValue":5}},{"key":"double","value":{"doubleValue":"NaN"}},
            {"key":"double2","value":{"doubleValue":2}},{"key":"bool","value":{"boolValue":true}},
            {"key":"bytes","value":{"bytesValue":"aGk="}},{"key":"none","value":null},{"key":"none2","value":{}},
            {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"x"},null,{"intValue":1}]}}},
            {"key":"map","value":{"kvlistValue":{"values":[{"key":"k","value":{"boolValue":false}}]}}},
            {"key":"empty","value":{"arrayValue":{}}}]"#,
    );
    assert_eq!(
        serde_json::to_string(&attributes).unwrap(),
        r#"{"text":"aé","int":-5,"int2":5,"double":"NaN","double2":2.0,"bool":true,"bytes":"aGk=","none":null,"none2":null,"list":["x",null,1],"map":{"k":false},"empty":[]}"#
    );
    assert_eq!(attributes.get("bytes"), Some(&AttributeValue::Bytes(b"hi".to_vec())));
}

#[test]
fn field_order_and_snake_case_do_not_matter() {
    let request = json(
        r#"{"resource_spans":[{"scope_spans":[{"spans":[{"span_id":"0000000000000002","trace_id":"00000000000000000000000000000001",
            "start_time_unix_nano":5,"end_time_unix_nano":6}],"scope":{"name":"s"}}],
            "resource":{"attributes":[{"key":"service.name","value":{"string_value":"late"}}]}}]}"#,
    );
    let span = &request.items[0];
    assert_eq!((span.scope.name.as_str(), span.resource.text("service.name")), ("s", Some("late")));
    assert_eq!(span.end_time.unwrap().as_nanos(), 6);
}

#[test]
fn a_span_whose_id_is_base64_or_missing_is_rejected_and_the_others_are_taken() {
    let request = json(
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[
            {"traceId":"W47/95gDgQPSabYzgT/GDA==","spanId":"7uGbfsPBsXM="},{"spanId":"0000000000000002"},
            {"traceId":"00000000000000000000000000000001","spanId":"0000000000000002"}]}]}]}"#,
    );
    assert_eq!((request.items.len(), request.rejected), (1, 2));
    assert_eq!(
        String::from_utf8(request.success_body()).unwrap(),
        r#"{"partialSuccess":{"errorMessage":"2 spans: a trace id is 16 bytes, not all zero","rejectedSpans":"2"}}"#
    );
}

#[test]
fn text_that_was_cut_within_a_character_does_not_cost_the_request() {
    let attributes = json_attributes(r#"[{"key":"t","value":{"stringValue":"cut \ud83d"}}]"#);
    assert_eq!(attributes.text("t"), Some("cut \u{fffd}"));
}

#[test]
fn a_value_nested_deeply_in_json_is_cut_and_one_nested_absurdly_is_refused() {
    let nested = |levels: usize| {
        let open = r#"{"kvlistValue":{"values":[{"key":"k","value":"#.repeat(levels);
        let close = "}]}}".repeat(levels);
        format!(r#"[{{"key":"deep","value":{open}{{"intValue":1}}{close}}}]"#)
    };
    assert!(!serde_json::to_string(&json_attributes(&nested(20))).unwrap().contains("too deeply"));
    assert!(serde_json::to_string(&json_attributes(&nested(5_000))).unwrap().contains("too deeply"));
    let lists = format!(r#"{{"resourceSpans":{}"#, "[".repeat(1_000_000));
    assert!(matches!(
        traces(Some("application/json"), None, lists.as_bytes()),
        Err(IngestError::Malformed(_))
    ));
}

#[test]
fn an_absent_content_type_is_told_from_the_first_byte() {
    assert_eq!(traces(None, None, EXAMPLE).unwrap().format, Format::Json);
    let request = traces(None, None, &protobuf(vec![])).unwrap();
    assert_eq!(request.format, Format::Protobuf);
}

#[test]
fn wrong_types_encodings_and_bodies_are_told_apart() {
    let error = |kind, encoding, body: &[u8]| traces(kind, encoding, body).unwrap_err();
    assert_eq!(error(Some("text/plain"), None, b""), IngestError::UnsupportedMediaType);
    assert_eq!(error(Some("application/json"), Some("br"), b"{}"), IngestError::UnsupportedEncoding);
    for (kind, body) in [
        ("application/json", &br#"{"resourceSpans":5}"#[..]),
        ("application/json", b"{} trailing"),
        ("application/json", b"[1]"),
        ("application/x-protobuf", b"{}"),
        ("application/x-protobuf", b"\x0a\x7f"),
    ] {
        let IngestError::Malformed(reason) = error(Some(kind), None, body) else {
            panic!("{body:?} was taken")
        };
        assert!(reason.contains("OTLP trace request"), "{reason}");
    }
}

#[test]
fn a_protobuf_span_that_cannot_be_read_is_rejected_alone() {
    let good = Message { trace_id: vec![1; 16], span_id: vec![2; 8], ..Message::default() };
    let mut body = protobuf(vec![good.clone()]);
    // The same request again, with a span whose name is not UTF-8.
    let mut bad = protobuf(vec![Message { name: "zz".into(), ..good }]);
    let at = bad.len() - 2;
    assert_eq!(&bad[at..], b"zz");
    bad[at] = 0xff;
    body.extend(bad);
    let request = traces(Some("application/x-protobuf"), None, &body).unwrap();
    assert_eq!((request.items.len(), request.rejected), (1, 1));
    assert_eq!(request.reasons, "1 span: its message cannot be decoded");
}

/// Bodies near to real ones: cut off, and with some bytes changed.
fn mutated(body: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20);
    (0..=body.len(), changes).prop_map(move |(length, changes)| {
        let mut body = body[..length].to_vec();
        for (at, byte) in changes {
            if !body.is_empty() {
                let at = at.index(body.len());
                body[at] = byte;
            }
        }
        body
    })
}

fn genai_as_protobuf() -> &'static [u8] {
    static BODY: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
        let spans = traces(None, None, GENAI).unwrap().items;
        let message = |span: &Span| Message {
            trace_id: span.trace_id.as_bytes().to_vec(),
            span_id: span.span_id.as_bytes().to_vec(),
            name: span.name.clone(),
            ..Message::default()
        };
        protobuf(spans.iter().map(message).collect())
    });
    &BODY
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_but_never_panic(body in prop::collection::vec(any::<u8>(), 0..600)) {
        for kind in [None, Some("application/json"), Some("application/x-protobuf")] {
            for encoding in [None, Some("gzip")] {
                let _ = traces(kind, encoding, &body);
            }
        }
    }

    #[test]
    fn json_that_was_damaged_is_read_or_refused_but_never_panics(body in mutated(EXAMPLE)) {
        let _ = traces(Some("application/json"), None, &body);
    }

    #[test]
    fn protobuf_that_was_damaged_never_gives_more_spans_than_were_sent(body in mutated(genai_as_protobuf())) {
        if let Ok(request) = traces(Some("application/x-protobuf"), None, &body) {
            prop_assert!(request.items.len() <= body.len());
        }
    }

    #[test]
    fn gzip_that_was_damaged_is_read_or_refused_but_never_panics(cut in 0_usize..400, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(EXAMPLE).unwrap();
        let mut body = encoder.finish().unwrap();
        let at = at.index(body.len());
        body[at] = byte;
        body.truncate(body.len().saturating_sub(cut));
        let _ = traces(Some("application/json"), Some("gzip"), &body);
    }
}
