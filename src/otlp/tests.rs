use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{Span as Message, Status};

use super::mapper::Mapped;
use super::*;
use crate::model::{AttributeValue, OtelKind, Span, StatusCode, Timestamp};

fn text(text: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Value::StringValue(text.into())) })
}

fn attribute(key: &str, value: Option<AnyValue>) -> KeyValue {
    KeyValue { key: key.into(), value, ..KeyValue::default() }
}

fn message() -> Message {
    Message {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        name: "step".into(),
        start_time_unix_nano: 1_000,
        end_time_unix_nano: 2_000,
        ..Message::default()
    }
}

fn mapped(messages: impl IntoIterator<Item = Message>) -> Mapped<Span> {
    let mut mapper = Mapper::new(Timestamp::EPOCH);
    for message in messages {
        mapper.push(message);
    }
    mapper.finish()
}

fn one(message: Message) -> Span {
    let mut mapped = mapped([message]);
    assert_eq!((mapped.rejected, mapped.items.len()), (0, 1), "{}", mapped.reasons);
    mapped.items.remove(0)
}

#[test]
fn every_field_of_a_span_arrives() {
    let span = one(Message {
        parent_span_id: vec![3; 8],
        trace_state: "a=b".into(),
        kind: 3,
        attributes: vec![attribute("k", text("v"))],
        dropped_attributes_count: 4,
        events: vec![Event { time_unix_nano: 1_500, name: "e".into(), ..Event::default() }],
        links: vec![Link { trace_id: vec![5; 16], span_id: vec![6; 8], ..Link::default() }],
        status: Some(Status { code: 2, message: "broke".into() }),
        ..message()
    });
    assert_eq!(span.parent_span_id.unwrap().as_bytes(), &[3; 8]);
    assert_eq!(span.trace_state.as_deref(), Some("a=b"));
    assert_eq!((span.otel_kind, span.status.code), (OtelKind::Client, StatusCode::Error));
    assert_eq!(span.status.message.as_deref(), Some("broke"));
    assert_eq!((span.start_time.as_nanos(), span.end_time.map(Timestamp::as_nanos)), (1_000, Some(2_000)));
    assert_eq!((span.attributes.text("k"), span.dropped_attributes), (Some("v"), 4));
    assert_eq!((span.events[0].name.as_str(), span.events[0].time.as_nanos()), ("e", 1_500));
    assert_eq!(span.links[0].span_id.as_bytes(), &[6; 8]);
    assert_eq!(span.source, "otlp");
}

#[test]
fn a_span_with_a_wrong_id_is_rejected_alone_and_with_a_reason() {
    let bad = [
        Message { trace_id: vec![], ..message() },
        Message { trace_id: vec![0; 16], ..message() },
        Message { span_id: vec![2; 7], ..message() },
        Message { parent_span_id: vec![2; 9], ..message() },
    ];
    let mapped = mapped(bad.into_iter().chain([message()]));
    assert_eq!((mapped.items.len(), mapped.rejected), (1, 4));
    assert_eq!(
        mapped.reasons,
        "2 spans: a trace id is 16 bytes, not all zero; 1 span: a span id is 8 bytes, not all zero; \
         1 span: a parent span id is 8 bytes, or absent"
    );
}

#[test]
fn a_parent_that_is_zero_or_the_span_itself_is_no_parent() {
    assert_eq!(one(Message { parent_span_id: vec![0; 8], ..message() }).parent_span_id, None);
    assert_eq!(one(Message { parent_span_id: vec![2; 8], ..message() }).parent_span_id, None);
}

#[test]
fn absurd_times_are_clamped_and_an_absent_end_means_running() {
    let times = |start, end| {
        let span = one(Message { start_time_unix_nano: start, end_time_unix_nano: end, ..message() });
        (span.start_time.as_nanos(), span.end_time.map(Timestamp::as_nanos))
    };
    assert_eq!(times(5, 0), (5, None));
    assert_eq!(times(5, 3), (5, Some(5)));
    assert_eq!(times(0, 3), (3, Some(3)));
    assert_eq!(times(u64::MAX, u64::MAX), (i64::MAX, Some(i64::MAX)));
}

