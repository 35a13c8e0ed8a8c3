use super::*;
use crate::model::{
    AttributeValue, Cost, CostSource, SpanEvent, SpanId, StatusCode, Timestamp, TraceId, Usage,
};

/// A span with these attributes, normalised.
fn normalised<V: Into<AttributeValue>>(attributes: impl IntoIterator<Item = (&'static str, V)>) -> Span {
    named("span", attributes)
}

fn named<V: Into<AttributeValue>>(
    name: &str,
    attributes: impl IntoIterator<Item = (&'static str, V)>,
) -> Span {
    let mut span = plain(name);
    span.attributes = attributes.into_iter().collect();
    super::span(&mut span);
    span
}

fn plain(name: &str) -> Span {
    let (trace, id) = (TraceId::from_bytes([1; 16]).unwrap(), SpanId::from_bytes([2; 8]).unwrap());
    Span::new(trace, id, name, Timestamp::from_nanos(1))
}

fn kind(name: &'static str, value: &'static str) -> SpanKind {
    normalised([(name, value)]).kind
}

#[test]
fn kinds_are_read_from_every_convention() {
    for (name, value, expected) in [
        ("gen_ai.operation.name", "chat", SpanKind::Llm),
        ("gen_ai.operation.name", "text_completion", SpanKind::Llm),
        ("gen_ai.operation.name", "invoke_agent", SpanKind::Agent),
        ("gen_ai.operation.name", "execute_tool", SpanKind::Tool),
        ("gen_ai.operation.name", "search_memory", SpanKind::Retrieval),
        ("gen_ai.operation.name", "something_new", SpanKind::Other),
        ("openinference.span.kind", "CHAIN", SpanKind::Workflow),
        ("openinference.span.kind", "RERANKER", SpanKind::Retrieval),
        ("traceloop.span.kind", "task", SpanKind::Workflow),
        ("llm.request.type", "chat", SpanKind::Llm),
        ("ai.operationId", "ai.generateText", SpanKind::Agent),
        ("ai.operationId", "ai.generateText.doGenerate", SpanKind::Llm),
        ("mcp.method.name", "tools/call", SpanKind::Tool),
        ("mcp.method.name", "tools/list", SpanKind::Mcp),
        ("mcp.method.name", "resources/read", SpanKind::Resource),
        ("mcp.method.name", "prompts/get", SpanKind::Prompt),
        ("mcp.method.name", "elicitation/create", SpanKind::Human),
        ("db.system", "qdrant", SpanKind::Retrieval),
        ("db.system", "postgresql", SpanKind::Other),
        ("gen_ai.tool.call.id", "call_1", SpanKind::Tool),
        ("http.request.method", "GET", SpanKind::Other),
        ("mcp.llm.prompt_json", "[]", SpanKind::Llm),
        ("mcp.llm.response_json", "{}", SpanKind::Llm),
        ("mcp.llm.history_snapshot", "[]", SpanKind::Llm),
        ("mcp.model.preferences_json", "{}", SpanKind::Llm),
        ("mcp.tool.input_json", "{}", SpanKind::Tool),
        ("mcp.tool.output_json", "{}", SpanKind::Other),
        ("mcp.resource.uri", "file:///a", SpanKind::Resource),
        ("mcp.prompt.template_id", "greeting", SpanKind::Prompt),
        ("mcp.workflow.type", "router", SpanKind::Workflow),
        ("mcp.workflow.input_json", "{}", SpanKind::Workflow),
        ("mcp.state.plan_json", "{}", SpanKind::Other),
        ("mcp.progress.token", "t", SpanKind::Other),
    ] {
        assert_eq!(kind(name, value), expected, "{name} = {value}");
    }
}

#[test]
fn the_names_of_the_original_inspector_are_understood() {
    for (name, expected) in [
        ("workflow.run", SpanKind::Workflow),
        ("agent.call", SpanKind::Agent),
        ("llm.generate", SpanKind::Llm),
        ("tool.call", SpanKind::Tool),
        ("resource.fetch", SpanKind::Resource),
        ("prompt.apply", SpanKind::Prompt),
    ] {
        assert_eq!(named(name, [("mcp.agent.name", "planner")]).kind, expected, "{name}");
    }
    let span = normalised([
        ("mcp.llm.prompt_json", "[]"),
        ("mcp.llm.model", "m-1"),
        ("mcp.llm.provider", "openai"),
        ("mcp.agent.name", "planner"),
        ("mcp.error.code", "TIMEOUT"),
        ("mcp.error.message", "too slow"),
    ]);
    let said = (span.model.as_deref(), span.provider.as_deref(), span.agent.as_deref());
    assert_eq!(said, (Some("m-1"), Some("openai"), Some("planner")));
    assert_eq!(span.error.unwrap().one_line(), "TIMEOUT: too slow");
}

#[test]
fn an_operation_nobody_knows_leaves_the_word_to_the_next_convention() {
    let span = normalised([("gen_ai.operation.name", "brew"), ("openinference.span.kind", "TOOL")]);
    assert_eq!((span.kind, span.tool.as_deref()), (SpanKind::Tool, Some("span")));
}

#[test]
fn a_tool_call_that_mcp_agent_repeats_in_each_layer_counts_once() {
    let kind =
        |name| named(name, [("gen_ai.tool.name", "fetch_fetch"), ("mcp.method.name", "tools/call")]).kind;
    assert_eq!(kind("Agent.finder.call_tool"), SpanKind::Tool);
    assert_eq!(kind("MCPAggregator.call_tool"), SpanKind::Mcp);
    assert_eq!(kind("MCPAgentClientSession.send_request"), SpanKind::Mcp);
    assert_eq!(
        named("OpenAIAugmentedLLM.finder.generate", [("gen_ai.agent.name", "finder")]).kind,
        SpanKind::Agent
    );
}

#[test]
fn what_the_sender_has_set_already_is_kept() {
    let mut span = plain("ask");
    span.kind = SpanKind::Human;
    span.model = Some("mine".into());
    span.attributes.set("gen_ai.operation.name", "chat");
    span.attributes.set("gen_ai.request.model", "theirs");
    super::span(&mut span);
    assert_eq!((span.kind, span.model.as_deref()), (SpanKind::Human, Some("mine")));
}

#[test]
fn the_first_name_of_the_table_wins_in_whatever_order_they_come() {
    let span = normalised([
        ("llm.model_name", "third"),
        ("gen_ai.request.model", "second"),
        ("gen_ai.response.model", "first"),
        ("gen_ai.provider.name", "langchain"),
        ("llm.provider", "Anthropic"),
    ]);
    assert_eq!((span.model.as_deref(), span.provider.as_deref()), (Some("first"), Some("anthropic")));
    let span = normalised([("gen_ai.response.model", "None"), ("gen_ai.request.model", "second")]);
    assert_eq!(span.model.as_deref(), Some("second"), "a name that says nothing does not win");
}

#[test]
fn a_reported_zero_is_a_zero_and_what_nobody_reported_is_absent() {
    let span = normalised([("gen_ai.usage.input_tokens", 0_i64)]);
    assert_eq!(span.usage, Some(Usage { input_tokens: Some(0), ..Usage::default() }));
    assert_eq!(normalised([("gen_ai.usage.input_tokens", -1_i64)]).usage, None);
}

#[test]
fn the_input_includes_the_cache_whichever_way_the_sender_counts() {
    let input = |input: i64, read: i64| {
        let names = [("gen_ai.usage.input_tokens", input), ("gen_ai.usage.cache_read.input_tokens", read)];
        normalised(names).usage.unwrap().input_tokens
    };
    assert_eq!(input(1000, 300), Some(1000));
    assert_eq!(input(100, 300), Some(400), "parts larger than the whole lie beside it");
}

#[test]
fn names_without_a_prefix_are_trusted_only_where_they_belong() {
    let mut span = plain("claude_code.llm_request");
    span.scope.name = "com.anthropic.claude_code.tracing".into();
    span.attributes = [("input_tokens", 5_i64), ("cache_read_tokens", 3)].into_iter().collect();
    super::span(&mut span);
    assert_eq!(span.usage.unwrap().input_tokens, Some(8));
    assert_eq!(normalised([("input_tokens", 5_i64), ("success", 0)]).usage, None);
    assert_eq!(normalised([("model", "T"), ("success", "false")]).error, None);
}

#[test]
fn a_reported_cost_is_taken_and_an_absurd_one_is_not() {
    let reported = |usd| Some(Cost { usd, source: CostSource::Reported });
    assert_eq!(normalised([("llm.cost.total", 0.25)]).cost, reported(0.25));
    assert_eq!(
        normalised([("langfuse.observation.cost_details", r#"{"input":0.1,"total":0.5}"#)]).cost,
        reported(0.5)
    );
    assert_eq!(normalised([("gen_ai.usage.cost", -1.0)]).cost, None);
    assert_eq!(normalised([("gen_ai.usage.cost", f64::NAN)]).cost, None);
}

#[test]
fn errors_are_found_wherever_they_are_said() {
    let said = |span: Span| span.error.map(|error| (error.kind, error.message));
    let text = |text: &str| Some(text.to_owned());

    let mut failed = plain("x");
    failed.status.code = StatusCode::Error;
    failed.status.message = text("boom");
    failed.attributes.set("error.type", "timeout");
    span(&mut failed);
    assert_eq!(said(failed), Some((text("timeout"), text("boom"))));

    let exception = |escaped: &str, code| {
        let mut span = plain("x");
        span.status.code = code;
        let attributes =
            [("exception.type", "E"), ("exception.message", "m"), ("exception.escaped", escaped)];
        let attributes = attributes.into_iter().collect();
        span.events = vec![SpanEvent { name: "exception".into(), time: Timestamp::EPOCH, attributes }];
        super::span(&mut span);
        said(span)
    };
    assert_eq!(exception("", StatusCode::Unset), Some((text("E"), text("m"))));
    assert_eq!(exception("False", StatusCode::Unset), None, "it was handled");
    assert_eq!(exception("", StatusCode::Ok), None, "it was handled");
    assert_eq!(exception("False", StatusCode::Error), Some((text("E"), text("m"))));

    let answer = r#"{"content":[{"type":"text","text":"no such file"}],"isError": true}"#;
    let tool = normalised([("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.call.result", answer)]);
    assert_eq!(said(tool), Some((text("tool_error"), text("no such file"))));
    let fine = r#"{"content":[{"type":"text","text":"it said \"isError\":true"}]}"#;
    let tool = normalised([("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.call.result", fine)]);
    assert_eq!(said(tool), None);
}

#[test]
fn the_session_is_the_conversation_before_the_connection_and_the_span_before_the_program() {
    let hint = |names: &[(&'static str, &'static str)]| {
        let mut span = normalised(names.iter().copied());
        span.resource.set("session.id", "program");
        session_hint(&span).map(|hint| (hint.id, hint.resource_level))
    };
    let own = |id: &str| Some((id.to_owned(), false));
    assert_eq!(
        hint(&[("mcp.session.id", "m"), ("session.id", "s"), ("gen_ai.conversation.id", "c")]),
        own("c")
    );
    assert_eq!(hint(&[("mcp.session.id", "m"), ("session.id", "s")]), own("s"));
    assert_eq!(hint(&[("traceloop.association.properties.thread_id", "t")]), own("t"));
    assert_eq!(hint(&[("ai.telemetry.metadata.sessionId", "v")]), own("v"));
    assert_eq!(hint(&[("thread.id", "7")]), Some(("program".to_owned(), true)));
    assert_eq!(hint(&[("mcp.session.id", "unknown")]), Some(("program".to_owned(), true)));
    assert_eq!(session_hint(&plain("x")), None);
}

#[test]
fn a_root_is_called_by_its_workflow_or_agent_and_in_one_line() {
    let title =
        |names: &[(&'static str, &'static str)]| title_hint(&named("span name", names.iter().copied()));
    assert_eq!(title(&[]).as_deref(), Some("span name"));
    assert_eq!(title(&[("gen_ai.agent.name", "a\n b")]).as_deref(), Some("a b"));
    assert_eq!(title(&[("gen_ai.agent.name", "a"), ("gen_ai.workflow.name", "w")]).as_deref(), Some("w"));
    let long = title_hint(&plain(&"é".repeat(500))).unwrap();
    assert_eq!(long.chars().count(), 121);
    let mut child = plain("child");
    child.parent_span_id = SpanId::from_bytes([9; 8]);
    assert_eq!(title_hint(&child), None);
}
