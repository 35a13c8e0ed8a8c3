//! An agent built with rig. Nothing here knows of the inspector: rig writes `tracing` spans with OpenTelemetry's
//! `gen_ai.*` names, and the inspector's layer sees them.

use std::path::Path;
use std::sync::LazyLock;

use frameworks_support::{Files, ModelAddress};
use rig::agent::{Agent, AgentBuilder};
use rig::providers::openai::OpenAIConfig;
use rig::rig_tool;
use rig::tool::ToolExecutionError;
use serde_json::{Value, json};

static FILES: LazyLock<Files> = LazyLock::new(|| Files::new(Path::new(".")).expect("the working directory"));

/// An agent that answers questions about the files around it.
pub fn agent(model: &ModelAddress) -> Agent {
    let provider = OpenAIConfig::new(model.key.as_str()).with_base_url(&model.base_url).client();
    AgentBuilder::new(provider.chat(&model.name))
        .name("librarian")
        .preamble(
            "You answer questions about the files in a directory. Look with the tools before you answer.",
        )
        .tool(ListFiles)
        .tool(ReadFile)
        .tool(SearchText)
        .default_max_turns(12)
        // Without this rig tells what was called and what it cost, but no prompt, answer, tool input or output.
        .record_content_telemetry(true)
        .build()
}

/// The files and directories in a directory.
#[rig_tool]
fn list_files(
    /// Relative to the working directory.
    path: String,
) -> Result<Value, ToolExecutionError> {
    call("list_files", &json!({ "path": path }))
}

/// Some lines of a text file.
#[rig_tool]
fn read_file(
    /// Relative to the working directory.
    path: String,
    /// The first line that is wanted.
    from_line: Option<u32>,
) -> Result<Value, ToolExecutionError> {
    call("read_file", &json!({ "path": path, "from_line": from_line.unwrap_or(1) }))
}

/// The lines that contain a text, in all files.
#[rig_tool]
fn search_text(
    /// What to look for.
    text: String,
) -> Result<Value, ToolExecutionError> {
    call("search_text", &json!({ "text": text }))
}

fn call(tool: &str, arguments: &Value) -> Result<Value, ToolExecutionError> {
    FILES.call(tool, arguments).map_err(ToolExecutionError::other)
}
