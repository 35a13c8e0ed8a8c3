//! How many trace files are kept, and how long.

use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::index::Index;
use super::name::FileName;
use super::place::{indexed, is_alive, remove};
use super::written::unavailable;
use crate::model::SessionId;
use crate::sink::{History, SinkError};

/// Removes what is too old, and while there is too much what was written longest ago. Says how many files that were.
///
/// What runs stays, and so does what a living process with another history writes: that one knows what runs. `close` is
/// called with each session whose file is about to be removed.
pub(super) fn keep_within(
    dir: &Path,
    max_age: Duration,
    max_bytes: u64,
    history: &History<'_>,
    close: &mut dyn FnMut(&SessionId),
) -> Result<u64, SinkError> {
    let mut files = indexed(dir).map_err(|error| unavailable(dir, &error))?;
    let mut bytes: u64 = files.iter().map(|(_, about)| about.len()).sum();
    let now = SystemTime::now();
    let is_old = |about: &Metadata| {
        written_at(about).is_some_and(|at| now.duration_since(at).is_ok_and(|age| age > max_age))
    };
    files.sort_by_key(|(_, about)| written_at(about));
    let mut removed = 0;
    for (name, about) in files {
        if bytes <= max_bytes && !is_old(&about) {
            // The rest is younger.
            break;
        }
        if may_go(dir, &name, history, close)? && remove(dir, &name)? {
            bytes -= about.len();
            removed += 1;
        }
    }
    Ok(removed)
}

fn written_at(about: &Metadata) -> Option<SystemTime> {
    about.modified().ok()
}

fn may_go(
    dir: &Path,
    name: &FileName,
    history: &History<'_>,
    close: &mut dyn FnMut(&SessionId),
) -> Result<bool, SinkError> {
    let Some(owner) = Index::owner(dir, name) else { return Ok(false) };
    if owner.history != history.identity() {
        return Ok(!is_alive(dir, &owner.history));
    }
    let runs = history.store().session(&owner.session)?.is_some_and(|session| !session.status.is_ended());
    if !runs {
        close(&owner.session);
    }
    Ok(!runs)
}
