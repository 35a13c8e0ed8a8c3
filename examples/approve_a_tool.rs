//! An agent that asks a person before it deletes a file, and goes on with the answer.
//!
//! ```text
//! cargo run --example approve_a_tool
//! ```
//!
//! Open the page that it prints: the session is paused and asks. Answer in the form, or with
//!
//! ```text
//! curl -i http://127.0.0.1:3000/_inspector/signal/clean-up -H 'content-type: application/json' \
//!     -d '{"signal": "approve_deletion", "payload": {"approved": true}}'
//! ```
//!
//! A payload that does not fit is refused with what is wrong, and of two answers one is taken. Without an answer the agent
//! leaves the file alone after ten minutes. `PORT` chooses the port.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use std::env;
use std::net::SocketAddr;
use std::time::Duration;

use agent_inspector::model::{SessionId, SpanKind};
use agent_inspector::schemars::JsonSchema;
use agent_inspector::{Inspector, SessionHandle, WaitError};
use axum::Router;
use serde::Deserialize;
use tokio::net::TcpListener;

#[derive(Deserialize, JsonSchema)]
#[schemars(crate = "agent_inspector::schemars")]
struct Approval {
    /// May the file be deleted?
    approved: bool,
    /// What the agent is to know.
    comment: Option<String>,
}

async fn clean_up(session: SessionHandle) {
    let found = session.span(SpanKind::Tool, "list_files");
    found.json("mcp.tool.output_json", &["report.pdf"]);
    found.finish();
    let answer = session
        .wait_for::<Approval>("approve_deletion")
        .prompt("Delete report.pdf? It is 12 MB and was last opened in March.")
        .timeout(Duration::from_secs(600))
        .await;
    match answer {
        Ok(Approval { approved: true, comment }) => {
            let deleted = session.span(SpanKind::Tool, "delete_file");
            deleted.json(
                "mcp.tool.input_json",
                &serde_json::json!({ "name": "report.pdf", "because": comment }),
            );
            deleted.finish();
            session.finish();
        }
        Ok(_) | Err(WaitError::Denied(_) | WaitError::TimedOut) => session.finish(),
        Err(WaitError::Cancelled) => session.cancel(),
        Err(error) => session.fail(error.to_string()),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let inspector = Inspector::builder().in_memory().build()?;
    let app = inspector.mount(Router::new(), "/_inspector");
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("inspector: http://{}/_inspector/ui/", listener.local_addr()?);

    let session = inspector
        .session("Clean up the downloads")
        .id(SessionId::parse("clean-up")?)
        .agent("janitor")
        .start();
    tokio::spawn(session.run(clean_up(session.clone())));
    println!("the agent is about to ask; see the head of this file for an answer by hand");
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
