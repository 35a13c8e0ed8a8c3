//! The table: which attribute of which convention says what.
//!
//! Of several attributes for one slot the first in the order of [`ROWS`] wins.

/// What an attribute says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// GenAI's operation.
    Operation,
    /// OpenInference's span kind.
    OpenInferenceKind,
    /// Traceloop's span kind.
    TraceloopKind,
    /// Traceloop's kind of model request.
    RequestType,
    /// Vercel's operation.
    VercelOperation,
    /// Claude Code's span type.
    SpanType,
    /// The method of an MCP request.
    McpMethod,
    /// The database that was asked.
    Database,
    /// The id of the agent's session.
    Session,
    /// The id of the session between an MCP client and its server.
    McpSession,
    /// The agent's name.
    Agent,
    /// The workflow's name.
    Workflow,
    /// The name of whatever the span's kind says it is.
    Entity,
    /// The model.
    Model,
    /// Who runs the model.
    Provider,
    /// The tool's name.
    Tool,
    /// The id of a tool call.
    ToolCall,
    /// What the tool answered.
    ToolResult,
    /// Tokens read.
    Input,
    /// Tokens written.
    Output,
    /// Tokens read from a cache.
    CacheRead,
    /// Tokens written to a cache.
    CacheWrite,
    /// Tokens spent on reasoning.
    Reasoning,
    /// US dollars.
    Cost,
    /// US dollars, as parts of a JSON object.
    CostDetails,
    /// The class of an error.
    ErrorType,
    /// The message of an error.
    ErrorMessage,
    /// Whether it succeeded.
    Success,
    /// Whether the tool's answer is an error.
    IsError,
    /// What the person asked for.
    UserPrompt,
    /// What only a model call has.
    LlmContent,
    /// What only a tool call has.
    ToolContent,
    /// The address of a resource that was read.
    ResourceUri,
    /// The type of its content.
    ResourceType,
    /// Its size in bytes.
    ResourceBytes,
    /// The name of a prompt template.
    PromptTemplate,
    /// What it was filled in with.
    PromptParameters,
    /// What only a workflow has.
    WorkflowContent,
    /// Tokens written to a cache for an hour.
    CacheWrite1h,
    /// Tokens written to a cache for five minutes.
    CacheWrite5m,
    /// Tokens read that have to do with no cache.
    Uncached,
    /// What the provider answered besides, as a JSON object.
    ProviderMetadata,
    /// What only a search for documents has.
    RetrievalContent,
    /// How a task of a crew of agents ended.
    TaskStatus,
    /// The first words of a tool's answer, for when it is an error.
    ErrorText,
}

impl Slot {
    /// How many there are.
    pub(super) const COUNT: usize = Self::ErrorText as usize + 1;
}

/// Where a name may be trusted. Names without a prefix mean something only in spans of the program they are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// Any span.
    Anyone,
    /// Spans of Claude Code.
    ClaudeCode,
    /// Spans of Codex.
    Codex,
    /// Codex's spans of a turn. On its other spans some of these names are those of the machine: `thread.id`.
    CodexTurn,
    /// Spans of Claude Code and of Codex.
    CodingAgents,
    /// Spans of mcp-agent that read a resource.
    McpAgentResource,
}

