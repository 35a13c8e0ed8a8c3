//! However a host records its agent, the same comes out.

use agent_inspector::model::SpanKind;
use agent_inspector::{Inspect, Inspector, SessionContext};
use opentelemetry::trace::{Link, Span as _, SpanContext, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

use crate::support::Host;

const QUESTION: &str = r#"[{"role":"user","content":"How many files?"}]"#;
const ARGUMENTS: &str = r#"{"path":"/work"}"#;
const LISTING: &str = r#"["a.rs","b.rs"]"#;

fn provider(inspector: &Inspector) -> SdkTracerProvider {
    SdkTracerProvider::builder()
        .with_resource(
            Resource::builder_empty().with_attribute(KeyValue::new("service.name", "checkout")).build(),
        )
        .with_span_processor(inspector.span_processor())
        .build()
}

fn tracer(inspector: &Inspector) -> (SdkTracer, SdkTracerProvider) {
    let provider = provider(inspector);
    (
        provider.tracer_with_scope(InstrumentationScope::builder("agents").with_version("1.2").build()),
        provider,
    )
}

/// An agent asks a model, calls a tool, and calls another that fails; by the spans of `tracing`.
fn by_the_layer(inspector: &Inspector) {
    use tracing::field::Empty;
    let registry = tracing_subscriber::registry().with(inspector.layer());
    tracing::subscriber::with_default(registry, || {
        let agent = tracing::info_span!(
            "invoke_agent counter",
            gen_ai.operation.name = "invoke_agent",
            gen_ai.agent.name = "counter"
        );
        agent.in_scope(|| {
            let chat = tracing::info_span!(
                "chat m-1",
                gen_ai.operation.name = "chat",
                gen_ai.provider.name = "openai",
                gen_ai.request.model = "m-1",
                gen_ai.input.messages = QUESTION,
                gen_ai.usage.input_tokens = Empty,
                gen_ai.usage.output_tokens = Empty,
            );
            chat.in_scope(|| {
                for (name, answer) in [("list", Some(LISTING)), ("remove", None)] {
                    let tool = tracing::info_span!(
                        "execute_tool",
                        otel.name = format!("execute_tool {name}"),
                        gen_ai.operation.name = "execute_tool",
                        gen_ai.tool.name = name,
                        mcp.tool.input_json = ARGUMENTS,
                        mcp.tool.output_json = Empty,
                        otel.status_code = Empty,
                        otel.status_description = Empty,
                    );
                    match answer {
                        Some(answer) => _ = tool.record("mcp.tool.output_json", answer),
                        None => {
                            tool.record("otel.status_code", "ERROR")
                                .record("otel.status_description", "not allowed");
                        }
                    }
                }
                chat.record("gen_ai.usage.input_tokens", 12).record("gen_ai.usage.output_tokens", 5);
            });
        });
    });
}

/// The same by the spans of an OpenTelemetry SDK.
fn by_the_processor(inspector: &Inspector) {
    let (tracer, _provider) = tracer(inspector);
    let start = |name: String, attributes: Vec<KeyValue>, above: &Context| {
        let span = tracer.span_builder(name).with_attributes(attributes).start_with_context(&tracer, above);
        above.with_span(span)
    };
    let text = KeyValue::new::<&'static str, &'static str>;
    let agent = start(
        "invoke_agent counter".to_owned(),
        vec![text("gen_ai.operation.name", "invoke_agent"), text("gen_ai.agent.name", "counter")],
        &Context::new(),
    );
    let chat = start(
        "chat m-1".to_owned(),
        vec![
            text("gen_ai.operation.name", "chat"),
            text("gen_ai.provider.name", "openai"),
            text("gen_ai.request.model", "m-1"),
            text("gen_ai.input.messages", QUESTION),
        ],
        &agent,
    );
    for (name, answer) in [("list", Some(LISTING)), ("remove", None)] {
        let attributes = vec![
            text("gen_ai.operation.name", "execute_tool"),
            text("gen_ai.tool.name", name),
            text("mcp.tool.input_json", ARGUMENTS),
        ];
        let tool = start(format!("execute_tool {name}"), attributes, &chat);
        match answer {
            Some(answer) => tool.span().set_attribute(text("mcp.tool.output_json", answer)),
            None => tool.span().set_status(Status::error("not allowed")),
        }
        tool.span().end();
    }
    chat.span().set_attribute(KeyValue::new("gen_ai.usage.input_tokens", 12));
    chat.span().set_attribute(KeyValue::new("gen_ai.usage.output_tokens", 5));
    chat.span().end();
    agent.span().end();
}

/// The same by the session API, in a session that has a root of its own.
fn by_the_session(inspector: &Inspector) {
    let session = inspector.session("a session of its own").start();
    let agent = session.span(SpanKind::Agent, "invoke_agent counter");
    agent.attribute("gen_ai.agent.name", "counter");
    let chat = agent.child(SpanKind::Llm, "chat m-1");
    chat.provider("openai").model("m-1").messages(&serde_json::from_str::<Value>(QUESTION).unwrap());
    let arguments: Value = serde_json::from_str(ARGUMENTS).unwrap();
    let list = chat.child(SpanKind::Tool, "execute_tool list");
    list.tool("list").input(&arguments).output(&serde_json::from_str::<Value>(LISTING).unwrap());
    list.finish();
    let mut remove = chat.child(SpanKind::Tool, "execute_tool remove");
    remove.tool("remove").input(&arguments);
    remove.error("not allowed");
    remove.finish();
    chat.tokens(12, 5);
    drop((chat, agent));
    session.finish();
}

/// The agent's tree as a visitor is told: what each span is called, does, with which model, tool, agent and tokens, what
/// went wrong in it, and what went in and out.
async fn told(host: &Host) -> Vec<Value> {
    host.inspector.settle().await;
    let sessions = host.get("/sessions").await;
    let session = &sessions["sessions"][0];
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1, "{sessions}");
    let counters = &session["counters"];
    let counted = ["llm_calls", "tool_calls", "errors", "input_tokens", "output_tokens"];
    let mut told = vec![
        json!([session["status"], session["agent"]]),
        counted.iter().map(|name| counters[name].clone()).collect(),
    ];
    let id = session["id"].as_str().unwrap();
    let tree = host.get(&format!("/sessions/{id}/spans")).await;
    let rows = tree["spans"].as_array().unwrap();
    let agent = rows.iter().position(|row| row["kind"] == "agent").unwrap();
    for row in &rows[agent..] {
        let whole = host.get(&format!("/sessions/{id}/spans/{}", row["span_id"].as_str().unwrap())).await;
        let depth = row["depth"].as_u64().unwrap() - rows[agent]["depth"].as_u64().unwrap();
        let fields = ["name", "kind", "model", "provider", "tool", "agent", "usage", "status", "error"];
        let attributes = ["gen_ai.input.messages", "mcp.tool.input_json", "mcp.tool.output_json"];
        let json = |name: &&str| {
            whole["attributes"][name].as_str().map(|text| serde_json::from_str::<Value>(text).unwrap())
        };
        told.push(json!({
            "depth": depth,
            "ended": whole["end_time"].is_string(),
            "row": fields.map(|name| &row[name]),
            "content": attributes.iter().map(json).collect::<Vec<_>>(),
        }));
    }
    told
}

