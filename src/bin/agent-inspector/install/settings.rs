//! Somebody else's settings file: read, and changed without losing anything.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::Failure;

/// The largest settings file that is touched. Real ones have a few kilobytes.
const MAX_BYTES: u64 = 16 << 20;

/// How many links are followed.
const MAX_LINKS: usize = 32;

/// A settings file as it was read.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where the file itself lies, links followed.
    path: PathBuf,
    /// What stands in it; `None` when there is no such file.
    text: Option<String>,
}

impl Settings {
    /// Reads the file that this path leads to.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let said = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let target = followed(path).map_err(|error| said(&error))?;
        let text = read(&target).map_err(|error| said(&error))?;
        Ok(Self { path: target, text })
    }

    /// Where the file itself lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What stands in it.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Puts `new` in its place, all of it or nothing, and gives the copy of what stood there. The file keeps its mode and
    /// owner. `check` has the last word: it is given what stands in the file then, and when it does not agree the old file
    /// comes back.
    pub(crate) fn replace(
        &self,
        new: &str,
        check: impl FnOnce(&str) -> Result<(), Failure>,
    ) -> Result<Option<PathBuf>, Failure> {
        let said = |error: &dyn std::fmt::Display| format!("{}: {error}", self.path.display());
        let before = self.text.as_ref().map(|_| fs::metadata(&self.path)).transpose();
        let before = before.map_err(|error| said(&error))?;
        if before.as_ref().is_some_and(|file| file.permissions().readonly()) {
            return Err(said(&"the file is read-only; nothing was written"));
        }
        // A person, or the agent itself, may have written meanwhile.
        if read(&self.path).map_err(|error| said(&error))? != self.text {
            return Err(said(
                &"the file was changed by somebody else meanwhile; nothing was written, try again",
            ));
        }
        let backup = match &self.text {
            Some(text) => Some(self.backup(text, before.as_ref()).map_err(|error| said(&error))?),
            None => None,
        };
        self.put(new, before.as_ref()).map_err(|error| said(&error))?;
        let written = read(&self.path).map_err(|error| said(&error))?.unwrap_or_default();
        if let Err(wrong) = check(&written) {
            let back = match &self.text {
                Some(text) => self.put(text, before.as_ref()),
                None => fs::remove_file(&self.path),
            };
            let what =
                if back.is_ok() { "the file is as it was" } else { "and the old file could not be put back" };
            return Err(said(&format!("{wrong}; {what}")));
        }
        Ok(backup)
    }

    /// A copy beside the file, named after this moment.
    fn backup(&self, text: &str, before: Option<&fs::Metadata>) -> io::Result<PathBuf> {
        let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for again in 0..100 {
            let more = if again == 0 { String::new() } else { format!("-{again}") };
            let path = self.path.with_file_name(format!("{name}.{now}{more}.bak"));
            match create(&path, before) {
                Ok(mut file) => {
                    file.write_all(text.as_bytes())?;
                    file.sync_all()?;
                    return Ok(path);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("there are too many copies of it"))
    }

    /// Writes beside the file and renames: whoever reads it sees the old or the new one.
    fn put(&self, text: &str, before: Option<&fs::Metadata>) -> io::Result<()> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let beside = directory.join(format!(".{name}.{}.tmp", std::process::id()));
        let written = (|| {
            let mut file = create(&beside, before)?;
            file.write_all(text.as_bytes())?;
            if let Some(before) = before {
                keep(&file, before)?;
            }
            file.sync_all()?;
            fs::rename(&beside, &self.path)
        })();
        if written.is_err() {
            _ = fs::remove_file(&beside);
        }
        written
    }
}

/// A new file that nobody reads who could not read the old one.
fn create(path: &Path, before: Option<&fs::Metadata>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
        // Settings hold keys; agents make theirs with this mode too.
        options.mode(before.map_or(0o600, |before| before.mode() & 0o777));
    }
    #[cfg(not(unix))]
    let _ = before;
    options.open(path)
}

/// Gives a file the mode and the owner of another one.
fn keep(file: &File, before: &fs::Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let now = file.metadata()?;
        if (now.uid(), now.gid()) != (before.uid(), before.gid()) {
            fchown(file, Some(before.uid()), Some(before.gid()))?;
        }
    }
    let permissions: Permissions = before.permissions();
    file.set_permissions(permissions)
}

/// What a path leads to: the file behind links, also when it is not there yet.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            // No link, or nothing there.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many links"))
}

fn read(path: &Path) -> io::Result<Option<String>> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !metadata.is_file() {
        return Err(io::Error::other("this is no file"));
    }
    let mut text = String::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("the file is too large for settings"));
    }
    Ok(Some(text))
}
