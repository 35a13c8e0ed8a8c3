//! Where work that takes a while is done: decoding what others send, reading the store, searching.
//!
//! The host's runtime has threads for work that blocks, but there ours would compete with the host's own on equal terms: eighteen
//! busy threads leave the two that serve a host on two cores a tenth of them each. So it is done on threads of our own, which give
//! way to all others (Linux; elsewhere they are as all others). They end when there is nothing to do.

use std::io;
use std::num::NonZero;
use std::thread::{self, available_parallelism};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// How many threads work at once, at the least: so many that a short read finds one beside long searches and large batches.
pub(crate) const MIN_WORKERS: usize = 5;

/// And at the most; with less than a dozen cores there are two for each core, and one.
pub(crate) const MAX_WORKERS: usize = 25;

/// How far these threads give way, as `nice` counts: a thread of the host's gets nine times as much of a core that both want.
#[cfg(target_os = "linux")]
pub(crate) const NICENESS: i32 = 10;

/// How many threads work at once on this machine. What is asked beyond that waits; how much may wait is bounded where it is asked.
pub(crate) fn workers() -> usize {
    let cores = available_parallelism().map_or(1, NonZero::get);
    (2 * cores + 1).clamp(MIN_WORKERS, MAX_WORKERS)
}

/// Threads for work that takes a while.
#[derive(Debug)]
pub(crate) struct Work {
    /// Its pool of threads alone is used: nothing ever runs on it as a task.
    runtime: Option<Runtime>,
    handle: Handle,
}

impl Work {
    /// Without threads yet.
    ///
    /// # Errors
    ///
    /// When the system has no room for it.
    pub(crate) fn new() -> io::Result<Self> {
        let mut builder = Builder::new_current_thread();
        let runtime = builder
            .max_blocking_threads(workers())
            .thread_name("inspector-work")
            .on_thread_start(give_way)
            .build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Has it done. Dropping what is returned does not end it; a panic is its error.
    pub(crate) fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        self.handle.spawn_blocking(work)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // Waiting for what still runs may not be done where futures run, which is where this may be dropped.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Starts a thread that gives way to all others, for what goes on beside the host as long as it runs.
///
/// # Errors
///
/// When the system has none.
pub(crate) fn spawn_giving_way(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<thread::JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        give_way();
        work();
    })
}

/// Makes the calling thread give way to all others.
fn give_way() {
    // Elsewhere it would be the whole process. A system that refuses has other rules, which are no reason not to work.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICENESS);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_contained_and_the_next_work_is_done() {
        let work = Work::new().unwrap();
        assert!(work.run(|| panic!("a bug")).await.unwrap_err().is_panic());
        assert_eq!(work.run(|| 1).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn it_may_be_dropped_where_futures_run_and_what_was_begun_is_finished() {
        let (begin, begun) = std::sync::mpsc::channel();
        let work = Work::new().unwrap();
        let (at_work, is_at_work) = tokio::sync::oneshot::channel();
        let done = work.run(move || {
            at_work.send(()).unwrap();
            begun.recv().unwrap()
        });
        is_at_work.await.unwrap();
        drop(work);
        begin.send(7).unwrap();
        assert_eq!(done.await.unwrap(), 7);
    }

    #[tokio::test]
    async fn no_more_threads_work_than_there_are_places() {
        let work = Work::new().unwrap();
        let threads = std::sync::Arc::new(parking_lot::Mutex::new(std::collections::HashSet::new()));
        let note = |_| {
            let threads = std::sync::Arc::clone(&threads);
            work.run(move || threads.lock().insert(thread::current().id()))
        };
        for done in (0..500).map(note).collect::<Vec<_>>() {
            done.await.unwrap();
        }
        assert!(threads.lock().len() <= workers());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn who_works_gives_way_and_who_asks_does_not() {
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let own = niceness();
        let theirs = Work::new().unwrap().run(niceness).await.unwrap();
        assert_eq!((niceness(), theirs), (own, (own + NICENESS).min(19)));
    }
}
