//! What was said in the stream can be read from the store.
//!
//! The host's records are gathered for a moment before they are committed. Whoever was told of something in the stream, or
//! opened it after that, would not find it in the store: so a read first asks for the commit of what was published.

use std::time::Duration;

use super::state::AppState;

/// How long a read waits for what was published to be stored, before it goes on with what there is. A commit takes a few
/// milliseconds; a store that needs longer is failing, and its past can still be read.
pub(crate) const CATCH_UP_WITHIN: Duration = Duration::from_millis(250);

impl AppState {
    /// Waits until the store has what the stream has told until now.
    pub(crate) async fn catch_up(&self) {
        let head = self.bus.head();
        let mut stored = self.pipeline.stored();
        if *stored.borrow() >= head || self.pipeline.problem().is_some() {
            return;
        }
        self.pipeline.hurry();
        // Late, or at an end: what there is counts then.
        let _ = tokio::time::timeout(CATCH_UP_WITHIN, stored.wait_for(|stored| *stored >= head)).await;
    }

    /// As [`catch_up`](Self::catch_up), for what the host has said and what was not told in the stream yet either: a wait is
    /// open, and can be answered, before that.
    pub(super) async fn settle(&self) {
        if self.pipeline.problem().is_none() {
            let _ = tokio::time::timeout(CATCH_UP_WITHIN, self.pipeline.settle()).await;
        }
    }
}
