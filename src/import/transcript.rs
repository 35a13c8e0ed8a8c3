//! Reading transcripts. Their paths come from payloads that anybody may have sent: only regular files below the one folder that is
//! known of each program are opened.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::ingest::agents::{MAX_READ_BYTES, TranscriptRead};
use crate::model::Engine;

/// Where the transcripts of each program are; those of a program without a folder are not read.
#[derive(Clone, Debug, Default)]
pub(crate) struct TranscriptFolders {
    /// Claude Code's, of all projects.
    pub(crate) claude_code: Option<TranscriptFolder>,
    /// Codex', of all days.
    pub(crate) codex: Option<TranscriptFolder>,
}

impl TranscriptFolders {
    /// What is new in a transcript; `None` when it may not be read, or cannot be.
    pub(crate) fn read(&self, read: &TranscriptRead) -> Option<Vec<u8>> {
        let folder = if read.engine == Engine::CODEX { &self.codex } else { &self.claude_code };
        folder.as_ref()?.read(read)
    }
}

/// The folder in which a program keeps its transcripts.
#[derive(Clone, Debug)]
pub(crate) struct TranscriptFolder(PathBuf);

impl TranscriptFolder {
    /// This one. It need not exist yet.
    pub(crate) fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Claude Code's, of the person whose process this is.
    pub(crate) fn of_claude_code() -> Option<Self> {
        Some(Self(settings("CLAUDE_CONFIG_DIR", ".claude")?.join("projects")))
    }

    /// Codex', of the person whose process this is.
    pub(crate) fn of_codex() -> Option<Self> {
        Some(Self(settings("CODEX_HOME", ".codex")?.join("sessions")))
    }

    fn read(&self, read: &TranscriptRead) -> Option<Vec<u8>> {
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

/// Where a program of the person whose process this is has its settings.
fn settings(variable: &str, usual: &str) -> Option<PathBuf> {
    let configured = std::env::var_os(variable).filter(|folder| !folder.is_empty());
    configured.map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(usual)))
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
        let folders =
            TranscriptFolders { codex: Some(TranscriptFolder::new(folder)), ..TranscriptFolders::default() };
        let read = TranscriptRead { engine: Engine::CODEX, session: "s".into(), path, offset: 0 };
        let of_another = TranscriptRead { engine: Engine::CLAUDE_CODE, ..read.clone() };
        assert_eq!(folders.read(&of_another), None, "no folder is known of that program");
        folders.read(&read)
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
