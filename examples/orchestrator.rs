//! Several agents at one task: a planner, workers side by side, and an evaluator.
//!
//! ```text
//! cargo run --example orchestrator
//! cargo run --example orchestrator -- "What do README.md and CHANGELOG.md say?"
//! ```
//!
//! Open the address that it prints. The plan with its steps, the router's decision and the evaluation are results of
//! the first span, as they change; the workers' model and tool calls lie below their steps. It stays until you press Ctrl+C.
//! The model is scripted, so that this runs offline; with `OPENAI_API_KEY` it is a real one.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

#[path = "orchestrator/crew.rs"]
mod crew;
#[path = "orchestrator/plan.rs"]
mod plan;
#[allow(dead_code, reason = "the quickstart uses more of it")]
mod support;
#[cfg(test)]
#[path = "orchestrator/tests.rs"]
mod tests;

use std::env;
use std::net::SocketAddr;

use agent_inspector::Inspector;
use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crew::Crew;
use support::agent::Agent;
use support::model::Model;
use support::model_server;
use support::tools::Tools;

const TASK: &str = "What do README.md, ARCHITECTURE.md and CONTRIBUTING.md say?";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = Inspector::builder();
    if let Some(directory) = env::var_os("AGENT_INSPECTOR_DATA_DIR") {
        builder = builder.data_dir(directory);
    }
    let inspector = builder.build()?;
    tracing_subscriber::registry().with(inspector.layer()).init();

    let app = inspector.mount(Router::new(), "/_inspector");
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("inspector: http://{}/_inspector/ui/", listener.local_addr()?);
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    let server = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
    let shutdown = inspector.clone();
    let server = tokio::spawn(
        server
            .with_graceful_shutdown(async move {
                let _ = tokio::signal::ctrl_c().await;
                shutdown.shutdown().await;
            })
            .into_future(),
    );

    let model = match Model::from_env() {
        Some(model) => model,
        None => model_server::start().await?,
    };
    let task = env::args().nth(1).unwrap_or_else(|| TASK.to_owned());
    let session = inspector.session(&task).agent("orchestrator").tag("orchestrator").start();
    let agent = Agent::new(inspector.clone(), model, Tools::new(".")?);
    let crew = Crew { agent, session: session.clone() };
    match session.run(crew.run(&task)).await {
        Ok(answer) => {
            session.result("answer", &answer);
            session.finish();
            println!("{answer}");
        }
        Err(error) => {
            session.fail(error.to_string());
            println!("failed: {error}");
        }
    }
    server.await??;
    Ok(())
}
