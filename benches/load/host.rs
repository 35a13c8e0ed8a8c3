//! The host: a server with one endpoint of its own, with and without the inspector.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use agent_inspector::Inspector;
use agent_inspector::model::InstanceId;
use agent_inspector::store::{Retention, SqliteStore, Store};
use agent_inspector_benches::process::announce;
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The commands by which this executable becomes the host.
pub(crate) const WITH: &str = "host-with-inspector";
pub(crate) const WITHOUT: &str = "host-without-inspector";

/// Where the inspector is mounted.
pub(crate) const MOUNT: &str = "/_inspector";

/// The host's own endpoint.
pub(crate) const WORK: &str = "/work";

/// How many numbers `/work` writes and reads again: some 0.1 ms of a core.
const NUMBERS: u64 = 500;

/// Serves until it is told to end; with the inspector when there is a directory for its history.
pub(crate) fn serve(directory: Option<&str>) -> io::Result<()> {
    let host = Router::new().route(WORK, get(work));
    let app = match directory {
        Some(directory) => host.nest(MOUNT, inspector(Path::new(directory))?.router()),
        None => host,
    };
    // As `#[tokio::main]` makes it: a thread for each core.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        announce(listener.local_addr()?.port())?;
        let listener = listener.tap_io(|stream| {
            // The measurement shows it if it fails.
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
    })
}

fn inspector(directory: &Path) -> io::Result<Inspector> {
    let store = SqliteStore::open(directory, InstanceId::generate()).map_err(io::Error::other)?;
    // What was acknowledged is looked for afterwards, and lies in the past.
    let store = store.with_retention(Retention::new(Duration::MAX, u64::MAX));
    Inspector::builder().store(Arc::new(store) as Arc<dyn Store>).build().map_err(io::Error::other)
}

async fn work() -> Json<Value> {
    let numbers: Vec<_> =
        (0..NUMBERS).map(|number| json!({ "number": number, "square": number * number })).collect();
    let text = serde_json::to_string(&numbers).unwrap_or_default();
    let again: Vec<Value> = serde_json::from_str(&text).unwrap_or_default();
    Json(json!({ "numbers": again.len(), "bytes": text.len() }))
}
