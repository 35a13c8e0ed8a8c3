//! A secret that comes in by any door comes out by none.
//!
//! Secrets of every kind are planted in every place that a host or a sender can write to, by every source. Then everything that
//! goes out is searched for them: each event of the stream, each answer, each file, and the inspector's own log.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

use agent_inspector::model::SpanKind;
use agent_inspector::{Inspect, Inspector};
use axum::body::Body;
use axum::http::Request;
use futures_util::StreamExt;
use http_body_util::BodyExt;
use proptest::prelude::*;
use proptest::string::string_regex;
use serde_json::json;
use tracing_subscriber::prelude::*;

use crate::leaks::{Needles, holds, inflated};
use crate::serve::Served;
use crate::support::{Host, local};

/// One secret of each kind; what is random in it must not come out.
const KINDS: [&str; 14] = [
    "sk-[A-Za-z0-9]{24,48}",
    "sk-ant-api03-[A-Za-z0-9]{24,60}",
    "AKIA[A-Z0-9]{16}",
    "ghp_[A-Za-z0-9]{36}",
    "github_pat_[A-Za-z0-9]{40}",
    "xox[abp]-[0-9]{10}-[A-Za-z0-9]{24}",
    "AIza[A-Za-z0-9]{35}",
    "eyJ[A-Za-z0-9]{20}\\.eyJ[A-Za-z0-9]{24}\\.[A-Za-z0-9]{20}",
    "Bearer [A-Za-z0-9]{24}",
    "api_key=[A-Za-z0-9]{16,20}",
    "api_key: '[A-Za-z0-9]{16,20}'",
    "\"password\": \"[A-Za-z0-9]{16,20}\"",
    "https://user:[A-Za-z0-9]{16}@example\\.com/",
    "-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9]{40}\n-----END PRIVATE KEY-----",
];

fn secrets() -> impl Strategy<Value = Vec<String>> {
    Vec::from(KINDS.map(|kind| string_regex(kind).unwrap()))
}

/// The longest run of letters and digits, which a mask must have taken out.
fn core(secret: &str) -> &str {
    let parts = secret.split(|character: char| !character.is_ascii_alphanumeric());
    parts.max_by_key(|part| part.len()).unwrap_or_default()
}

/// What the inspector itself logs in this process, at every level.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn log() -> Log {
    static LOG: LazyLock<Log> = LazyLock::new(|| {
        let log = Log::default();
        let writer = log.clone();
        let ours = tracing_subscriber::EnvFilter::new("agent_inspector=trace");
        let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone()).with_filter(ours);
        // For all threads, the inspector's own above all.
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines));
        log
    });
    LOG.clone()
}

/// A text with the secret in it, and JSON and JSON within JSON with the text in it.
fn forms(secret: &str) -> [String; 4] {
    let text = format!("before {secret} after");
    let list =
        json!({"messages": [{"role": "user", "content": text}], format!("key {secret}"): 1}).to_string();
    // The limit of an attribute lies within the secret.
    let long = format!("{} {secret} {}", "x".repeat(30 * 1024 - 20), "y".repeat(1000));
    [text, json!({"inner": list, "n": 2}).to_string(), list, long]
}

fn by_tracing(inspector: &Inspector, secret: &str) {
    let registry = tracing_subscriber::registry().with(inspector.layer());
    tracing::subscriber::with_default(registry, || {
        let [text, nested, list, long] = forms(secret);
        let request = tracing::info_span!("around", otel.name = text, url = tracing::field::Empty);
        let _around = request.enter();
        let chat = tracing::info_span!(
            "chat",
            otel.name = text,
            gen_ai.conversation.id = text,
            gen_ai.agent.name = text,
            gen_ai.request.model = text,
            gen_ai.input.messages = list,
            mcp.tool.output_json = nested,
            long,
            otel.status_message = tracing::field::Empty,
        );
        let _entered = chat.enter();
        request.record("url", &text);
        tracing::warn!(header = text, body = nested, "retrying with {secret}");
        tracing::error!(error = ?std::io::Error::other(text.clone()));
        assert!(text.clone().inspect_as("answer") == text);
        drop(tracing::info_span!("connect", address = %text, list = ?[&text]));
        chat.record("otel.status_message", &text);
    });
}

