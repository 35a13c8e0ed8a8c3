//! An MCP server in a host, and what it is asked on the inspector's page.
//!
//! ```text
//! cargo run --example mcp_server --features mcp
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
use rmcp::handler::server::wrapper::Parameters;
use rmcp::schemars::JsonSchema;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{tool, tool_router};
use serde::Deserialize;
use tokio::net::TcpListener;

#[derive(Clone)]
struct Calculator;

#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
struct Two {
    a: i64,
    b: i64,
}

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
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let inspector = Inspector::builder().in_memory().build()?;
    let sessions = Arc::new(LocalSessionManager::default());
    let mcp = StreamableHttpService::new(|| Ok(Calculator), sessions, StreamableHttpServerConfig::default());
    let mcp = tower::Layer::layer(&inspector.mcp_layer(), mcp);
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
