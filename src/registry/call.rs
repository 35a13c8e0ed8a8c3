//! One call to code of the host's, on a thread of its own.
//!
//! A registry is asked while a request waits, and nothing keeps its author from blocking there: a synchronous HTTP client,
//! a lock held for long. On a worker thread of the host's runtime that would stop the host, so it never gets one. What
//! panics ends here too.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::SessionRegistry;

/// What a call's future looks like.
pub(super) type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How a call ended.
#[derive(Debug)]
pub(super) enum Outcome<T> {
    /// With an answer.
    Answer(T),
    /// In a panic.
    Panic,
}

/// Begins a call. Its answer comes through the channel; dropping that end drops the call's future at its next `await`.
/// `place` is given back when the thread ends, also when nobody waits any more. `None` when the system has no thread.
///
/// Nobody joins the thread: one that blocks for ever keeps neither the runtime nor the process from ending.
pub(super) fn begin<T, F>(
    registry: &Arc<dyn SessionRegistry>,
    place: OwnedSemaphorePermit,
    call: F,
) -> Option<oneshot::Receiver<Outcome<T>>>
where
    T: Send + 'static,
    F: for<'a> FnOnce(&'a dyn SessionRegistry) -> Work<'a, T> + Send + 'static,
{
    let (mut answer, wait) = oneshot::channel();
    let (registry, runtime) = (Arc::clone(registry), Handle::current());
    let work = move || {
        let _place = place;
        let ended = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async {
                // Whoever waits is looked after first: a runtime that shuts down drops that end before its timers fail.
                tokio::select! {
                    biased;
                    () = answer.closed() => None,
                    answer = async { call(registry.as_ref()).await } => Some(answer),
                }
            })
        }));
        let outcome = match ended {
            Ok(Some(found)) => Outcome::Answer(found),
            Ok(None) => return,
            Err(_) => Outcome::Panic,
        };
        // Whoever waited may have gone.
        let _ = answer.send(outcome);
    };
    thread::Builder::new().name("inspector-registry".to_owned()).spawn(work).ok().map(|_| wait)
}
