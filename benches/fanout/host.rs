//! The first peer: a host that mounts the inspector, as `examples/quickstart.rs` does, and emits what is posted to it.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use agent_inspector::Inspector;
use agent_inspector_benches::process::announce;
use agent_inspector_benches::runtime;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;

/// The command by which this executable becomes the host.
pub(crate) const COMMAND: &str = "serve-inspector";

pub(crate) const SUBSCRIBE: &str = "/_inspector/events";
pub(crate) const PUBLISH: &str = "/emit";

/// Serves until it is told to end. `arguments`: whether small writes are delayed, and where history is kept if not in memory.
pub(crate) fn serve(arguments: &[String]) -> io::Result<()> {
    let nodelay = arguments.first().is_some_and(|word| word == "nodelay");
    let data_dir = arguments.get(1).map(Path::new);
    let builder = Inspector::builder();
    let builder = match data_dir {
        Some(directory) => builder.data_dir(directory),
        None => builder.in_memory(),
    };
    let inspector = builder.build().map_err(io::Error::other)?;
    let host = Router::new().route(PUBLISH, post(emit)).with_state(inspector.clone());
    let app = host.nest("/_inspector", inspector.router());
    runtime().block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        announce(listener.local_addr()?.port())?;
        let listener = listener.tap_io(move |stream| {
            // The measurement shows it if it fails.
            let _ = stream.set_nodelay(nodelay);
        });
        axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
    })
}

async fn emit(State(inspector): State<Inspector>, Json(value): Json<Value>) -> StatusCode {
    inspector.emit("tick", value);
    StatusCode::ACCEPTED
}
