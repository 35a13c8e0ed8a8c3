//! A host whose agent takes its tools from an MCP server, and the inspector beside it.
//!
//! ```text
//! cd examples/frameworks && cargo run -p mcp-host
//! ```
//!
//! Open the address that it prints: the agent's first run is there. `MCP_SERVER` starts another server than the one in
//! `src/bin/files-server.rs`, with its arguments behind it. Neither the agent nor the server has a line of the
//! inspector's. The model is scripted, so that this runs offline; with `OPENAI_API_KEY` (and `--features tls`) it is a
//! real one.

mod agent;

use std::env;

use agent_inspector::Inspector;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use rig::agent::Agent;
use tokio::process::Command;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

const FIRST_TASK: &str = "Where is the word \"inspector\" explained here? Quote it.";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let inspector = Inspector::builder().build()?;
    tracing_subscriber::registry().with(inspector.layer()).init();

    let (agent, _connection) = agent::agent(&frameworks_support::model().await?, server()?).await?;
    let app = Router::new().route("/ask", post(ask)).with_state(agent.clone());
    tokio::spawn(async move {
        match agent.prompt(FIRST_TASK).await {
            Ok(answer) => println!("answer: {}", answer.output()),
            Err(error) => eprintln!("the agent failed: {error}"),
        }
    });
    frameworks_support::serve(inspector, app).await
}

/// As in many hosts, a span of the request's own stands around the agent. An error told in it makes it a failed one.
#[tracing::instrument(name = "POST /ask", skip_all)]
async fn ask(State(agent): State<Agent>, task: String) -> (StatusCode, String) {
    match agent.prompt(task).await {
        Ok(answer) => (StatusCode::OK, answer.output().to_string()),
        Err(error) => {
            tracing::error!(%error, "the agent failed");
            (StatusCode::BAD_GATEWAY, error.to_string())
        }
    }
}

/// The command that starts the MCP server.
fn server() -> Result<Command, Box<dyn std::error::Error>> {
    if let Ok(line) = env::var("MCP_SERVER") {
        let mut words = line.split_whitespace();
        let mut command = Command::new(words.next().ok_or("MCP_SERVER is empty")?);
        command.args(words);
        return Ok(command);
    }
    Ok(Command::new(
        env::current_exe()?.with_file_name("files-server").with_extension(env::consts::EXE_EXTENSION),
    ))
}