#[tokio::test]
async fn one_agent_looks_the_same_by_the_layer_by_the_span_processor_and_by_the_session_api() {
    let mut all = Vec::new();
    for record in [by_the_layer, by_the_processor, by_the_session] {
        let host = Host::in_memory();
        record(&host.inspector);
        all.push(told(&host).await);
    }
    assert_eq!(all[0].len(), 6, "{:#?}", all[0]);
    assert_eq!(all[0][2]["row"][1], "agent");
    assert_eq!(all[0][5]["row"][8], "not allowed");
    assert!(all[0] == all[1], "the layer and the processor differ: {:#?}", &all[..2]);
    assert!(all[0] == all[2], "the layer and the session API differ: {:#?}", [&all[0], &all[2]]);
}

#[tokio::test]
async fn a_span_of_the_sdk_is_visible_while_it_runs_and_whole_at_its_end() {
    let host = Host::in_memory();
    let (tracer, _provider) = tracer(&host.inspector);
    let other = SpanContext::new(
        opentelemetry::TraceId::from(7),
        opentelemetry::SpanId::from(9),
        opentelemetry::TraceFlags::SAMPLED,
        true,
        Default::default(),
    );
    let mut span = tracer
        .span_builder("chat m-1")
        .with_attributes([KeyValue::new("gen_ai.request.model", "m-1")])
        .with_links(vec![Link::new(other, vec![KeyValue::new("why", "follows")], 0)])
        .start(&tracer);
    host.inspector.settle().await;
    let id = format!("trace-{}", span.span_context().trace_id());
    let path = format!("/sessions/{id}/spans/{}", span.span_context().span_id());
    let running = host.get(&path).await;
    assert_eq!(
        (&running["attributes"]["gen_ai.request.model"], running.get("end_time")),
        (&json!("m-1"), None)
    );

    span.add_event("gen_ai.choice", vec![KeyValue::new("index", 0)]);
    span.set_status(Status::error("refused"));
    span.end();
    host.inspector.settle().await;
    let ended = host.get(&path).await;
    assert!(ended["end_time"].is_string());
    assert_eq!((&ended["source"], &ended["resource"]["service.name"]), (&json!("otel"), &json!("checkout")));
    assert_eq!(ended["scope"], json!({"name": "agents", "version": "1.2"}));
    assert_eq!(ended["status"], json!({"code": "error", "message": "refused"}));
    assert_eq!(
        (&ended["events"][0]["name"], &ended["events"][0]["attributes"]["index"]),
        (&json!("gen_ai.choice"), &json!(0))
    );
    assert_eq!(ended["links"][0]["attributes"]["why"], "follows");
}

