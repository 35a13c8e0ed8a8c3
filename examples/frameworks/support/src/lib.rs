//! What hosts built with agent frameworks share: a model, tools, and the server around the inspector. The model and
//! the tools are those of the quickstart.

#[allow(dead_code, reason = "the frameworks bring their own client")]
#[path = "../../../support/model.rs"]
mod model;
#[allow(dead_code, reason = "the frameworks bring their own client")]
#[path = "../../../support/model_server.rs"]
mod model_server;
#[allow(dead_code, reason = "the frameworks bring their own client")]
#[path = "../../../support/protocol.rs"]
mod protocol;
#[path = "../../../support/script.rs"]
mod script;
#[allow(dead_code, reason = "the frameworks describe their tools themselves")]
#[path = "../../../support/tools.rs"]
mod tools;

pub mod checks;
pub mod testing;

use std::env;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use agent_inspector::Inspector;
use axum::Router;
use axum::serve::ListenerExt;
use serde_json::Value;
use tokio::net::TcpListener;

/// Where a model is asked.
#[derive(Clone, Debug)]
pub struct ModelAddress {
    /// `{base_url}/chat/completions`.
    pub base_url: String,
    /// The key; a scripted model takes any.
    pub key: String,
    /// The name of the model.
    pub name: String,
}

/// The model of the environment (`OPENAI_BASE_URL`, `OPENAI_API_KEY`, `OPENAI_MODEL`), or a scripted one on a loopback
/// port, for as long as the runtime lives.
pub async fn model() -> io::Result<ModelAddress> {
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let (base, key) = (variable("OPENAI_BASE_URL"), variable("OPENAI_API_KEY"));
    if base.is_none() && key.is_none() {
        let address = model_server::serve(model_server::delay()).await?;
        return Ok(ModelAddress {
            base_url: format!("http://{address}/v1"),
            key: "none".to_owned(),
            name: model_server::MODEL.to_owned(),
        });
    }
    Ok(ModelAddress {
        base_url: base.unwrap_or_else(|| "https://api.openai.com/v1".to_owned()),
        key: key.unwrap_or_default(),
        name: variable("OPENAI_MODEL").unwrap_or_else(|| "gpt-5-mini".to_owned()),
    })
}

/// The tools over one directory: `list_files`, `read_file`, `search_text`.
#[derive(Clone, Debug)]
pub struct Files(tools::Tools);

impl Files {
    /// The tools over `directory` and what lies below it.
    pub fn new(directory: impl AsRef<Path>) -> io::Result<Self> {
        tools::Tools::new(directory).map(Self)
    }

    /// Runs one tool; an error is in words for the model.
    pub fn call(&self, tool: &str, arguments: &Value) -> Result<Value, String> {
        self.0.call(tool, &arguments.to_string()).map_err(|error| error.to_string())
    }
}

/// Serves `app` with the inspector on `PORT`, or on a free port, until it is interrupted.
pub async fn serve(inspector: Inspector, app: Router) -> Result<(), Box<dyn Error>> {
    let port = env::var("PORT").map_or(Ok(0), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("inspector: http://{}/_inspector/ui/", listener.local_addr()?);
    let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
    let app = inspector.mount(app, "/_inspector");
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            let _ = tokio::signal::ctrl_c().await;
            inspector.shutdown().await;
        })
        .await?;
    Ok(())
}
