//! An agent whose tools are those of an MCP server. Nothing here knows of the inspector: rig writes a span for each call
//! of a tool, whoever runs it, and the inspector's layer sees it.

use std::error::Error;

use frameworks_support::ModelAddress;
use rig::agent::{Agent, AgentBuilder};
use rig::providers::openai::OpenAIConfig;
use rig::tool::DynamicTool;
use rig::tool::rmcp::tools_from_server;
use rmcp_client::ServiceExt;
use rmcp_client::model::ClientInfo;
use rmcp_client::service::{RoleClient, RunningService};
use rmcp_client::transport::TokioChildProcess;
use tokio::process::Command;

/// The connection to the server, which ends when it is dropped.
pub type Connection = RunningService<RoleClient, ClientInfo>;

/// Starts the server that `command` names and gives an agent with its tools.
pub async fn agent(model: &ModelAddress, command: Command) -> Result<(Agent, Connection), Box<dyn Error>> {
    let connection = ClientInfo::default().serve(TokioChildProcess::new(command)?).await?;
    let tools = tools_from_server(connection.list_all_tools().await?, connection.peer());
    let tools = tools.into_iter().map(DynamicTool::try_from).collect::<Result<Vec<_>, _>>()?;
    let provider = OpenAIConfig::new(model.key.as_str()).with_base_url(&model.base_url).client();
    let agent = AgentBuilder::new(provider.chat(&model.name))
        .name("librarian")
        .preamble(
            "You answer questions about the files in a directory. Look with the tools before you answer.",
        )
        .dynamic_tools(tools)
        .default_max_turns(12)
        // Without this rig tells what was called and what it cost, but no prompt, answer, tool input or output.
        .record_content_telemetry(true)
        .build();
    Ok((agent, connection))
}
