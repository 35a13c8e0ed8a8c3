//! Each convention's name for each fact, alone on a span: every cell of the table of conventions is held by a case here.

mod content;

use serde_json::{Value, json};

use super::session_hint;
use crate::model::{Attributes, Scope, Span, SpanEvent, SpanId, SpanKind, StatusCode, Timestamp, TraceId};

/// Whose span it is.
#[derive(Clone, Copy, Debug)]
enum By {
    Anyone,
    ClaudeCode,
    Codex,
    Named(&'static str),
}
use By::{Anyone, ClaudeCode, Codex, Named};

fn attributes(attributes: &Value) -> Attributes {
    serde_json::from_value(attributes.clone()).unwrap()
}

fn plain(by: By, said: &Value) -> Span {
    let (trace, id) = (TraceId::from_bytes([1; 16]).unwrap(), SpanId::from_bytes([2; 8]).unwrap());
    let name = if let Named(name) = by { name } else { "span" };
    let mut span = Span::new(trace, id, name, Timestamp::EPOCH);
    span.parent_span_id = SpanId::from_bytes([3; 8]);
    match by {
        ClaudeCode => {
            span.scope = Scope { name: "com.anthropic.claude_code.tracing".into(), version: None };
        }
        Codex => span.resource.set("service.name", "codex_exec"),
        Anyone | Named(_) => {}
    }
    span.attributes = attributes(said);
    span
}

fn normalised(by: By, said: &Value) -> Span {
    let mut span = plain(by, said);
    super::span(&mut span);
    span
}

#[test]
fn the_session() {
    for (by, name) in [
        (Anyone, "gen_ai.conversation.id"),
        (Anyone, "mcp.session.id"),
        (Anyone, "session.id"),
        (Anyone, "traceloop.association.properties.session_id"),
        (Anyone, "traceloop.association.properties.thread_id"),
        (Anyone, "ai.telemetry.metadata.sessionId"),
        (Anyone, "conversation.id"),
        (Anyone, "langfuse.session.id"),
        (ClaudeCode, "session.id"),
        (Codex, "conversation.id"),
        (Named("session_task.turn"), "thread.id"),
    ] {
        let span = normalised(by, &json!({ name: "s-1" }));
        assert_eq!(session_hint(&span).map(|hint| hint.id).as_deref(), Some("s-1"), "{name} of {by:?}");
    }
    let mut program = plain(Anyone, &json!({}));
    program.resource = attributes(&json!({"session.id": "p-1", "service.instance.id": "i-1"}));
    assert_eq!(session_hint(&program).unwrap().id, "p-1");
    // On other spans it is the machine's thread.
    assert_eq!(session_hint(&normalised(Codex, &json!({"thread.id": "7"}))), None);
}

#[test]
fn the_agent() {
    for (by, said) in [
        (Anyone, json!({"gen_ai.agent.name": "a"})),
        (Anyone, json!({"agent.name": "a"})),
        (Anyone, json!({"graph.node.id": "a"})),
        (Anyone, json!({"traceloop.span.kind": "agent", "traceloop.entity.name": "a"})),
        (Anyone, json!({"ai.telemetry.functionId": "a"})),
        (Anyone, json!({"agent_name": "a"})),
        (ClaudeCode, json!({"agent_id": "a"})),
        (ClaudeCode, json!({"agent_type": "a", "agent_id": "b"})),
    ] {
        assert_eq!(normalised(by, &said).agent.as_deref(), Some("a"), "{said} of {by:?}");
    }
    let mut program = plain(Anyone, &json!({"gen_ai.operation.name": "invoke_agent"}));
    program.parent_span_id = None;
    program.resource.set("service.name", "a");
    super::span(&mut program);
    assert_eq!(program.agent.as_deref(), Some("a"));
    assert_eq!(normalised(Anyone, &json!({"agent_id": "a"})).agent, None);
}

#[test]
fn the_kind() {
    let operation = |name: &str| json!({"gen_ai.operation.name": name});
    let one = |name: &str, value: &str| json!({ name: value });
    for (kind, by, said) in [
        (SpanKind::Llm, Anyone, operation("chat")),
        (SpanKind::Llm, Anyone, operation("generate_content")),
        (SpanKind::Llm, Anyone, operation("text_completion")),
        (SpanKind::Llm, Anyone, operation("embeddings")),
        (SpanKind::Llm, Anyone, one("openinference.span.kind", "LLM")),
        (SpanKind::Llm, Anyone, one("openinference.span.kind", "EMBEDDING")),
        (SpanKind::Llm, Anyone, one("llm.request.type", "chat")),
        (SpanKind::Llm, Anyone, one("llm.request.type", "completion")),
        (SpanKind::Llm, Anyone, one("llm.request.type", "embedding")),
        (SpanKind::Llm, Anyone, one("ai.operationId", "ai.generateText.doGenerate")),
        (SpanKind::Llm, Anyone, one("ai.operationId", "ai.generateObject.doGenerate")),
        (SpanKind::Llm, Anyone, one("ai.operationId", "ai.streamText.doStream")),
        (SpanKind::Llm, Anyone, one("ai.operationId", "ai.streamObject.doStream")),
        (SpanKind::Llm, Anyone, one("ai.operationId", "ai.embed.doEmbed")),
        (SpanKind::Llm, Anyone, one("ai.operationId", "ai.embedMany.doEmbed")),
        (SpanKind::Llm, ClaudeCode, one("span.type", "llm_request")),
        (SpanKind::Llm, Named("handle_responses"), json!({"gen_ai.usage.input_tokens": 1})),
        (SpanKind::Other, Named("handle_responses"), json!({})),
        (SpanKind::Tool, Anyone, operation("execute_tool")),
        (SpanKind::Tool, Anyone, one("gen_ai.tool.name", "t")),
        (SpanKind::Tool, Anyone, one("gen_ai.tool.call.id", "c")),
        (SpanKind::Tool, Anyone, one("openinference.span.kind", "TOOL")),
        (SpanKind::Tool, Anyone, one("traceloop.span.kind", "tool")),
        (SpanKind::Tool, Anyone, one("ai.operationId", "ai.toolCall")),
        (SpanKind::Tool, ClaudeCode, one("span.type", "tool")),
        (SpanKind::Other, ClaudeCode, json!({"span.type": "tool.execution", "gen_ai.tool.call.id": "c"})),
        (SpanKind::Human, ClaudeCode, one("span.type", "tool.blocked_on_user")),
        (SpanKind::Tool, Named("Agent.finder.call_tool"), one("gen_ai.agent.name", "finder")),
        (SpanKind::Agent, Anyone, operation("invoke_agent")),
        (SpanKind::Agent, Anyone, operation("create_agent")),
        (SpanKind::Agent, Anyone, one("openinference.span.kind", "AGENT")),
        (SpanKind::Agent, Anyone, one("traceloop.span.kind", "agent")),
        (SpanKind::Agent, Anyone, one("ai.operationId", "ai.generateText")),
        (SpanKind::Agent, Anyone, one("ai.operationId", "ai.streamText")),
        (SpanKind::Agent, Anyone, one("ai.operationId", "ai.generateObject")),
        (SpanKind::Agent, Anyone, one("ai.operationId", "ai.streamObject")),
        (SpanKind::Agent, ClaudeCode, one("span.type", "interaction")),
        (SpanKind::Agent, Named("OpenAIAugmentedLLM.finder.generate"), one("gen_ai.agent.name", "finder")),
        (SpanKind::Workflow, Anyone, operation("invoke_workflow")),
        (SpanKind::Workflow, Anyone, operation("plan")),
        (SpanKind::Workflow, Anyone, operation("handle_conversation_turn")),
        (SpanKind::Workflow, Anyone, operation("execute_task")),
        (SpanKind::Workflow, Anyone, one("gen_ai.task.status", "completed")),
        (SpanKind::Workflow, Anyone, one("openinference.span.kind", "CHAIN")),
        (SpanKind::Workflow, Anyone, one("traceloop.span.kind", "workflow")),
        (SpanKind::Workflow, Anyone, one("traceloop.span.kind", "task")),
        (SpanKind::Workflow, Anyone, one("ai.operationId", "ai.embedMany")),
        (SpanKind::Workflow, Named("session_task.turn"), json!({})),
        (SpanKind::Workflow, Named("WorkflowRouter.router.run"), one("gen_ai.agent.name", "router")),
        (SpanKind::Retrieval, Anyone, operation("retrieval")),
        (SpanKind::Retrieval, Anyone, operation("search_memory")),
        (SpanKind::Retrieval, Anyone, operation("vector_db_retrieve")),
        (SpanKind::Retrieval, Anyone, one("openinference.span.kind", "RETRIEVER")),
        (SpanKind::Retrieval, Anyone, one("openinference.span.kind", "RERANKER")),
        (SpanKind::Retrieval, Anyone, one("llm.request.type", "rerank")),
        (SpanKind::Retrieval, Anyone, one("db.system", "chroma")),
        (SpanKind::Retrieval, Anyone, one("db.system.name", "qdrant")),
        (SpanKind::Retrieval, Anyone, one("gen_ai.retrieval.query.text", "q")),
        (SpanKind::Retrieval, Anyone, one("gen_ai.retrieval.documents", "[]")),
        (SpanKind::Retrieval, Anyone, one("retrieval.documents.0.document.content", "d")),
        (SpanKind::Retrieval, Anyone, one("ai.operationId", "ai.rerank.doRerank")),
        (SpanKind::Tool, Anyone, one("mcp.method.name", "tools/call")),
        (SpanKind::Mcp, Anyone, one("mcp.method.name", "tools/list")),
        (SpanKind::Resource, Anyone, one("mcp.method.name", "resources/read")),
        (SpanKind::Resource, Anyone, one("mcp.resource.uri", "file:///a")),
        (SpanKind::Resource, Named("Agent.finder.read_resource"), one("uri", "file:///a")),
        (SpanKind::Other, Anyone, one("uri", "file:///a")),
        (SpanKind::Other, Anyone, operation("brew_coffee")),
        (SpanKind::Other, Anyone, operation("create_memory_store")),
    ] {
        assert_eq!(normalised(by, &said).kind, kind, "{said} of {by:?}");
    }
}

#[test]
fn the_model_and_who_runs_it() {
    for (by, name) in [
        (Anyone, "gen_ai.response.model"),
        (Anyone, "gen_ai.request.model"),
        (Anyone, "llm.model_name"),
        (Anyone, "llm.response.model_name"),
        (Anyone, "llm.request.model_name"),
        (Anyone, "ai.response.model"),
        (Anyone, "ai.model.id"),
        (ClaudeCode, "model"),
        (Codex, "model"),
        (Named("handle_responses"), "model"),
    ] {
        assert_eq!(normalised(by, &json!({ name: "m" })).model.as_deref(), Some("m"), "{name} of {by:?}");
    }
    for (by, said, provider) in [
        (Anyone, json!({"gen_ai.provider.name": "openai"}), Some("openai")),
        (Anyone, json!({"gen_ai.system": "Openai"}), Some("openai")),
        (Anyone, json!({"gen_ai.system": "vertex_ai"}), Some("gcp.vertex_ai")),
        (Anyone, json!({"llm.provider": "openai"}), Some("openai")),
        (Anyone, json!({"llm.system": "openai"}), Some("openai")),
        (Anyone, json!({"gen_ai.provider.name": "langchain"}), None),
        (Anyone, json!({"ai.model.provider": "openai.responses"}), Some("openai")),
        (ClaudeCode, json!({"span.type": "llm_request"}), Some("anthropic")),
        (ClaudeCode, json!({"span.type": "tool"}), None),
    ] {
        assert_eq!(normalised(by, &said).provider.as_deref(), provider, "{said} of {by:?}");
    }
    assert_eq!(normalised(Anyone, &json!({"model": "T"})).model, None);
}

#[test]
fn tokens_and_cost() {
    let usage = |by, name: &str| serde_json::to_value(normalised(by, &json!({ name: 7 })).usage).unwrap();
    for (field, by, name) in [
        ("input_tokens", Anyone, "gen_ai.usage.input_tokens"),
        ("input_tokens", Anyone, "gen_ai.usage.prompt_tokens"),
        ("input_tokens", Anyone, "llm.token_count.prompt"),
        ("input_tokens", Anyone, "ai.usage.inputTokens"),
        ("input_tokens", Anyone, "ai.usage.promptTokens"),
        ("input_tokens", ClaudeCode, "input_tokens"),
        ("input_tokens", Codex, "input_token_count"),
        ("output_tokens", Anyone, "gen_ai.usage.output_tokens"),
        ("output_tokens", Anyone, "gen_ai.usage.completion_tokens"),
        ("output_tokens", Anyone, "llm.token_count.completion"),
        ("output_tokens", Anyone, "ai.usage.outputTokens"),
        ("output_tokens", Anyone, "ai.usage.completionTokens"),
        ("output_tokens", ClaudeCode, "output_tokens"),
        ("output_tokens", Codex, "output_token_count"),
        ("cache_read_tokens", Anyone, "gen_ai.usage.cache_read.input_tokens"),
        ("cache_read_tokens", Anyone, "llm.token_count.prompt_details.cache_read"),
        ("cache_read_tokens", Anyone, "ai.usage.cachedInputTokens"),
        ("cache_read_tokens", Anyone, "ai.usage.inputTokenDetails.cacheReadTokens"),
        ("cache_read_tokens", ClaudeCode, "cache_read_tokens"),
        ("cache_read_tokens", Codex, "cached_token_count"),
        ("cache_write_tokens", Anyone, "gen_ai.usage.cache_creation.input_tokens"),
        ("cache_write_tokens", Anyone, "gen_ai.usage.cache_write.input_tokens"),
        ("cache_write_tokens", Anyone, "llm.token_count.prompt_details.cache_write"),
        ("cache_write_tokens", Anyone, "ai.usage.inputTokenDetails.cacheWriteTokens"),
        ("cache_write_tokens", ClaudeCode, "cache_creation_tokens"),
        ("reasoning_tokens", Anyone, "gen_ai.usage.reasoning.output_tokens"),
        ("reasoning_tokens", Anyone, "gen_ai.usage.reasoning_tokens"),
        ("reasoning_tokens", Anyone, "llm.token_count.completion_details.reasoning"),
        ("reasoning_tokens", Anyone, "ai.usage.reasoningTokens"),
        ("reasoning_tokens", Anyone, "codex.usage.reasoning_output_tokens"),
        ("reasoning_tokens", Codex, "reasoning_token_count"),
    ] {
        assert_eq!(usage(by, name)[field], 7, "{name} of {by:?}");
    }
    // Sums over the calls below, which count there; and names that are somebody else's elsewhere.
    for name in [
        "gen_ai.aggregated_usage.input_tokens",
        "gen_ai.aggregated_usage.output_tokens",
        "codex.turn.token_usage.input_tokens",
        "input_tokens",
        "input_token_count",
    ] {
        assert_eq!(usage(Anyone, name), Value::Null, "{name}");
    }
    for (by, said) in [
        (Anyone, json!({"gen_ai.usage.cost": 0.5})),
        (Anyone, json!({"operation.cost": 0.5})),
        (Anyone, json!({"llm.cost.total": 0.5})),
        (Anyone, json!({"langfuse.observation.cost_details": "{\"total\":0.5}"})),
        (ClaudeCode, json!({"cost_usd": 0.5})),
        (ClaudeCode, json!({"total_cost_usd": 0.5})),
    ] {
        let cost = normalised(by, &said).cost.map(|cost| cost.usd.to_string());
        assert_eq!(cost.as_deref(), Some("0.5"), "{said} of {by:?}");
    }
}

#[test]
fn errors() {
    let failed = |by, said: &Value| normalised(by, said).error.is_some();
    for (by, said) in [
        (Anyone, json!({"error.type": "timeout"})),
        (Anyone, json!({"exception.type": "E", "exception.message": "m"})),
        (Anyone, json!({"gen_ai.task.status": "failure"})),
        (ClaudeCode, json!({"success": false})),
        (ClaudeCode, json!({"success": "false", "error": "e"})),
        (Anyone, json!({"mcp.method.name": "tools/call", "result.isError": "true"})),
        (Anyone, json!({"mcp.method.name": "tools/call", "result.isError": true})),
        (
            Anyone,
            json!({"gen_ai.tool.name": "t", "gen_ai.tool.call.result": "{\"isError\":true,\"content\":[]}"}),
        ),
    ] {
        assert!(failed(by, &said), "{said} of {by:?}");
    }
    assert!(!failed(Anyone, &json!({"gen_ai.task.status": "completed"})));
    let said =
        json!({"gen_ai.tool.name": "t", "result.isError": true, "result.content.0.text": "no such file"});
    assert_eq!(normalised(Anyone, &said).error.unwrap().one_line(), "tool_error: no such file");
    let mut status = plain(Anyone, &json!({}));
    status.status.code = StatusCode::Error;
    super::span(&mut status);
    assert!(status.error.is_some());
    let mut event = plain(Anyone, &json!({}));
    let said = attributes(&json!({"exception.type": "E"}));
    event.events = vec![SpanEvent { name: "exception".into(), time: Timestamp::EPOCH, attributes: said }];
    super::span(&mut event);
    assert!(event.error.is_some());
}