type Row = (&'static str, Slot, From);

const fn rows<const N: usize>(from: From, names: [(&'static str, Slot); N]) -> [Row; N] {
    let mut rows = [("", Slot::Operation, from); N];
    let mut at = 0;
    while at < N {
        rows[at] = (names[at].0, names[at].1, from);
        at += 1;
    }
    rows
}

/// OpenTelemetry's GenAI conventions, with the names that were given up.
const GEN_AI: [Row; 28] = rows(
    From::Anyone,
    [
        ("gen_ai.operation.name", Slot::Operation),
        ("gen_ai.conversation.id", Slot::Session),
        ("gen_ai.agent.name", Slot::Agent),
        ("gen_ai.workflow.name", Slot::Workflow),
        ("gen_ai.response.model", Slot::Model),
        ("gen_ai.request.model", Slot::Model),
        ("gen_ai.provider.name", Slot::Provider),
        ("gen_ai.system", Slot::Provider),
        ("gen_ai.tool.name", Slot::Tool),
        ("gen_ai.tool.call.id", Slot::ToolCall),
        ("gen_ai.tool.call.result", Slot::ToolResult),
        ("gen_ai.usage.input_tokens", Slot::Input),
        ("gen_ai.usage.prompt_tokens", Slot::Input),
        ("gen_ai.usage.output_tokens", Slot::Output),
        ("gen_ai.usage.completion_tokens", Slot::Output),
        ("gen_ai.usage.cache_read.input_tokens", Slot::CacheRead),
        ("gen_ai.usage.cache_read_input_tokens", Slot::CacheRead),
        ("gen_ai.usage.cache_creation.input_tokens", Slot::CacheWrite),
        ("gen_ai.usage.cache_write.input_tokens", Slot::CacheWrite),
        ("gen_ai.usage.cache_creation_input_tokens", Slot::CacheWrite),
        ("gen_ai.usage.reasoning.output_tokens", Slot::Reasoning),
        ("gen_ai.usage.reasoning_tokens", Slot::Reasoning),
        ("gen_ai.usage.cost", Slot::Cost),
        ("operation.cost", Slot::Cost),
        ("error.type", Slot::ErrorType),
        ("gen_ai.tool.error.type", Slot::ErrorType),
        ("db.system.name", Slot::Database),
        ("db.system", Slot::Database),
    ],
);

/// The MCP conventions, and the names that this project writes beside them.
const MCP: [Row; 26] = rows(
    From::Anyone,
    [
        ("mcp.method.name", Slot::McpMethod),
        ("mcp.session.id", Slot::McpSession),
        ("mcp.tool.name", Slot::Tool),
        ("mcp.tool.output_json", Slot::ToolResult),
        ("mcp.tool.structured_output_json", Slot::ToolResult),
        ("mcp.agent.name", Slot::Agent),
        ("mcp.agent.class", Slot::Agent),
        ("mcp.llm.model", Slot::Model),
        ("mcp.llm.provider", Slot::Provider),
        ("mcp.error.code", Slot::ErrorType),
        ("mcp.error.message", Slot::ErrorMessage),
        ("mcp.llm.prompt_json", Slot::LlmContent),
        ("mcp.llm.response_json", Slot::LlmContent),
        ("mcp.llm.history_snapshot", Slot::LlmContent),
        ("mcp.model.preferences_json", Slot::LlmContent),
        ("mcp.tool.input_json", Slot::ToolContent),
        ("mcp.resource.uri", Slot::ResourceUri),
        ("mcp.resource.mime_type", Slot::ResourceType),
        ("mcp.resource.bytes", Slot::ResourceBytes),
        ("mcp.prompt.template_id", Slot::PromptTemplate),
        ("mcp.prompt.name", Slot::PromptTemplate),
        ("gen_ai.prompt.name", Slot::PromptTemplate),
        ("mcp.prompt.parameters_json", Slot::PromptParameters),
        ("mcp.workflow.type", Slot::WorkflowContent),
        ("mcp.workflow.input_json", Slot::WorkflowContent),
        ("mcp.workflow.output_json", Slot::WorkflowContent),
    ],
);

/// OpenInference.
const OPEN_INFERENCE: [Row; 19] = rows(
    From::Anyone,
    [
        ("openinference.span.kind", Slot::OpenInferenceKind),
        ("session.id", Slot::Session),
        ("agent.name", Slot::Agent),
        ("graph.node.id", Slot::Agent),
        ("llm.response.model_name", Slot::Model),
        ("llm.model_name", Slot::Model),
        ("llm.request.model_name", Slot::Model),
        ("llm.provider", Slot::Provider),
        ("llm.system", Slot::Provider),
        ("tool.name", Slot::Tool),
        ("output.value", Slot::ToolResult),
        ("llm.token_count.prompt", Slot::Input),
        ("llm.token_count.completion", Slot::Output),
        ("llm.token_count.prompt_details.cache_read", Slot::CacheRead),
        ("llm.token_count.prompt_details.cache_write", Slot::CacheWrite),
        ("llm.token_count.completion_details.reasoning", Slot::Reasoning),
        ("llm.cost.total", Slot::Cost),
        ("exception.type", Slot::ErrorType),
        ("exception.message", Slot::ErrorMessage),
    ],
);

/// Traceloop (OpenLLMetry), where it has names of its own.
const TRACELOOP: [Row; 7] = rows(
    From::Anyone,
    [
        ("traceloop.span.kind", Slot::TraceloopKind),
        ("llm.request.type", Slot::RequestType),
        ("traceloop.association.properties.session_id", Slot::Session),
        ("traceloop.association.properties.thread_id", Slot::Session),
        ("traceloop.workflow.name", Slot::Workflow),
        ("traceloop.entity.name", Slot::Entity),
        ("traceloop.entity.output", Slot::ToolResult),
    ],
);

/// The Vercel AI SDK.
const VERCEL: [Row; 16] = rows(
    From::Anyone,
    [
        ("ai.operationId", Slot::VercelOperation),
        ("ai.telemetry.metadata.sessionId", Slot::Session),
        ("ai.telemetry.functionId", Slot::Agent),
        ("ai.response.model", Slot::Model),
        ("ai.model.id", Slot::Model),
        ("ai.model.provider", Slot::Provider),
        ("ai.toolCall.name", Slot::Tool),
        ("ai.toolCall.result", Slot::ToolResult),
        ("ai.usage.inputTokens", Slot::Input),
        ("ai.usage.promptTokens", Slot::Input),
        ("ai.usage.outputTokens", Slot::Output),
        ("ai.usage.completionTokens", Slot::Output),
        ("ai.usage.cachedInputTokens", Slot::CacheRead),
        ("ai.usage.inputTokenDetails.cacheReadTokens", Slot::CacheRead),
        ("ai.usage.inputTokenDetails.cacheWriteTokens", Slot::CacheWrite),
        ("ai.usage.reasoningTokens", Slot::Reasoning),
    ],
);

/// Claude Code.
const CLAUDE_CODE: [Row; 12] = rows(
    From::ClaudeCode,
    [
        ("span.type", Slot::SpanType),
        ("agent_type", Slot::Agent),
        ("agent_id", Slot::Agent),
        ("input_tokens", Slot::Input),
        ("output_tokens", Slot::Output),
        ("cache_read_tokens", Slot::CacheRead),
        ("cache_creation_tokens", Slot::CacheWrite),
        ("cost_usd", Slot::Cost),
        ("total_cost_usd", Slot::Cost),
        ("success", Slot::Success),
        ("error", Slot::ErrorMessage),
        ("user_prompt", Slot::UserPrompt),
    ],
);

/// Codex and mcp-agent, and names that several programs write.
const OTHERS: [Row; 6] = rows(
    From::Anyone,
    [
        ("conversation.id", Slot::Session),
        ("langfuse.session.id", Slot::Session),
        ("agent_name", Slot::Agent),
        ("codex.usage.reasoning_output_tokens", Slot::Reasoning),
        ("langfuse.observation.cost_details", Slot::CostDetails),
        ("result.isError", Slot::IsError),
    ],
);

/// Names that Codex shares with OpenTelemetry's own, so they cannot be trusted elsewhere.
const CODEX_TURN: [Row; 1] = rows(From::CodexTurn, [("thread.id", Slot::Session)]);

/// What Codex says in its events, for those that come as spans.
const CODEX: [Row; 4] = rows(
    From::Codex,
    [
        ("input_token_count", Slot::Input),
        ("output_token_count", Slot::Output),
        ("cached_token_count", Slot::CacheRead),
        ("reasoning_token_count", Slot::Reasoning),
    ],
);

/// Names that Claude Code and Codex share.
const CODING_AGENTS: [Row; 2] = rows(From::CodingAgents, [("model", Slot::Model), ("tool_name", Slot::Tool)]);

/// mcp-agent, where it does not use the MCP conventions.
const MCP_AGENT: [Row; 1] = rows(From::McpAgentResource, [("uri", Slot::ResourceUri)]);

/// Searches for documents, tasks, and what else has no better place.
const MORE: [Row; 8] = rows(
    From::Anyone,
    [
        ("gen_ai.retrieval.query.text", Slot::RetrievalContent),
        ("gen_ai.retrieval.documents", Slot::RetrievalContent),
        ("retrieval.documents.0.document.content", Slot::RetrievalContent),
        ("retrieval.documents.0.document.id", Slot::RetrievalContent),
        ("gen_ai.task.name", Slot::Entity),
        ("gen_ai.task.status", Slot::TaskStatus),
        ("ai.toolCall.id", Slot::ToolCall),
        ("result.content.0.text", Slot::ErrorText),
    ],
);

/// The parts of cached tokens: for how long they were written, in Anthropic's words, and as pydantic-ai and the Vercel AI
/// SDK name them.
const CACHE_PARTS: [Row; 9] = rows(
    From::Anyone,
    [
        ("gen_ai.usage.cache_creation.ephemeral_1h_input_tokens", Slot::CacheWrite1h),
        ("cache_creation.ephemeral_1h_input_tokens", Slot::CacheWrite1h),
        ("gen_ai.usage.cache_creation.ephemeral_5m_input_tokens", Slot::CacheWrite5m),
        ("cache_creation.ephemeral_5m_input_tokens", Slot::CacheWrite5m),
        ("gen_ai.usage.details.cache_read_tokens", Slot::CacheRead),
        ("gen_ai.usage.details.cache_write_tokens", Slot::CacheWrite),
        ("gen_ai.usage.details.reasoning_tokens", Slot::Reasoning),
        ("ai.usage.inputTokenDetails.noCacheTokens", Slot::Uncached),
        ("ai.response.providerMetadata", Slot::ProviderMetadata),
    ],
);

/// How many rows there are.
pub(super) const ROW_COUNT: usize = GEN_AI.len()
    + MCP.len()
    + OPEN_INFERENCE.len()
    + TRACELOOP.len()
    + VERCEL.len()
    + CLAUDE_CODE.len()
    + OTHERS.len()
    + CODEX.len()
    + CODEX_TURN.len()
    + CODING_AGENTS.len()
    + MCP_AGENT.len()
    + MORE.len()
    + CACHE_PARTS.len();

/// All rows, in the order in which they win.
pub(super) static ROWS: [Row; ROW_COUNT] = all();

pub(super) const fn all() -> [Row; ROW_COUNT] {
    let lists: [&[Row]; 13] = [
        &GEN_AI,
        &MCP,
        &OPEN_INFERENCE,
        &TRACELOOP,
        &VERCEL,
        &CLAUDE_CODE,
        &OTHERS,
        &CODEX,
        &CODEX_TURN,
        &CODING_AGENTS,
        &MCP_AGENT,
        &MORE,
        &CACHE_PARTS,
    ];
    let mut rows = [("", Slot::Operation, From::Anyone); ROW_COUNT];
    let (mut list, mut next) = (0, 0);
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            rows[next] = lists[list][at];
            next += 1;
            at += 1;
        }
        list += 1;
    }
    rows
}
