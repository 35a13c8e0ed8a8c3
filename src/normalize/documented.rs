//! The tables in `docs/attributes.md` are those in [`names`](super::names) and [`messages`]. `UPDATE=1 cargo test --lib normalize` rewrites it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::messages;
use super::names::{From, ROWS, Slot};

const BEGIN: &str = "<!-- what is read: begin -->\n";
const END: &str = "<!-- what is read: end -->\n";

/// The slots in the order in which a person asks for them, in words.
const MEANINGS: &[(Slot, &str)] = &[
    (Slot::Session, "the session"),
    (Slot::McpSession, "the session, when nothing else names one"),
    (Slot::Operation, "what the span does"),
    (Slot::OpenInferenceKind, "… in OpenInference's words"),
    (Slot::TraceloopKind, "… in Traceloop's"),
    (Slot::RequestType, "… of a model request"),
    (Slot::VercelOperation, "… in the Vercel AI SDK's"),
    (Slot::SpanType, "… in Claude Code's"),
    (Slot::McpMethod, "… the method of an MCP request"),
    (Slot::Database, "… the store that was searched"),
    (Slot::Agent, "the agent"),
    (Slot::Workflow, "the workflow, for a title"),
    (Slot::Entity, "the name of what the span's kind says it is"),
    (Slot::UserPrompt, "what the person asked for, for a title"),
    (Slot::Model, "the model"),
    (Slot::Provider, "who runs the model"),
    (Slot::Tool, "the tool"),
    (Slot::ToolCall, "the id of the tool call"),
    (Slot::ToolResult, "what the tool answered"),
    (Slot::ToolContent, "… a tool call, when nothing else says so"),
    (Slot::LlmContent, "… a model call, when nothing else says so"),
    (Slot::WorkflowContent, "… a workflow, when nothing else says so"),
    (Slot::RetrievalContent, "… a search for documents, when nothing else says so"),
    (Slot::ResourceUri, "the resource that was read, and … reading one"),
    (Slot::ResourceType, "its media type"),
    (Slot::ResourceBytes, "its length"),
    (Slot::PromptTemplate, "the prompt template that was filled in, and … filling one in"),
    (Slot::PromptParameters, "what it was filled in with"),
    (Slot::Input, "tokens read, the cached ones included"),
    (Slot::Output, "tokens written"),
    (Slot::CacheRead, "tokens read from a cache"),
    (Slot::CacheWrite, "tokens written to a cache"),
    (Slot::CacheWrite1h, "… for an hour"),
    (Slot::CacheWrite5m, "… for five minutes"),
    (Slot::Uncached, "tokens read that are in no cache"),
    (Slot::ProviderMetadata, "what Anthropic said of its cache, in a JSON object"),
    (Slot::Reasoning, "tokens spent on reasoning"),
    (Slot::Cost, "the cost in US dollars"),
    (Slot::CostDetails, "… as the parts of a JSON object"),
    (Slot::ErrorType, "the class of an error"),
    (Slot::ErrorMessage, "the message of an error"),
    (Slot::Success, "whether it succeeded"),
    (Slot::IsError, "whether the tool's answer is an error"),
    (Slot::ErrorText, "… and its words then"),
    (Slot::TaskStatus, "how a task ended, which is a workflow when nothing else says so"),
];

fn table() -> String {
    let mut table = "\n| what | read from, the first that is there |\n|---|---|\n".to_owned();
    let mut written = 0;
    for (slot, meaning) in MEANINGS {
        let names: Vec<String> =
            ROWS.iter().filter(|(_, of, _)| of == slot).map(|(name, _, from)| called(name, *from)).collect();
        written += names.len();
        let _ = writeln!(table, "| {meaning} | {} |", names.join(", "));
    }
    assert_eq!(written, ROWS.len(), "a slot has no meaning here");
    table + "\n"
}

/// The name, with the program in whose spans alone it counts.
fn called(name: &str, from: From) -> String {
    let program = match from {
        From::Anyone => return format!("`{name}`"),
        From::ClaudeCode => "Claude Code",
        From::Codex | From::CodexTurn => "Codex",
        From::CodingAgents => "Claude Code, Codex",
        From::McpAgentResource => "mcp-agent",
    };
    format!("`{name}` ({program})")
}

const CONTENT_BEGIN: &str = "<!-- content: begin -->\n";
const CONTENT_END: &str = "<!-- content: end -->\n";

fn content_table() -> String {
    let mut table = "\n| what | read from, the first that has any |\n|---|---|\n".to_owned();
    for (what, names) in messages::documented() {
        let names: Vec<String> = names.into_iter().map(|(name, from)| called(name, from)).collect();
        let _ = writeln!(table, "| {what} | {} |", names.join(", "));
    }
    table + "\n"
}

#[test]
fn the_document_names_every_attribute_that_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/attributes.md");
    // Not in the package that is published.
    let Ok(document) = fs::read_to_string(&path) else { return };
    let with = |document: &str, begin: &str, end: &str, table: &str| {
        let (before, rest) = document.split_once(begin).unwrap();
        let (_, after) = rest.split_once(end).unwrap();
        format!("{before}{begin}{table}{end}{after}")
    };
    let written = with(&document, BEGIN, END, &table());
    let written = with(&written, CONTENT_BEGIN, CONTENT_END, &content_table());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, written).unwrap();
    } else {
        assert_eq!(document, written, "`UPDATE=1 cargo test --lib normalize` rewrites it");
    }
}
