//! An inspector with no agent beside it: it shows what programs in other languages send.
//!
//! ```text
//! cargo run --example receiver
//! ```
//!
//! You will see the address that other programs send to, and the page's. Send it traces with
//!
//! ```text
//! OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:3000/_inspector
//! ```
//!
//! `PORT` chooses the port, `AGENT_INSPECTOR_DATA_DIR` the place of the history; without it nothing outlives the program.
#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use std::env;
use std::net::SocketAddr;

use agent_inspector::Inspector;
use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let inspector = match env::var_os("AGENT_INSPECTOR_DATA_DIR") {
        Some(directory) => Inspector::builder().data_dir(directory).build()?,
        None => Inspector::builder().in_memory().build()?,
    };
    let app = inspector.mount(Router::new(), "/_inspector");

    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    println!("inspector: http://{address}/_inspector/ui/");
    println!("OTEL_EXPORTER_OTLP_ENDPOINT=http://{address}/_inspector");

    // Small events go out at once; otherwise the system gathers them for up to 40 ms.
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            _ = tokio::signal::ctrl_c().await;
            // Ends the live streams, which would otherwise keep the server waiting for ever.
            inspector.shutdown().await;
        })
        .await?;
    println!("stopped");
    Ok(())
}
