//! An MCP server over standard input and output, built with the official Rust SDK. It offers the tools of the quickstart
//! over the directory in which it is started. It knows nothing of the inspector, nor of the agent.

use frameworks_support::Files;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock, ServerCapabilities, ServerConfig};
use rmcp::transport::stdio;
use rmcp::{ServerHandler, ServiceExt, schemars, tool, tool_handler, tool_router};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
struct ListFiles {
    /// Relative to the working directory.
    path: String,
}

#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
struct ReadFile {
    /// Relative to the working directory.
    path: String,
    /// The first line that is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from_line: Option<u32>,
}

#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
struct SearchText {
    /// What to look for.
    text: String,
}

#[derive(Debug, Clone)]
struct Server {
    files: Files,
    tool_router: ToolRouter<Self>,
}

#[tool_router]
impl Server {
    #[tool(description = "The files and directories in a directory.")]
    fn list_files(&self, Parameters(arguments): Parameters<ListFiles>) -> CallToolResult {
        self.call("list_files", &arguments)
    }

    #[tool(description = "Some lines of a text file.")]
    fn read_file(&self, Parameters(arguments): Parameters<ReadFile>) -> CallToolResult {
        self.call("read_file", &arguments)
    }

    #[tool(description = "The lines that contain a text, in all files.")]
    fn search_text(&self, Parameters(arguments): Parameters<SearchText>) -> CallToolResult {
        self.call("search_text", &arguments)
    }

    fn call(&self, tool: &str, arguments: &impl Serialize) -> CallToolResult {
        let arguments = serde_json::to_value(arguments).unwrap_or_default();
        match self.files.call(tool, &arguments) {
            Ok(result) => CallToolResult::success(vec![ContentBlock::text(result.to_string())]),
            Err(error) => CallToolResult::error(vec![ContentBlock::text(error)]),
        }
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_instructions("Looks at the files in one directory.")
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server { files: Files::new(".")?, tool_router: Server::tool_router() };
    server.serve(stdio()).await?.waiting().await?;
    Ok(())
}
