//! An MCP server in a host, and what it is asked on the inspector's page.
//!
//! ```text
//! cargo run --example mcp_server --features rmcp
//! ```
//!
//! Point an MCP client at the address that it prints (streamable HTTP), list the tools and call them. `PORT` chooses the
//! port.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use std::env;
use std::net::SocketAddr;
use std::sync::Arc;

use agent_inspector::Inspector;
use axum::Router;
use rmcp::handler::server::tool::InputResponses;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock, InputRequiredResult, ProtocolVersion};
use rmcp::schemars::JsonSchema;
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{RoleServer, elicit_safe, tool, tool_router};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tower::Layer;

#[derive(Clone)]
struct Calculator;

#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
struct Two {
    a: i64,
    b: i64,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
struct Agreed {
    /// Whether it may be done.
    agreed: bool,
}

elicit_safe!(Agreed);

#[tool_router(server_handler)]
impl Calculator {
    #[tool(description = "Adds two numbers")]
    fn add(&self, Parameters(Two { a, b }): Parameters<Two>) -> String {
        (i128::from(a) + i128::from(b)).to_string()
    }

    #[tool(description = "Divides one number by another")]
    fn divide(&self, Parameters(Two { a, b }): Parameters<Two>) -> Result<String, String> {
        a.checked_div(b).map(|it| it.to_string()).ok_or_else(|| "that cannot be divided".to_owned())
    }

    #[tool(description = "Forgets what was calculated, if the person at the client agrees")]
    async fn forget(
        &self,
        InputResponses(said): InputResponses,
        asked: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, String> {
        let question = "Forget everything?";
        let agreed = match said {
            Some(said) => said.get("sure").is_some_and(|said| said["content"]["agreed"] == true),
            // Since this revision a server asks in place of its answer, and is called again.
            None if asked.protocol_version() >= Some(ProtocolVersion::V_2026_07_28) => {
                let schema = json!({ "type": "object", "properties": { "agreed": { "type": "boolean" } } });
                let params = json!({ "mode": "form", "message": question, "requestedSchema": schema });
                let sure = json!({ "sure": { "method": "elicitation/create", "params": params } });
                let sure = serde_json::from_value(sure).map_err(|error| error.to_string())?;
                return Ok(InputRequiredResult::from_input_requests(sure).into());
            }
            None => {
                let said = asked.peer.elicit::<Agreed>(question).await.map_err(|error| error.to_string())?;
                said.is_some_and(|said| said.agreed)
            }
        };
        let done = if agreed { "forgotten" } else { "kept" };
        Ok(CallToolResult::success(vec![ContentBlock::text(done)]).into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let inspector = Inspector::builder().in_memory().build()?;
    let sessions = Arc::new(LocalSessionManager::default());
    let layer = inspector.mcp_layer();
    // The SDK answers from tasks of its own: `handler` has what the tools do lie below the request that called them.
    let calculator = layer.handler(Calculator);
    let config = StreamableHttpServerConfig::default();
    let mcp = layer.layer(StreamableHttpService::new(move || Ok(calculator.clone()), sessions, config));
    let app: Router = inspector.mount(Router::new().nest_service("/mcp", mcp), "/_inspector");

    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("MCP: http://{0}/mcp\ninspector: http://{0}/_inspector/ui/", listener.local_addr()?);
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            // Without a terminal to interrupt from it runs until it is ended.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            inspector.shutdown().await;
        })
        .await?;
    Ok(())
}
