//! The other processes: how they are started, heard and ended. Each is this executable.

use std::env;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::tally::Tally;

/// How long a process may take to end after it was asked to.
const END_PATIENCE: Duration = Duration::from_secs(300);

/// How much lower the priority of those is that make the load.
const NICER: &str = "10";

/// A process that this one started; it ends with this.
#[derive(Debug)]
pub(crate) struct Child {
    process: process::Child,
    tally: Arc<Mutex<Tally>>,
    /// Something for each tally that came.
    heard: Receiver<()>,
}

impl Child {
    /// A host, and the port on which it listens.
    pub(crate) fn host(command: &str, directory: &Path) -> io::Result<(Self, u16)> {
        let mut this = Command::new(env::current_exe()?);
        let process = this.args([OsStr::new(command), directory.as_os_str()]);
        let mut process = process.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut said = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut said)?;
        }
        let port = said.trim().parse().map_err(|_| io::Error::other("the host said no port"))?;
        Ok((Self { process, tally: Arc::default(), heard: mpsc::channel().1 }, port))
    }

    /// A part of the load.
    pub(crate) fn load(command: &str, arguments: &[String]) -> io::Result<Self> {
        let this = env::current_exe()?;
        let started = |mut start: Command| {
            start.arg(command).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
        };
        let mut nice = Command::new("nice");
        nice.args(["-n", NICER]).arg(&this);
        let mut process = started(nice).or_else(|_| started(Command::new(&this)))?;
        let tally: Arc<Mutex<Tally>> = Arc::default();
        let (tell, heard) = mpsc::channel();
        if let Some(output) = process.stdout.take() {
            let tally = Arc::clone(&tally);
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let Ok(told) = serde_json::from_str(&line) else { continue };
                    *tally.lock().unwrap_or_else(PoisonError::into_inner) = told;
                    // Nobody may be listening any more.
                    let _ = tell.send(());
                }
            });
        }
        Ok(Self { process, tally, heard })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it said last.
    pub(crate) fn tally(&self) -> Tally {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn wait_until(&self, patience: Duration, is_met: impl Fn(&Tally) -> bool) -> io::Result<()> {
        let until = Instant::now() + patience;
        while !is_met(&self.tally()) {
            let left = until.saturating_duration_since(Instant::now());
            if let Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) =
                self.heard.recv_timeout(left)
            {
                return Err(io::Error::other(format!("it did not come about: {:?}", self.tally())));
            }
        }
        Ok(())
    }

    /// Asks it to end.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.process.stdin.as_mut().map_or(Ok(()), |input| input.write_all(b"end\n"))
    }

    /// Its last word, once it has ended.
    pub(crate) fn finish(&mut self) -> io::Result<Tally> {
        let until = Instant::now() + END_PATIENCE;
        while self.heard.recv_timeout(until.saturating_duration_since(Instant::now())).is_ok() {}
        if Instant::now() >= until {
            return Err(io::Error::other("it did not end"));
        }
        Ok(self.tally())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // `wait` closes the input first, which ends it.
        let _ = self.process.wait();
    }
}

/// In a process of the load: completes when it is asked to end. The process ends at once when the one that started it does.
pub(crate) fn asked_to_end() -> oneshot::Receiver<()> {
    let (tell, told) = oneshot::channel();
    thread::spawn(move || {
        let mut word = [0; 4];
        if io::stdin().read_exact(&mut word).is_ok() {
            // Whoever should hear it has ended then.
            let _ = tell.send(());
            while io::stdin().read(&mut word).is_ok_and(|bytes| bytes > 0) {}
        }
        process::exit(0);
    });
    told
}

/// The argument at `place`.
pub(crate) fn argument<T: std::str::FromStr>(arguments: &[String], place: usize) -> io::Result<T> {
    let argument = arguments.get(place).and_then(|text| text.parse().ok());
    argument.ok_or_else(|| io::Error::other("an argument is missing"))
}
