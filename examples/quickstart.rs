//! A host with an agent in it, and the inspector mounted at `/_inspector`.
//!
//! ```text
//! cargo run --example quickstart
//! ```
//!
//! You will see the address of the page. Open it: the agent's first run is there, live. Start more with
//!
//! ```text
//! curl http://127.0.0.1:3000/run -H 'content-type: application/json' -d '{"task": "What is in Cargo.toml?"}'
//! ```
//!
//! The agent asks a scripted model, so that this runs offline. With `OPENAI_API_KEY`, `OPENAI_BASE_URL` and
//! `OPENAI_MODEL` it asks a real one. `PORT` chooses the port, `AGENT_INSPECTOR_DATA_DIR` the place of the history.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

mod support;

use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;

use agent_inspector::Inspector;
use agent_inspector::store::default_data_dir;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use support::agent::Agent;
use support::model::Model;
use support::model_server;
use support::tools::Tools;

const FIRST_TASK: &str = "Where is the word \"inspector\" explained here? Quote it.";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = match env::var_os("AGENT_INSPECTOR_DATA_DIR") {
        Some(directory) => PathBuf::from(directory),
        None => default_data_dir()?,
    };
    // Each session's trace as a file too, for `zcat` and whatever else reads JSON lines.
    let traces = data.join("traces");
    let inspector = Inspector::builder().data_dir(data).trace_files(&traces).build()?;
    tracing_subscriber::registry().with(inspector.layer()).init();

    let model = match Model::from_env() {
        Some(model) => model,
        None => model_server::start().await?,
    };
    let agent = Agent::new(inspector.clone(), model.clone(), Tools::new(".")?);
    let host = Router::new().route("/", get(about)).route("/run", post(run)).with_state(agent.clone());
    let app = inspector.mount(host, "/_inspector");

    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    println!("inspector: http://{address}/_inspector/ui/");
    println!(
        "an agent asks the model {} of {}; POST a task to http://{address}/run",
        model.name, model.provider
    );
    println!("traces: {}", traces.display());
    agent.start(FIRST_TASK);

    // Small events go out at once; otherwise the system gathers them for up to 40 ms.
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    // The peer's address is what tells a person on this machine from a stranger.
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            stop_asked().await;
            agent.stop().await;
            // Ends the live streams, which would otherwise keep the server waiting for ever.
            inspector.shutdown().await;
        })
        .await?;
    println!("stopped");
    Ok(())
}

async fn about() -> &'static str {
    "A host with an agent in it. POST {\"task\": \"...\"} to /run, and watch at /_inspector/ui/\n"
}

async fn run(State(agent): State<Agent>, Json(request): Json<Value>) -> (StatusCode, Json<Value>) {
    match request["task"].as_str() {
        Some(task) if (1..=4000).contains(&task.len()) => {
            (StatusCode::ACCEPTED, Json(json!({ "session_id": agent.start(task) })))
        }
        _ => (StatusCode::BAD_REQUEST, Json(json!({ "error": "task: a text of 1 to 4000 bytes" }))),
    }
}

async fn stop_asked() {
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => _ = signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! { _ = tokio::signal::ctrl_c() => {}, () = terminated => {} }
}