fn by_the_session_api(inspector: &Inspector, secret: &str) {
    let [text, nested, list, long] = forms(secret);
    let session = inspector
        .session(text.clone())
        .agent(text.clone())
        .tag(text.clone())
        .traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        // Ignored, when the secret is nothing that may stand there.
        .tracestate(&format!("vendor={secret}"))
        .start();
    session.state("config", &json!({"env": {secret: secret, "n": [text.clone()]}}));
    session.result("answer", &nested);
    session.progress(Some(1.0), text.clone());
    session.emit(text.clone(), json!({"data": text, secret: {"list": [list.clone()]}}));
    inspector.emit(text.clone(), json!([nested]));
    let mut tool = session.span(SpanKind::Tool, text.clone());
    tool.attribute(text.clone(), text.clone());
    tool.tool(text.clone()).input(&json!({"text": text})).output(&nested).structured_output(&[&list]);
    tool.attribute("long", long);
    tool.progress(None, text.clone()).progress_token(text.clone());
    tool.error(text.clone());
    let resource = session.span(SpanKind::Resource, "read");
    resource.resource(text.clone(), Some(&text), Some(3));
    let prompt = session.span(SpanKind::Prompt, "fill in");
    prompt.prompt(text.clone(), &json!({"name": text, secret: 1}));
    let chat = session.span(SpanKind::Llm, "chat");
    chat.model(text.clone()).provider(text.clone()).messages(&[&text]).reply(&list).history(&[&text, &list]);
    chat.model_preferences(&json!({"hints": [text]})).workflow(text.clone());
    drop((tool, resource, prompt, chat));
    session.fail(text);
}

#[cfg(feature = "otel")]
fn by_the_span_processor(inspector: &Inspector, secret: &str) {
    use opentelemetry::trace::{
        Link, Span as _, SpanContext, Status, TraceFlags, TraceState, Tracer, TracerProvider,
    };
    use opentelemetry::{
        InstrumentationScope, KeyValue, SpanId as OtelSpanId, StringValue, TraceId as OtelTraceId, Value,
    };
    let [text, nested, list, long] = forms(secret);
    let resource = opentelemetry_sdk::Resource::builder_empty()
        .with_service_name(text.clone())
        .with_attribute(KeyValue::new(text.clone(), nested.clone()));
    let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder()
        .with_resource(resource.build())
        .with_span_processor(inspector.span_processor())
        .build();
    let scope = InstrumentationScope::builder(text.clone()).with_version(text.clone());
    let tracer = provider.tracer_with_scope(scope.build());
    let to = SpanContext::new(
        OtelTraceId::from(3_u128),
        OtelSpanId::from(3_u64),
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    );
    let mut span = tracer
        .span_builder(text.clone())
        .with_attributes([
            KeyValue::new("gen_ai.input.messages", list),
            KeyValue::new(text.clone(), nested),
            KeyValue::new("texts", Value::Array(vec![StringValue::from(text.clone())].into())),
        ])
        .with_links(vec![Link::new(to, vec![KeyValue::new(text.clone(), text.clone())], 0)])
        .start(&tracer);
    span.add_event(text.clone(), vec![KeyValue::new("exception.message", long)]);
    span.set_status(Status::error(text));
    span.end();
}

/// The same content as JSON and as protobuf, which are one message.
#[cfg(feature = "otlp")]
async fn by_otlp(host: &Host, secret: &str, at: usize) {
    use prost::Message;
    let [text, nested, list, long] = forms(secret);
    let string = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let map = json!({"key": "map", "value": {"kvlistValue": {"values": [string(&text, &list)]}}});
    let array = json!({"key": "array", "value": {"arrayValue": {"values": [{"stringValue": text}]}}});
    let request = |trace: String| {
        json!({"resourceSpans": [{
            "resource": {"attributes": [string("service.name", &text), string(&text, "x")]},
            "scopeSpans": [{
                "scope": {"name": text, "version": text},
                "spans": [{
                    "traceId": trace, "spanId": "00000000000000a1", "parentSpanId": "", "name": text, "kind": 1,
                    "traceState": text, "startTimeUnixNano": "1720000000000000000", "endTimeUnixNano": "1720000001000000000",
                    "attributes": [
                        string("gen_ai.conversation.id", &text), string("gen_ai.agent.name", &text),
                        string("gen_ai.tool.name", &text), string("gen_ai.operation.name", "execute_tool"),
                        string("gen_ai.tool.call.result", &nested), string(&text, &text), string("long", &long), map, array
                    ],
                    "events": [{"timeUnixNano": "1720000000000000000", "name": text, "attributes": [string("exception.message", &text)]}],
                    "links": [{"traceId": "000000000000000000000000000000b1", "spanId": "00000000000000b1", "attributes": [string("x", &text)]}],
                    "status": {"code": 2, "message": text}
                }]
            }]
        }]})
    };
    let sent = request(format!("{:032x}", 2 * at + 1));
    assert_eq!(host.post("/v1/traces", &sent).await.0, 200);
    let message = message(&request(format!("{:032x}", 2 * at + 2)));
    let sent = Request::post("/_inspector/v1/traces").header("content-type", "application/x-protobuf");
    assert_eq!(host.send(local(sent, Body::from(message.encode_to_vec()))).await.status(), 200);
}

