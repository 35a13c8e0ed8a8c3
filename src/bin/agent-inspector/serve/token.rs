//! The server's token.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use agent_inspector::Inspector;

use crate::Failure;
#[cfg(unix)]
use crate::say;
use crate::target;

/// The token of the file or of the environment. A file that is not there is made, for this person's eyes only.
pub(super) fn given_or_made(file: Option<&Path>) -> Result<Option<String>, Failure> {
    if let Some(path) = file
        && !fs::exists(path).map_err(|error| format!("{}: {error}", path.display()))?
    {
        make(path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    target::token(file)
}

fn make(path: &Path) -> io::Result<()> {
    let mut secret = [0_u8; 24];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    let token: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    writeln!(options.open(path)?, "{token}")
}

/// Takes a fresh token each time SIGUSR1 comes, and prints the link that signs in with it.
#[cfg(unix)]
pub(super) fn rotate_when_asked(inspector: &Inspector, url: String) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut asked, inspector) = (signal(SignalKind::user_defined1())?, inspector.clone());
    tokio::spawn(async move {
        while asked.recv().await.is_some() {
            match inspector.rotate_token(&url) {
                Ok(link) => say::line(&format!("a fresh token; sign in: {link}")),
                Err(error) => eprintln!("agent-inspector: {error}"),
            }
        }
    });
    Ok(())
}

/// There is no such signal elsewhere: the program is started anew.
#[cfg(not(unix))]
pub(super) fn rotate_when_asked(_: &Inspector, _: String) -> io::Result<()> {
    Ok(())
}
