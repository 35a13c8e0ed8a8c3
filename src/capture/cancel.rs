//! Sessions that can be asked to end.

use super::session::SessionHandle;

impl SessionHandle {
    /// Completes when a person asks the session to end: the page's *Cancel*, or `POST {mount}/cancel/{session}`. It is the
    /// host that then stops what it does and says [`cancel`](Self::cancel); the inspector stops nothing by itself.
    ///
    /// ```
    /// # async fn work() {}
    /// # async fn run(session: agent_inspector::SessionHandle) {
    /// tokio::select! {
    ///     () = work() => session.finish(),
    ///     () = session.cancelled() => session.cancel(),
    /// }
    /// # }
    /// ```
    ///
    /// A session that never looked (by this, [`is_cancelled`](Self::is_cancelled), a wait or a checkpoint) says on the page
    /// that it cannot be cancelled.
    pub async fn cancelled(&self) {
        match self.live() {
            Some(live) => {
                live.steering.listen();
                live.steering.cancelled().await;
            }
            None => std::future::pending().await,
        }
    }

    /// Whether a person asked the session to end.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.live().is_some_and(|live| {
            live.steering.listen();
            live.steering.is_cancelled()
        })
    }

    /// Runs `future` until it is done or the session is asked to end; `None` is the latter, and `future` was dropped.
    pub async fn until_cancelled<F: Future>(&self, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            () = self.cancelled() => None,
            output = future => Some(output),
        }
    }
}