/// The message that a request in JSON stands for, as far as the one above goes.
#[cfg(feature = "otlp")]
fn message(
    request: &serde_json::Value,
) -> opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest {
    use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
    use opentelemetry_proto::tonic::common::v1::{
        AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
    };
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
    use serde_json::Value;

    fn text(value: &Value) -> String {
        value.as_str().unwrap_or_default().to_owned()
    }
    fn nanos(value: &Value) -> u64 {
        text(value).parse().unwrap()
    }
    fn bytes(value: &Value) -> Vec<u8> {
        let hex = text(value);
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
    }
    fn any(value: &Value) -> AnyValue {
        let value = if let Some(list) = value["arrayValue"]["values"].as_array() {
            Any::ArrayValue(ArrayValue { values: list.iter().map(any).collect() })
        } else if value["kvlistValue"].is_object() {
            Any::KvlistValue(KeyValueList { values: pairs(&value["kvlistValue"]["values"]) })
        } else {
            Any::StringValue(text(&value["stringValue"]))
        };
        AnyValue { value: Some(value) }
    }
    fn pairs(list: &Value) -> Vec<KeyValue> {
        let pairs = list.as_array().unwrap().iter();
        pairs
            .map(|pair| KeyValue {
                key: text(&pair["key"]),
                value: Some(any(&pair["value"])),
                ..KeyValue::default()
            })
            .collect()
    }
    let resource = &request["resourceSpans"][0];
    let (scope, span) = (&resource["scopeSpans"][0]["scope"], &resource["scopeSpans"][0]["spans"][0]);
    let (event, link) = (&span["events"][0], &span["links"][0]);
    let span = Span {
        trace_id: bytes(&span["traceId"]),
        span_id: bytes(&span["spanId"]),
        trace_state: text(&span["traceState"]),
        name: text(&span["name"]),
        start_time_unix_nano: nanos(&span["startTimeUnixNano"]),
        end_time_unix_nano: nanos(&span["endTimeUnixNano"]),
        attributes: pairs(&span["attributes"]),
        events: vec![Event {
            time_unix_nano: nanos(&event["timeUnixNano"]),
            name: text(&event["name"]),
            attributes: pairs(&event["attributes"]),
            ..Event::default()
        }],
        links: vec![Link {
            trace_id: bytes(&link["traceId"]),
            span_id: bytes(&link["spanId"]),
            attributes: pairs(&link["attributes"]),
            ..Link::default()
        }],
        status: Some(Status { code: 2, message: text(&span["status"]["message"]) }),
        ..Span::default()
    };
    let scope = InstrumentationScope {
        name: text(&scope["name"]),
        version: text(&scope["version"]),
        ..InstrumentationScope::default()
    };
    let of = Resource { attributes: pairs(&resource["resource"]["attributes"]), ..Resource::default() };
    let spans = ScopeSpans { scope: Some(scope), spans: vec![span], ..ScopeSpans::default() };
    let all = ResourceSpans { resource: Some(of), scope_spans: vec![spans], ..ResourceSpans::default() };
    opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest { resource_spans: vec![all] }
}

async fn answer(host: &Host, path: &str, encoding: &str) -> Vec<u8> {
    let request = Request::get(format!("/_inspector{path}")).header("accept-encoding", encoding);
    host.send(local(request, Body::empty())).await.into_body().collect().await.unwrap().to_bytes().to_vec()
}

/// Everything that a visitor may fetch.
async fn answers(host: &Host) -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<String> = [
        "/health",
        "/metrics",
        "/openapi.json",
        "/sessions?limit=200",
        "/search?limit=200",
        "/ui/",
        "/nowhere",
    ]
    .map(String::from)
    .to_vec();
    for session in host.get("/sessions?limit=200").await["sessions"].as_array().unwrap() {
        let id = session["id"].as_str().unwrap();
        for path in
            ["/sessions/ID", "/sessions/ID/spans", "/sessions/ID/events", "/trace/ID", "/sessions?q=ID"]
        {
            paths.push(path.replace("ID", id));
        }
        for span in host.get(&format!("/sessions/{id}/spans")).await["spans"].as_array().unwrap() {
            if span["placeholder"] != true {
                paths.push(format!("/sessions/{id}/spans/{}", span["span_id"].as_str().unwrap()));
            }
        }
    }
    let mut answers = Vec::new();
    for path in paths {
        // Only these have more than one form.
        let forms = if path.starts_with("/trace") || path.starts_with("/ui") { 2 } else { 1 };
        for encoding in &["identity", "gzip"][..forms] {
            let bytes = answer(host, &path, encoding).await;
            assert!(!bytes.is_empty(), "{path} answers nothing");
            answers.push((
                format!("{path}, {encoding}"),
                [vec![bytes.clone()], inflated(&bytes)].concat().concat(),
            ));
        }
    }
    answers
}