#[test]
fn of_a_name_that_comes_twice_the_last_value_counts() {
    let list = vec![attribute("a", text("1")), attribute("b", text("2")), attribute("a", text("3"))];
    let span = one(Message { attributes: list, ..message() });
    assert_eq!(serde_json::to_string(&span.attributes).unwrap(), r#"{"a":"3","b":"2"}"#);
}

#[test]
fn what_goes_beyond_a_bound_is_counted() {
    let attributes = (0..MAX_ATTRIBUTES + 3).map(|n| attribute(&n.to_string(), None));
    let long = attribute(&"k".repeat(MAX_KEY_BYTES + 1), None);
    let span = one(Message {
        attributes: [long].into_iter().chain(attributes).collect(),
        events: vec![Event::default(); MAX_EVENTS + 2],
        links: vec![Link { trace_id: vec![5; 16], span_id: vec![6; 8], ..Link::default() }, Link::default()],
        ..message()
    });
    assert_eq!((span.attributes.len(), span.dropped_attributes), (MAX_ATTRIBUTES - 1 + 2, 5));
    assert_eq!((span.events.len(), span.links.len()), (MAX_EVENTS, 1));
    assert_eq!(span.attributes.get(DROPPED_EVENTS), Some(&AttributeValue::Int(2)));
    assert_eq!(span.attributes.get(DROPPED_LINKS), Some(&AttributeValue::Int(1)));
}

#[test]
fn values_nested_too_deeply_or_too_many_are_cut_and_say_so() {
    let list = |values| Some(AnyValue { value: Some(Value::ArrayValue(ArrayValue { values })) });
    let deep = (0..MAX_VALUE_DEPTH + 5).fold(text("x"), |inner, _| list(inner.into_iter().collect()));
    let many = list(vec![AnyValue::default(); MAX_VALUES + 10]);
    let span =
        one(Message { attributes: vec![attribute("deep", deep), attribute("many", many)], ..message() });
    assert!(serde_json::to_string(&span.attributes.get("deep")).unwrap().contains(TOO_DEEP));
    let Some(AttributeValue::Array(items)) = span.attributes.get("many") else { panic!("no list") };
    assert!(items.len() <= MAX_VALUES + 1);
    assert_eq!(items.last(), Some(&AttributeValue::Static(TOO_MANY)));
}

#[test]
fn scope_and_resource_are_set_on_their_own_spans_only() {
    let mut mapper = Mapper::<Span>::new(Timestamp::EPOCH);
    mapper.push(message());
    let mark = mapper.mark();
    mapper.push(message());
    mapper.scope(mark, InstrumentationScope { name: "lib".into(), ..InstrumentationScope::default() });
    let attributes =
        vec![attribute("service.name", text("agent")), attribute("big", text(&"x".repeat(40_000)))];
    mapper.resource(mark, Resource { attributes, ..Resource::default() });
    let spans = mapper.finish().items;
    assert_eq!((spans[0].scope.name.as_str(), spans[1].scope.name.as_str()), ("", "lib"));
    assert_eq!((spans[0].resource.len(), spans[1].resource.text("service.name")), (0, Some("agent")));
    assert_eq!((spans[0].dropped_attributes, spans[1].dropped_attributes), (0, 1), "a resource is bounded");
}

#[test]
fn a_large_resource_on_very_many_spans_stays_within_the_memory_of_a_request() {
    let mut mapper = Mapper::<Span>::new(Timestamp::EPOCH);
    let mark = mapper.mark();
    for _ in 0..20_000 {
        mapper.push(message());
    }
    let attributes = vec![attribute("big", text(&"x".repeat(MAX_RESOURCE_BYTES - 200)))];
    mapper.resource(mark, Resource { attributes, ..Resource::default() });
    let mapped = mapper.finish();
    assert_eq!(mapped.items.len() as u64 + mapped.rejected, 20_000);
    assert!(mapped.items.iter().map(Span::size).sum::<usize>() <= MAX_REQUEST_MEMORY);
    assert!(mapped.reasons.contains("send smaller batches"));
}
