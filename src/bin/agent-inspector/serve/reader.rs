//! Readers of the live stream that write somewhere slow.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use agent_inspector::Events;
use agent_inspector::model::EventFrame;
use tokio::runtime::Handle;

/// A thread that hands each event on. A terminal that was stopped, or a disk that hangs, blocks this thread and nothing else;
/// what it missed for good is told it as a `Gap`.
#[derive(Debug)]
pub(super) struct Reader(mpsc::Receiver<()>);

impl Reader {
    /// Begins to read. To be called on a runtime.
    pub(super) fn start(
        mut events: Events,
        mut take: impl FnMut(&EventFrame) + Send + 'static,
    ) -> io::Result<Self> {
        let runtime = Handle::current();
        let (ended, told) = mpsc::channel();
        thread::Builder::new().name("events".to_owned()).spawn(move || {
            while let Some(event) = runtime.block_on(events.next()) {
                take(&event);
            }
            drop(take);
            // Nobody waits when the program ends otherwise.
            _ = ended.send(());
        })?;
        Ok(Self(told))
    }

    /// Waits until it has written everything, at most so long.
    pub(super) fn ended(self, within: Duration) {
        _ = self.0.recv_timeout(within);
    }
}
