//! Reading transcripts. Their paths come from payloads that anybody may have sent: only regular files below the one known
//! folder are opened.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::ingest::agents::TranscriptRead;

/// How many bytes of a transcript are read at once. What is beyond is read the next time.
const MAX_READ_BYTES: u64 = 16 << 20;

/// The folder in which Claude Code keeps the transcripts of all projects.
#[derive(Clone, Debug)]
pub(crate) struct TranscriptFolder(PathBuf);

impl TranscriptFolder {
    /// This one. It need not exist yet.
    pub(crate) fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The one of the person whose process this is.
    pub(crate) fn of_user() -> Option<Self> {
        let configured = std::env::var_os("CLAUDE_CONFIG_DIR").filter(|folder| !folder.is_empty());
        let folder = configured.map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".claude")))?;
        Some(Self(folder.join("projects")))
    }

    /// What is new in a transcript; `None` when it may not be read, or cannot be.
    pub(crate) fn read(&self, read: &TranscriptRead) -> Option<Vec<u8>> {
        // Links are followed before it is decided where the file lies.
        let (path, folder) = (fs::canonicalize(&read.path).ok()?, fs::canonicalize(&self.0).ok()?);
        let is_transcript = path.extension().is_some_and(|extension| extension == "jsonl");
        if !is_transcript || !path.starts_with(&folder) || !is_regular(&path) {
            return None;
        }
        let mut file =
            File::open(&path).ok().filter(|file| file.metadata().is_ok_and(|found| found.is_file()))?;
        file.seek(SeekFrom::Start(read.offset)).ok()?;
        let mut bytes = Vec::new();
        file.take(MAX_READ_BYTES).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }
}

/// A pipe must not even be opened: that would wait for its other end.
fn is_regular(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(folder: &Path, path: &Path) -> Option<Vec<u8>> {
        let path = path.to_str().unwrap().to_owned();
        TranscriptFolder::new(folder).read(&TranscriptRead { session: "s".into(), path, offset: 0 })
    }

    #[test]
    fn only_regular_transcripts_below_the_folder_are_opened() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("projects");
        fs::create_dir_all(folder.join("one")).unwrap();
        let (inside, outside) = (folder.join("one/a.jsonl"), place.path().join("b.jsonl"));
        for path in [&inside, &outside, &folder.join("one/a.txt")] {
            fs::write(path, "{}\n").unwrap();
        }
        assert_eq!(read(&folder, &inside).as_deref(), Some(&b"{}\n"[..]));
        assert_eq!(read(&folder, &outside), None);
        assert_eq!(read(&folder, &folder.join("one/../../b.jsonl")), None, "a path that climbs out");
        assert_eq!(read(&folder, &folder.join("one/a.txt")), None, "no transcript");
        assert_eq!(read(&folder, &folder.join("one")), None, "a folder");
        assert_eq!(read(&folder, &folder.join("none.jsonl")), None);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&outside, folder.join("link.jsonl")).unwrap();
            assert_eq!(read(&folder, &folder.join("link.jsonl")), None, "a link that leads out");
            let pipe = folder.join("pipe.jsonl");
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            assert_eq!(read(&folder, &pipe), None, "a pipe, which would never end");
        }
    }
}
