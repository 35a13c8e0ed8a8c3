//! Signals: what would have reached the program reaches it.

#[cfg(not(unix))]
pub(super) use self::elsewhere::Signals;
#[cfg(unix)]
pub(super) use self::unix::Signals;

#[cfg(unix)]
mod unix {
    use std::io::{self, IsTerminal};
    use std::process::{Child, ExitStatus};
    use std::sync::{Arc, Mutex, PoisonError};
    use std::thread;

    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::iterator;

    /// The signals that are passed on.
    const PASSED_ON: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

    /// These come from the keyboard to all programs in the foreground: the program has them already.
    const FROM_KEYBOARD: [i32; 2] = [SIGINT, SIGQUIT];

    /// Listens for signals, which then no longer end this program.
    #[derive(Debug)]
    pub(in crate::run) struct Signals {
        child: Arc<Mutex<Option<Pid>>>,
    }

    impl Signals {
        pub(in crate::run) fn listen() -> Self {
            let child = Arc::new(Mutex::new(None));
            let to = Arc::clone(&child);
            let keyboard =
                io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal();
            if let Ok(mut signals) = iterator::Signals::new(PASSED_ON) {
                // It ends with the process.
                _ = thread::Builder::new().name("signals".to_owned()).spawn(move || {
                    for number in signals.forever() {
                        if !(keyboard && FROM_KEYBOARD.contains(&number)) {
                            pass_on(&to, number);
                        }
                    }
                });
            }
            Self { child }
        }

        /// From now on they go to this child.
        pub(in crate::run) fn forward_to(&self, child: &Child) -> Forwarding<'_> {
            let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
            *self.child.lock().unwrap_or_else(PoisonError::into_inner) = pid;
            Forwarding { child: &self.child, pid }
        }
    }

    fn pass_on(child: &Mutex<Option<Pid>>, number: i32) {
        // Held while the signal is sent: the number of a child that was waited for may be another program's.
        let child = child.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(pid), Some(signal)) = (*child, Signal::from_named_raw(number)) {
            // It may have ended by itself.
            _ = kill_process(pid, signal);
        }
    }

    /// Signals go to a child.
    #[derive(Debug)]
    pub(in crate::run) struct Forwarding<'a> {
        child: &'a Mutex<Option<Pid>>,
        pid: Option<Pid>,
    }

    impl Forwarding<'_> {
        /// Waits for the child's end.
        pub(in crate::run) fn wait(self, child: &mut Child) -> io::Result<ExitStatus> {
            if let Some(pid) = self.pid {
                // Sees the end without taking it: until the child is taken off the list below its number is its own.
                let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
                while waitid(WaitId::Pid(pid), ended).is_err_and(|error| error == rustix::io::Errno::INTR) {}
            }
            *self.child.lock().unwrap_or_else(PoisonError::into_inner) = None;
            child.wait()
        }
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use std::io;
    use std::process::{Child, ExitStatus};

    /// Ctrl-C reaches all programs of a console.
    #[derive(Debug)]
    pub(in crate::run) struct Signals;

    impl Signals {
        pub(in crate::run) fn listen() -> Self {
            Self
        }

        pub(in crate::run) fn forward_to(&self, _: &Child) -> Forwarding {
            Forwarding
        }
    }

    /// Nothing to forward.
    #[derive(Debug)]
    pub(in crate::run) struct Forwarding;

    impl Forwarding {
        pub(in crate::run) fn wait(self, child: &mut Child) -> io::Result<ExitStatus> {
            child.wait()
        }
    }
}
