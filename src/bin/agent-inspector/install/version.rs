//! Versions of agents.

use std::fmt;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take to say its version. Claude Code's starts in half a second.
const WITHIN: Duration = Duration::from_secs(5);

/// How often is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The most that is read of what it says.
const MAX_BYTES: u64 = 4096;

/// A version: major, minor, patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u32, pub(crate) u32, pub(crate) u32);

impl Version {
    /// The first one in a text such as `2.1.197 (Claude Code)` or `codex-cli 0.169.0`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(|word| {
            let word = word.strip_prefix('v').unwrap_or(word);
            let mut parts = word.splitn(3, '.').map(|part| {
                let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
                part[..digits].parse().ok()
            });
            Some(Self(parts.next()??, parts.next()??, parts.next()??))
        })
    }

    /// What a program on the PATH says of itself.
    pub(crate) fn of(program: &str) -> Option<Self> {
        let mut child = Command::new(program)
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let until = Instant::now() + WITHIN;
        while child.try_wait().ok()?.is_none() {
            if Instant::now() >= until {
                // It does not answer; nothing is lost with it.
                _ = child.kill();
                _ = child.wait();
                return None;
            }
            thread::sleep(LOOK_EVERY);
        }
        let mut said = Vec::new();
        child.stdout.take()?.take(MAX_BYTES).read_to_end(&mut said).ok()?;
        Self::parse(&String::from_utf8_lossy(&said))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_programs_say() {
        assert_eq!(Version::parse("2.1.197 (Claude Code)"), Some(Version(2, 1, 197)));
        assert_eq!(Version::parse("codex-cli 0.169.0-alpha.3"), Some(Version(0, 169, 0)));
        assert_eq!(Version::parse("v1.2.3\n"), Some(Version(1, 2, 3)));
        assert_eq!(Version::parse("version 12"), None);
        assert!(Version(2, 1, 101) > Version(2, 1, 63) && Version(2, 0, 500) < Version(2, 1, 0));
    }
}
