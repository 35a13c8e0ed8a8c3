//! What was read of the files of others.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::read::Place;
use crate::sink::{Epoch, index_dir, replace};

/// What was read of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// Its length when it was looked at last.
    pub(super) length: u64,
    /// When it was written before that, in nanoseconds since the epoch.
    pub(super) written: i128,
    /// Where to go on.
    pub(super) place: Place,
    /// The writing of an inspector that it was, when it is one's.
    pub(super) epoch: Option<Epoch>,
    /// Nothing more is read of it until it changes.
    pub(super) done: bool,
}

/// What was read of each file, by its name.
pub(super) type AllSeen = HashMap<String, Seen>;

fn path(dir: &Path, history: &str) -> PathBuf {
    index_dir(dir).join(format!("{history}.seen"))
}

/// What an earlier start noted. What cannot be read is read again from the files.
pub(super) fn load(dir: &Path, history: &str) -> AllSeen {
    fs::read(path(dir, history))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

pub(super) fn save(dir: &Path, history: &str, seen: &AllSeen) -> io::Result<()> {
    replace(&path(dir, history), &serde_json::to_vec(seen)?)
}
