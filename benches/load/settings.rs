//! What the person who starts it may choose, in the environment.

use std::env;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// How it is to be run.
#[derive(Debug)]
pub(crate) struct Settings {
    /// `SECONDS`: how long the load lasts.
    pub(crate) duration: Duration,
    /// `READERS` of the live stream.
    pub(crate) readers: usize,
    /// `WRITERS`: how many connections report.
    pub(crate) writers: usize,
    /// `REQUESTS`: how many each of them sends in a second.
    pub(crate) requests_per_second: f64,
    /// `DIRECTORY`: below it the history is written, and removed afterwards.
    pub(crate) directory: PathBuf,
}

impl Settings {
    pub(crate) fn from_environment() -> io::Result<Self> {
        Ok(Self {
            duration: Duration::from_secs(of("SECONDS", 60)?),
            readers: of("READERS", 5_000)?,
            writers: of("WRITERS", 200)?,
            requests_per_second: of("REQUESTS", 1.0)?,
            directory: of("DIRECTORY", env::temp_dir().display().to_string())?.into(),
        })
    }
}

fn of<T: FromStr>(name: &str, otherwise: T) -> io::Result<T> {
    let Ok(text) = env::var(name) else { return Ok(otherwise) };
    text.parse().map_err(|_| io::Error::other(format!("{name}={text} cannot be understood")))
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} readers, {} writers of {} requests a second each, and attackers, for {} s",
            self.readers,
            self.writers,
            self.requests_per_second,
            self.duration.as_secs()
        )
    }
}
