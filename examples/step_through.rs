//! An agent that a person can stop before each tool, look at, change and let go on.
//!
//! ```text
//! cargo run --example step_through
//! ```
//!
//! It stops before its first tool. Open the page that it prints, and step, skip, change its plan, or let it run; or set other
//! breakpoints there. By hand:
//!
//! ```text
//! curl -i http://127.0.0.1:3000/_inspector/signal/errand -H 'content-type: application/json' -d '{"signal":
//!     "inspector.step", "payload": {"action": "edit", "patch": [{"op": "replace", "path": "/budget", "value": 5}]}}'
//! ```
//!
//! `PORT` chooses the port.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use std::env;
use std::net::SocketAddr;

use agent_inspector::model::{SessionId, SpanKind};
use agent_inspector::schemars::JsonSchema;
use agent_inspector::{Inspector, SessionHandle, Step};
use axum::Router;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// What the agent means to do.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "agent_inspector::schemars")]
struct Plan {
    goal: String,
    /// How many dollars it may spend.
    #[schemars(range(max = 100))]
    budget: u32,
    tools: Vec<String>,
}

async fn run_errand(session: SessionHandle) {
    let tools = ["search_shops", "compare_prices", "order"].map(str::to_owned).to_vec();
    let mut plan = Plan { goal: "Buy a lamp".to_owned(), budget: 40, tools };
    while let Some(tool) = plan.tools.first().cloned() {
        match session.editable_checkpoint("before_tool", &mut plan).tool(&tool).await {
            Step::Continue => {
                let call = session.span(SpanKind::Tool, tool.clone());
                call.json("mcp.tool.input_json", &plan.budget);
                call.finish();
            }
            Step::Skip => {}
            Step::Abort => return session.cancel(),
        }
        plan.tools.retain(|planned| *planned != tool);
        session.state("plan", &plan);
    }
    session.finish();
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let inspector = Inspector::builder().in_memory().allow_stepping().build()?;
    let app = inspector.mount(Router::new(), "/_inspector");
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("inspector: http://{}/_inspector/ui/", listener.local_addr()?);

    let session = inspector.session("Run an errand").id(SessionId::parse("errand")?).agent("shopper").start();
    session.stop_at_next_checkpoint();
    tokio::spawn(session.run(run_errand(session.clone())));
    println!("the agent is about to stop; see the head of this file for how to let it go on by hand");
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
