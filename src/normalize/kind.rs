//! What a span does.

use super::facts::Facts;
use super::names::Slot;
use crate::model::{Span, SpanKind};

type Words = [(&'static str, SpanKind)];

/// `gen_ai.operation.name`, with what was pending or framework-made when this was written.
const OPERATIONS: &Words = &[
    ("chat", SpanKind::Llm),
    ("generate_content", SpanKind::Llm),
    ("text_completion", SpanKind::Llm),
    ("completion", SpanKind::Llm),
    ("embeddings", SpanKind::Llm),
    ("execute_tool", SpanKind::Tool),
    ("invoke_agent", SpanKind::Agent),
    ("create_agent", SpanKind::Agent),
    ("invoke_workflow", SpanKind::Workflow),
    ("plan", SpanKind::Workflow),
    ("handle_conversation_turn", SpanKind::Workflow),
    ("execute_task", SpanKind::Workflow),
    ("retrieval", SpanKind::Retrieval),
    ("search_memory", SpanKind::Retrieval),
    ("vector_db_retrieve", SpanKind::Retrieval),
];

/// `openinference.span.kind`.
const OPEN_INFERENCE: &Words = &[
    ("LLM", SpanKind::Llm),
    ("EMBEDDING", SpanKind::Llm),
    ("TOOL", SpanKind::Tool),
    ("AGENT", SpanKind::Agent),
    ("CHAIN", SpanKind::Workflow),
    ("RETRIEVER", SpanKind::Retrieval),
    ("RERANKER", SpanKind::Retrieval),
    ("PROMPT", SpanKind::Prompt),
];

/// `traceloop.span.kind`.
const TRACELOOP: &Words = &[
    ("tool", SpanKind::Tool),
    ("agent", SpanKind::Agent),
    ("workflow", SpanKind::Workflow),
    ("task", SpanKind::Workflow),
];

/// `llm.request.type`.
const REQUEST_TYPES: &Words = &[
    ("chat", SpanKind::Llm),
    ("completion", SpanKind::Llm),
    ("embedding", SpanKind::Llm),
    ("rerank", SpanKind::Retrieval),
];

/// `ai.operationId`.
const VERCEL: &Words = &[
    ("ai.toolCall", SpanKind::Tool),
    ("ai.generateText", SpanKind::Agent),
    ("ai.streamText", SpanKind::Agent),
    ("ai.generateObject", SpanKind::Agent),
    ("ai.streamObject", SpanKind::Agent),
    // Around the calls of the model, as the ones above are.
    ("ai.embed", SpanKind::Workflow),
    ("ai.embedMany", SpanKind::Workflow),
    ("ai.rerank", SpanKind::Workflow),
    ("ai.rerank.doRerank", SpanKind::Retrieval),
];

/// Claude Code's `span.type`. The parts of a tool call are not tool calls.
const CLAUDE_CODE: &Words = &[
    ("interaction", SpanKind::Agent),
    ("llm_request", SpanKind::Llm),
    ("tool", SpanKind::Tool),
    ("tool.blocked_on_user", SpanKind::Human),
    ("mcp.rpc", SpanKind::Mcp),
    ("subagent.spawn", SpanKind::Agent),
];

/// Names of spans as the Python inspector's clients write them.
const NAMES: &Words = &[
    ("workflow.run", SpanKind::Workflow),
    ("agent.call", SpanKind::Agent),
    ("llm.generate", SpanKind::Llm),
    ("tool.call", SpanKind::Tool),
    ("resource.fetch", SpanKind::Resource),
    ("prompt.apply", SpanKind::Prompt),
];

/// What a span does that says it by nothing but its content.
const IMPLIED: &[(Slot, SpanKind)] = &[
    (Slot::Tool, SpanKind::Tool),
    (Slot::ToolCall, SpanKind::Tool),
    (Slot::ToolContent, SpanKind::Tool),
    (Slot::ResourceUri, SpanKind::Resource),
    (Slot::PromptTemplate, SpanKind::Prompt),
    (Slot::LlmContent, SpanKind::Llm),
    (Slot::WorkflowContent, SpanKind::Workflow),
    (Slot::RetrievalContent, SpanKind::Retrieval),
    (Slot::TaskStatus, SpanKind::Workflow),
];

/// `db.system` of stores that are searched for documents.
const VECTOR_STORES: [&str; 9] =
    ["chroma", "chromadb", "lancedb", "marqo", "milvus", "pgvector", "pinecone", "qdrant", "weaviate"];

fn word(words: &Words, text: &str) -> Option<SpanKind> {
    words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, kind)| *kind)
}

