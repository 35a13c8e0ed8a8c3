//! What the handlers share: handles only.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::access::Guard;
use super::control::ControlDoor;
use super::hidden::HiddenSpans;
use super::limits::Limits;
use super::trees::Trees;
use crate::bus::Bus;
#[cfg(feature = "otlp")]
use crate::import::Hooks;
use crate::import::Import;
use crate::model::InstanceId;
use crate::pipeline::Pipeline;
use crate::registry::MergedRegistry;
use crate::sink::Feed;
use crate::store::Store;
use crate::work::Work;

/// Handles on everything that answers requests.
#[derive(Debug, Clone)]
pub(crate) struct AppState {
    /// History.
    pub(crate) store: Arc<dyn Store>,
    /// The live stream.
    pub(crate) bus: Arc<Bus>,
    /// Sessions as they stand now; the inspector's own registry is the first.
    pub(crate) registries: Arc<MergedRegistry>,
    /// Takes what outside senders report.
    pub(crate) pipeline: Pipeline,
    /// Turns true when the inspector shuts down; every stream ends then.
    pub(crate) shutdown: watch::Receiver<bool>,
    /// This start of the inspector.
    pub(crate) instance: InstanceId,
    /// When it started.
    pub(crate) started: Instant,
    /// What went wrong while starting, by part (for example a data directory that cannot be written).
    pub(crate) start_problems: Arc<[(&'static str, String)]>,
    /// Copies sessions to the sinks, when there are any.
    pub(crate) feed: Option<Arc<Feed>>,
    /// Reads the trace files of other processes, when it does.
    pub(crate) import: Option<Arc<Import>>,
    /// What agent programs report of their runs.
    #[cfg(feature = "otlp")]
    pub(crate) hooks: Arc<Hooks>,
    /// Who may ask.
    pub(crate) guard: Arc<Guard>,
    /// Whether sessions may be answered and cancelled, and where that is made known.
    pub(crate) control: ControlDoor,
    /// What the host's own filters hide.
    pub(crate) hidden: HiddenSpans,
    /// How much may be asked at once.
    pub(crate) limits: Arc<Limits>,
    /// Where what takes a while is done.
    pub(crate) work: Arc<Work>,
    /// Trees of which somebody has read a page.
    pub(crate) trees: Arc<Trees>,
}

impl AppState {
    /// Completes when the inspector is shut down. Once every handle on it is gone nobody can do that any more, and what was
    /// mounted is served on.
    pub(crate) async fn shuts_down(&self) {
        let mut shutdown = self.shutdown.clone();
        if shutdown.wait_for(|down| *down).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
