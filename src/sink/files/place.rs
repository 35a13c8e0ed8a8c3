//! The directory of trace files: who may read it, who writes there, and what was left behind.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::index::{Epoch, Index, Owner, Sum, index_dir, open_private};
use super::name::{FileName, MAX_PARTS};
use super::survey::Survey;
use super::written::{is_as_said, mend, remove_if_there, unavailable};
use crate::model::{SessionId, Timestamp};
use crate::sink::{History, SinkError};

/// A directory that this process writes into.
#[derive(Debug)]
pub(super) struct Place {
    /// Shared by all processes with this history, as long as one of them lives.
    _alive: File,
    alive: PathBuf,
}

impl Place {
    /// Makes the directory, readable by nobody else, unless it is there.
    pub(super) fn open(dir: &Path, history: &History<'_>) -> Result<Self, SinkError> {
        for dir in [dir.to_owned(), index_dir(dir)] {
            create_private_dir(&dir).map_err(|error| unavailable(&dir, &error))?;
        }
        let path = alive_path(dir, history.identity());
        let alive = open_private(&path, false).map_err(|error| unavailable(&path, &error))?;
        alive.try_lock_shared().map_err(|error| unavailable(&path, &error.into()))?;
        Ok(Self { _alive: alive, alive: path })
    }

    /// Whether the directory is still there; somebody may have removed it.
    pub(super) fn check(&self) -> Result<(), SinkError> {
        fs::metadata(&self.alive).map(drop).map_err(|error| unavailable(&self.alive, &error))
    }
}

fn alive_path(dir: &Path, history: &str) -> PathBuf {
    index_dir(dir).join(format!("{history}.alive"))
}

/// Whether a process that has this history open lives. When that cannot be told it does, so that nobody's files are touched
/// by mistake.
pub(super) fn is_alive(dir: &Path, history: &str) -> bool {
    match File::open(alive_path(dir, history)) {
        Ok(file) => file.try_lock().is_err(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// The lock of the one process that reads the files of others into a history; `None` while another one has it.
pub(crate) fn lock_of_importer(dir: &Path, history: &str) -> io::Result<Option<File>> {
    let file = open_private(&index_dir(dir).join(format!("{history}.importer")), false)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// The names of the files that copy a session of this history.
pub(super) fn own_files<'a>(
    dir: &'a Path,
    session: &'a SessionId,
    history: &'a History<'_>,
) -> impl Iterator<Item = FileName> + 'a {
    let names = (0..MAX_PARTS).map(|part| FileName::of(session, part));
    let is_taken = move |name: &FileName| {
        index_dir(dir).join(name.index()).exists() || dir.join(name.to_string()).exists()
    };
    let is_own = move |owner: &Owner| owner.session == *session && owner.history == history.identity();
    names.take_while(is_taken).filter(move |name| Index::owner(dir, name).is_some_and(|owner| is_own(&owner)))
}

/// Removes a file and its index, unless another process writes it.
pub(super) fn remove(dir: &Path, name: &FileName) -> Result<bool, SinkError> {
    let (path, index_path) = (dir.join(name.to_string()), index_dir(dir).join(name.index()));
    let Ok(index) = File::open(&index_path) else { return Ok(false) };
    if index.try_lock().is_err() {
        return Ok(false);
    }
    // In this order: a file without an index would be a stranger's.
    let removed = remove_if_there(&path).and_then(|()| remove_if_there(&index_path));
    removed.map(|()| true).map_err(|error| unavailable(&path, &error))
}

/// Every file of an inspector's with its index.
pub(super) fn indexed(dir: &Path) -> io::Result<Vec<(FileName, fs::Metadata)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().and_then(FileName::found) else { continue };
        if index_dir(dir).join(name.index()).exists() {
            // Gone in this moment, perhaps.
            found.extend(entry.metadata().ok().filter(fs::Metadata::is_file).map(|about| (name, about)));
        }
    }
    Ok(found)
}

/// Repairs what processes left behind that died within an append. Says how many files that were.
pub(super) fn repair_left_behind(dir: &Path, history: &History<'_>) -> Result<u64, SinkError> {
    let mut repaired = 0;
    for (name, _) in indexed(dir).map_err(|error| unavailable(dir, &error))? {
        let index_path = index_dir(dir).join(name.index());
        let Ok(mut lock) = open_private(&index_path, false) else { continue };
        if lock.try_lock().is_err() {
            continue;
        }
        let Ok(Some(mut index)) = Index::read(&mut lock) else { continue };
        let own = index.owner.history == history.identity();
        if index.owner.file != name.to_string() || !own && is_alive(dir, &index.owner.history) {
            continue;
        }
        let path = dir.join(name.to_string());
        let failed = |error: io::Error| unavailable(&path, &error);
        let mut file = open_private(&path, false).map_err(failed)?;
        if is_as_said(&mut file, &Sum::of(&index.records)).map_err(failed)? {
            continue;
        }
        // What is no gzip file any more was put there by somebody else.
        let Some(survey) = Survey::of(&mut file, &index.records).map_err(failed)? else { continue };
        index.records = mend(&mut file, survey).map_err(failed)?;
        index.owner.epoch = Epoch::fresh();
        index.write(&mut lock).map_err(failed)?;
        repaired += 1;
    }
    Ok(repaired)
}

fn complete_path(dir: &Path, history: &History<'_>) -> PathBuf {
    index_dir(dir).join(format!("{}.complete", history.identity()))
}

/// See [`Sink::complete_until`](crate::sink::Sink::complete_until).
pub(super) fn complete_until(dir: &Path, history: &History<'_>) -> Option<Timestamp> {
    Timestamp::parse(fs::read_to_string(complete_path(dir, history)).ok()?.trim()).ok()
}

pub(super) fn note_complete(dir: &Path, until: Timestamp, history: &History<'_>) -> io::Result<()> {
    replace(&complete_path(dir, history), format!("{until}\n").as_bytes())
}

/// Writes a small file so that a reader has the old or the new one, never a part.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    let anew = path.with_extension("tmp");
    let mut file = open_private(&anew, false)?;
    file.set_len(0)?;
    file.write_all(bytes)?;
    fs::rename(&anew, path)
}

fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}