/// What the span does, as its convention says; what is said outright comes before what is inferred.
pub(super) fn kind(span: &Span, facts: &Facts<'_>) -> SpanKind {
    if facts.is_claude_code() {
        // An unknown type is a detail: its attributes would make a tool call of it.
        return facts.text(Slot::SpanType).and_then(|kind| word(CLAUDE_CODE, kind)).unwrap_or_default();
    }
    let said = |slot, words| facts.text(slot).and_then(|text| word(words, text));
    said(Slot::Operation, OPERATIONS)
        .or_else(|| said(Slot::OpenInferenceKind, OPEN_INFERENCE))
        .or_else(|| said(Slot::TraceloopKind, TRACELOOP))
        .or_else(|| said(Slot::RequestType, REQUEST_TYPES))
        .or_else(|| facts.text(Slot::VercelOperation).and_then(vercel))
        .or_else(|| by_name(&span.name, facts))
        .or_else(|| facts.text(Slot::McpMethod).map(mcp))
        .or_else(|| inferred(facts))
        .unwrap_or_default()
}

fn vercel(operation: &str) -> Option<SpanKind> {
    let inner = [".doGenerate", ".doStream", ".doEmbed"].iter().any(|end| operation.ends_with(end));
    if inner { Some(SpanKind::Llm) } else { word(VERCEL, operation) }
}

/// mcp-agent and Codex tell their spans apart by name only. mcp-agent's `Class.agent.method` repeats a tool call in
/// each layer below the agent, and only the agent's own counts as one.
fn by_name(name: &str, facts: &Facts<'_>) -> Option<SpanKind> {
    if let Some(kind) = word(NAMES, name) {
        return Some(kind);
    }
    match name {
        "session_task.turn" => return Some(SpanKind::Workflow),
        "handle_responses" if facts.has(Slot::Input) || facts.has(Slot::Output) => {
            return Some(SpanKind::Llm);
        }
        _ => {}
    }
    let (class, method) = (name.split('.').next()?, name.rsplit('.').next()?);
    if class == name || !facts.any() {
        return None;
    }
    match (class, method) {
        ("MCPAggregator" | "MCPAgentClientSession", _) => {
            Some(facts.text(Slot::McpMethod).map_or(SpanKind::Mcp, |method| match mcp(method) {
                SpanKind::Tool => SpanKind::Mcp,
                kind => kind,
            }))
        }
        (_, "call_tool") => Some(SpanKind::Tool),
        (_, "read_resource") => Some(SpanKind::Resource),
        (_, "get_prompt") => Some(SpanKind::Prompt),
        (_, "generate" | "generate_str" | "generate_structured") => Some(SpanKind::Agent),
        _ if class.starts_with("Workflow") => Some(SpanKind::Workflow),
        _ => None,
    }
}

fn mcp(method: &str) -> SpanKind {
    match method {
        "tools/call" => SpanKind::Tool,
        "prompts/get" => SpanKind::Prompt,
        "elicitation/create" => SpanKind::Human,
        method if method.starts_with("resources/") => SpanKind::Resource,
        _ => SpanKind::Mcp,
    }
}

fn inferred(facts: &Facts<'_>) -> Option<SpanKind> {
    let vector_store = || {
        let name = facts.text(Slot::Database)?;
        VECTOR_STORES.iter().any(|store| store.eq_ignore_ascii_case(name)).then_some(SpanKind::Retrieval)
    };
    let implied = || IMPLIED.iter().find(|(slot, _)| facts.has(*slot)).map(|(_, kind)| *kind);
    let llm = || {
        let tokens = facts.has(Slot::Input) || facts.has(Slot::Output);
        (facts.has(Slot::Model) && tokens).then_some(SpanKind::Llm)
    };
    vector_store().or_else(implied).or_else(llm)
}
