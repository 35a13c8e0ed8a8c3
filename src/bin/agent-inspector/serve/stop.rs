//! Being asked to stop.

use std::io;

use tokio::sync::watch;

/// Counts how often a signal asked to stop.
#[derive(Debug)]
pub(super) struct Stop(watch::Receiver<u32>, std::sync::atomic::AtomicU32);

impl Stop {
    /// Listens for SIGINT and SIGTERM; on Windows for Ctrl-C.
    pub(super) fn listen() -> io::Result<Self> {
        let (asked, told) = watch::channel(0);
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let (mut interrupt, mut terminate) =
                (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
            tokio::spawn(async move {
                loop {
                    tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
                    asked.send_modify(|times| *times += 1);
                }
            });
        }
        #[cfg(not(unix))]
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                asked.send_modify(|times| *times += 1);
            }
        });
        Ok(Self(told, 0.into()))
    }

    /// Completes at the next signal that was not waited for yet.
    pub(super) async fn asked(&self) {
        use std::sync::atomic::Ordering;
        let seen = self.1.load(Ordering::Relaxed);
        // The sender lives as long as the program.
        let told = self.0.clone().wait_for(|times| *times > seen).await.map(|times| *times);
        self.1.store(told.unwrap_or(seen).min(seen + 1), Ordering::Relaxed);
    }
}
