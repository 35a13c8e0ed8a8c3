//! A host whose agent is built with rig, and the inspector beside it.
//!
//! ```text
//! cd examples/frameworks && cargo run -p rig-host
//! ```
//!
//! Open the address that it prints: the agent's first run is there. Ask more with
//!
//! ```text
//! curl http://127.0.0.1:PORT/ask -d 'What is in Cargo.toml?'
//! ```
//!
//! `src/agent.rs` has no line of the inspector's; the whole of it is the two lines below that make it and hand its layer
//! to `tracing`. The model is scripted, so that this runs offline; with `OPENAI_API_KEY` (and `--features tls`) it is a
//! real one.

mod agent;

use agent_inspector::Inspector;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use rig::agent::Agent;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

const FIRST_TASK: &str = "Where is the word \"inspector\" explained here? Quote it.";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let inspector = Inspector::builder().build()?;
    tracing_subscriber::registry().with(inspector.layer()).init();

    let agent = agent::agent(&frameworks_support::model().await?);
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