#[tokio::test]
async fn what_stands_around_an_agent_span_of_the_sdk_is_recorded_with_it_and_other_traces_are_not() {
    let host = Host::in_memory();
    let (tracer, _provider) = tracer(&host.inspector);
    tracer.in_span("an unrelated request", |_| ());
    tracer.in_span("POST /ask", |_| {
        tracer.in_span("authorise", |_| ());
        // Its attributes come after its start.
        tracer
            .in_span("chat", |chat| chat.span().set_attribute(KeyValue::new("gen_ai.request.model", "m-1")));
        tracer.in_span("SELECT", |_| ());
    });
    host.inspector.settle().await;
    let sessions = host.get("/sessions").await;
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1, "{sessions}");
    assert_eq!(sessions["sessions"][0]["title"], "POST /ask");
    let tree =
        host.get(&format!("/sessions/{}/spans", sessions["sessions"][0]["id"].as_str().unwrap())).await;
    let names: Vec<_> =
        tree["spans"].as_array().unwrap().iter().map(|row| json!([row["name"], row["depth"]])).collect();
    assert_eq!(names, [json!(["POST /ask", 0]), json!(["chat", 1]), json!(["SELECT", 1])]);
}

#[tokio::test]
async fn a_trace_of_the_sdk_that_begins_in_a_session_belongs_to_it() {
    let host = Host::in_memory();
    let (tracer, _provider) = tracer(&host.inspector);
    let session = host.inspector.session("mixed").start();
    session.in_scope(|| {
        tracer.in_span("a span without any agent's attribute", |context| {
            // The innermost is the SDK's span now, then a span of the session, then the SDK's again.
            let trace = context.span().span_context().trace_id().to_string();
            assert!(agent_inspector::current_traceparent().unwrap().contains(&trace));
            assert_eq!(5.inspect_as("five"), 5);
            let inner = session.span(SpanKind::Tool, "below it");
            inner.in_scope(|| assert_eq!(SessionContext::current().traceparent(), inner.traceparent()));
            assert!(agent_inspector::current_traceparent().unwrap().contains(&trace));
        });
    });
    session.finish();
    host.inspector.settle().await;
    assert_eq!(host.get("/sessions").await["sessions"].as_array().unwrap().len(), 1);
    let tree = host.get(&format!("/sessions/{}/spans", session.id())).await;
    let rows = tree["spans"].as_array().unwrap();
    let names: Vec<_> = rows.iter().map(|row| json!([row["name"], row["depth"]])).collect();
    assert_eq!(
        names,
        [json!(["mixed", 0]), json!(["a span without any agent's attribute", 0]), json!(["below it", 1])]
    );
    let whole =
        host.get(&format!("/sessions/{}/spans/{}", session.id(), rows[1]["span_id"].as_str().unwrap())).await;
    assert_eq!(whole["attributes"]["mcp.result.five_json"], "5");
}

#[tokio::test]
async fn spans_that_come_from_tracing_are_recorded_once_beside_the_layer() {
    let host = Host::in_memory();
    let (tracer, _provider) = tracer(&host.inspector);
    let registry = tracing_subscriber::registry().with(host.inspector.layer());
    tracing::subscriber::with_default(registry, || {
        let _span = tracing::info_span!("chat", gen_ai.operation.name = "chat").entered();
        // As `tracing-opentelemetry` would tell of it.
        tracer
            .span_builder("chat")
            .with_attributes([
                KeyValue::new("gen_ai.operation.name", "chat"),
                KeyValue::new("target", "it::sources"),
            ])
            .start(&tracer)
            .end();
    });
    host.inspector.settle().await;
    let sessions = host.get("/sessions").await;
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1, "{sessions}");
}

#[tokio::test]
async fn a_disabled_inspector_has_a_span_processor_that_does_nothing() {
    let inspector = Inspector::disabled();
    let (tracer, provider) = tracer(&inspector);
    tracer
        .in_span("chat", |context| context.span().set_attribute(KeyValue::new("gen_ai.request.model", "m")));
    provider.force_flush().unwrap();
    provider.shutdown().unwrap();
}
