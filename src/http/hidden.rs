//! What the host's own `tracing` filters hide from the inspector, as those who ask for its health are told.

use std::fmt;
use std::sync::Arc;

use super::state::AppState;

type Ask = dyn Fn() -> Option<String> + Send + Sync;

/// Knows whom to ask.
#[derive(Clone)]
pub(crate) struct HiddenSpans(Arc<Ask>);

impl HiddenSpans {
    pub(crate) fn new(ask: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }
}

impl fmt::Debug for HiddenSpans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HiddenSpans").finish_non_exhaustive()
    }
}

impl AppState {
    /// What is hidden. The filters are the host's code, so that they are not asked on its runtime.
    pub(super) async fn hidden_spans(&self) -> Option<String> {
        let hidden = self.hidden.clone();
        tokio::task::spawn_blocking(move || (hidden.0)()).await.ok().flatten()
    }
}