/// Everything that the live stream tells, by both ways.
async fn told(host: &Host, last: &str) -> [Vec<u8>; 2] {
    let request = Request::get("/_inspector/events?last_event_id=0");
    let mut body = host.send(local(request, Body::empty())).await.into_body();
    let mut by_sse = Vec::new();
    while !holds(&by_sse, last) {
        let frame = body.frame().await.expect("the stream goes on").expect("the stream is whole");
        by_sse.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
    }
    let mut by_socket = Vec::new();
    #[cfg(feature = "ws")]
    {
        let served = Served::new(host.inspector.clone(), true).await;
        let url = served.url("/ws?last_event_id=0").replace("http://", "ws://");
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        while !holds(&by_socket, last) {
            by_socket.extend_from_slice(&socket.next().await.unwrap().unwrap().into_data());
        }
        served.server.abort();
    }
    [by_sse, by_socket]
}

proptest! {
    // A case plants fourteen secrets, other ones in each run, in some sixty places.
    #![proptest_config(ProptestConfig { cases: 1, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_planted_secret_is_in_no_event_no_answer_no_file_and_no_log(secrets in secrets()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(nothing_leaks(&secrets));
    }
}

/// A trace file as another program writes it.
fn by_a_trace_file(files: &Path, secret: &str, at: usize) -> PathBuf {
    let [text, nested, list, long] = forms(secret);
    let line = json!({
        "trace_id": format!("{:032x}", 0xf000 + at), "span_id": "00000000000000f1", "name": text, "kind": "INTERNAL",
        "start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T00:00:01Z",
        "status": {"status_code": "ERROR", "description": text},
        "attributes": {
            "mcp.session.title": text, "mcp.engine.type": text, "gen_ai.input.messages": list,
            "mcp.tool.output_json": nested, text.clone(): text, "long": long
        },
        "events": [{"name": text, "timestamp": "2026-01-01T00:00:00Z", "attributes": {text.clone(): nested}}],
    });
    let path = files.join(format!("foreign-{at}.jsonl.gz"));
    let mut file =
        flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::fast());
    writeln!(file, "{line}").unwrap();
    file.finish().unwrap();
    path
}

async fn nothing_leaks(secrets: &[String]) {
    let log = log();
    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().join("traces");
    std::fs::create_dir(&files).unwrap();
    let foreign: Vec<PathBuf> =
        secrets.iter().enumerate().map(|(at, secret)| by_a_trace_file(&files, secret, at)).collect();
    let builder = Inspector::builder().data_dir(dir.path().join("data")).trace_files(&files);
    let host = Host::new(builder.build().unwrap());
    host.inspector.read_trace_files().await;
    assert_eq!(
        host.get("/sessions?engine=file&limit=200").await["sessions"].as_array().unwrap().len(),
        KINDS.len()
    );
    for (at, secret) in secrets.iter().enumerate() {
        by_tracing(&host.inspector, secret);
        by_the_session_api(&host.inspector, secret);
        #[cfg(feature = "otel")]
        by_the_span_processor(&host.inspector, secret);
        #[cfg(feature = "otlp")]
        by_otlp(&host, secret, at).await;
        let _ = at;
    }
    host.inspector.emit("the end", json!(null));
    host.inspector.settle().await;

    let needles = Needles::new(secrets.iter().map(|secret| core(secret)));
    for told in told(&host, "the end").await {
        assert_eq!(needles.found_in(&told), None, "the stream tells it: {}", around(&told, &needles));
        assert!(holds(&told, "[redacted]"), "something was masked");
    }
    for (path, bytes) in answers(&host).await {
        assert_eq!(needles.found_in(&bytes), None, "{path} tells it: {}", around(&bytes, &needles));
    }
    host.inspector.shutdown().await;
    drop(host);
    let exported = std::fs::read_dir(&files).unwrap().count() - foreign.len();
    // Those hold what their writers put into them.
    foreign.iter().for_each(|path| std::fs::remove_file(path).unwrap());
    let (found, files) = needles.found_below(dir.path());
    assert!(found.is_empty() && files > exported && exported > 2 * KINDS.len(), "{found:#?}, {files} files");
    let log = log.0.lock().unwrap();
    assert_eq!(needles.found_in(&log), None, "the log tells it: {}", around(&log, &needles));
}

/// What stands around the first secret, to find its place when one leaks.
fn around(bytes: &[u8], needles: &Needles) -> String {
    let Some(needle) = needles.found_in(bytes) else { return String::new() };
    let at = bytes.windows(needle.len()).position(|window| window == needle.as_bytes()).unwrap_or_default();
    String::from_utf8_lossy(&bytes[at.saturating_sub(300)..bytes.len().min(at + 100)]).into_owned()
}
