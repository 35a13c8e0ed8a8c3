//! Workflows of a Temporal service, to be seen, answered and cancelled in the inspector.
//!
//! ```text
//! temporal server start-dev
//! TEMPORAL_ADDRESS=127.0.0.1:7233 cargo run --example temporal --features temporal
//! ```
//!
//! You will see the address of the page. It lists the runs that go on and those that ended last; one that says what it waits for
//! ([docs/temporal.md](../docs/temporal.md)) is answered there, or with
//!
//! ```text
//! curl -i http://127.0.0.1:3000/_inspector/signal/ID -H 'content-type: application/json' \
//!     -d '{"signal": "approval", "payload": {"approved": true}}'
//! ```
//!
//! `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY` and those for TLS are read as Temporal's own programs read them; `PORT` chooses the
//! port. Without the service the page works too, and says that it cannot be reached.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use std::env;
use std::net::SocketAddr;
use std::sync::Arc;

use agent_inspector::Inspector;
use agent_inspector::registry::Temporal;
use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let temporal = Temporal::from_env()?.build()?;
    let inspector = Inspector::builder().in_memory().registry(Arc::new(temporal)).build()?;
    let app = inspector.mount(Router::new(), "/_inspector");

    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("inspector: http://{}/_inspector/ui/", listener.local_addr()?);

    // Small events go out at once; otherwise the system gathers them for up to 40 ms.
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            // Without a signal handler there is nothing to wait for but the end.
            let _ = tokio::signal::ctrl_c().await;
            inspector.shutdown().await;
        })
        .await?;
    Ok(())
}
