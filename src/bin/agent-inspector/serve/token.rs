//! The server's token.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::Failure;
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
