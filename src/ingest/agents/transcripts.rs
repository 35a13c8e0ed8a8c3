//! The files in which a program notes what was said, and which its hooks name: what of them was read, and what is to be.

use std::collections::HashMap;

/// How many files of a session are followed: its own, and those of its sub-agents.
const MAX_TRANSCRIPTS: usize = 64;

/// How often a file is looked at after a turn has ended: the last lines are written shortly after a hook tells of them.
const LOOKS: u8 = 4;

/// How many bytes of a file are read at once. What is beyond is read the next time.
pub(crate) const MAX_READ_BYTES: u64 = 16 << 20;

/// A part of a file that is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TranscriptRead {
    /// The program, as an engine.
    pub(crate) engine: &'static str,
    /// The session, in the program's own words.
    pub(crate) session: String,
    /// The file, as a hook named it: not to be trusted.
    pub(crate) path: String,
    /// How many bytes of it were read before.
    pub(crate) offset: u64,
}

/// The files of a session, by their paths. `S` is what is known of one from what was read of it.
#[derive(Debug)]
pub(super) struct Transcripts<S>(HashMap<String, Followed<S>>);

#[derive(Debug, Default)]
struct Followed<S> {
    state: S,
    /// Up to where it was read.
    offset: u64,
    /// How often it is still to be looked at.
    looks: u8,
}

impl<S> Default for Transcripts<S> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<S: Default> Transcripts<S> {
    /// A hook named this one. Gives what is known of it, unless there are too many.
    pub(super) fn know(&mut self, path: &str) -> Option<&mut S> {
        let known = self.0.len() < MAX_TRANSCRIPTS || self.0.contains_key(path);
        known.then(|| &mut self.0.entry(path.to_owned()).or_default().state)
    }

    /// All of them may have something new.
    pub(super) fn look_again(&mut self) {
        self.0.values_mut().for_each(|followed| followed.looks = LOOKS);
    }

    /// This one may have something new.
    pub(super) fn look_again_at(&mut self, path: &str) {
        if let Some(followed) = self.0.get_mut(path) {
            followed.looks = LOOKS;
        }
    }

    /// Those that may have something new.
    pub(super) fn stale(&mut self, engine: &'static str, session: &str) -> Vec<TranscriptRead> {
        let stale = self.0.iter_mut().filter(|(_, followed)| followed.looks > 0);
        stale
            .map(|(path, followed)| {
                followed.looks -= 1;
                let (session, path) = (session.to_owned(), path.clone());
                TranscriptRead { engine, session, path, offset: followed.offset }
            })
            .collect()
    }

    /// Takes out what is known of a file, with the whole lines of what was read of it; it is to be [put back](Self::put_back).
    /// An unfinished last line is left for the next time. `None` when that part was read before.
    pub(super) fn take<'a>(
        &mut self,
        read: &TranscriptRead,
        bytes: &'a [u8],
    ) -> Option<(S, impl Iterator<Item = &'a [u8]> + use<'a, S>)> {
        // Two threads may have read the same part.
        let followed = self.0.get_mut(&read.path).filter(|followed| followed.offset == read.offset)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        // A line that is longer than anything is read of is passed over: what follows it is to be heard of.
        let too_long = whole == 0 && bytes.len() as u64 >= MAX_READ_BYTES;
        followed.offset += if too_long { bytes.len() } else { whole } as u64;
        if bytes.len() as u64 >= MAX_READ_BYTES {
            followed.looks = followed.looks.max(1);
        }
        let lines = bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        Some((std::mem::take(&mut followed.state), lines))
    }

    /// Puts back what is known of a file.
    pub(super) fn put_back(&mut self, path: &str, state: S) {
        if let Some(followed) = self.0.get_mut(path) {
            followed.state = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(transcripts: &mut Transcripts<u32>, offset: u64, bytes: &[u8]) -> Option<Vec<String>> {
        let read = TranscriptRead { engine: "codex", session: "s".to_owned(), path: "p".to_owned(), offset };
        let (state, lines) = transcripts.take(&read, bytes)?;
        let lines = lines.map(|line| String::from_utf8(line.to_vec()).unwrap()).collect();
        transcripts.put_back("p", state + 1);
        Some(lines)
    }

    #[test]
    fn each_line_is_read_once_and_an_unfinished_one_the_next_time() {
        let mut transcripts = Transcripts::default();
        transcripts.know("p");
        assert_eq!(lines(&mut transcripts, 0, b"one\n\ntwo\nthr"), Some(vec!["one".into(), "two".into()]));
        assert_eq!(lines(&mut transcripts, 0, b"one\n\ntwo\nthr"), None, "it was read before");
        assert_eq!(lines(&mut transcripts, 9, b"three\n"), Some(vec!["three".into()]));
        assert_eq!(transcripts.know("p"), Some(&mut 2));
    }

    #[test]
    fn a_file_is_looked_at_a_few_times_after_a_turn_and_a_line_without_end_keeps_nothing_back() {
        let mut transcripts = Transcripts::default();
        transcripts.know("p");
        assert_eq!(transcripts.stale("codex", "s"), []);
        transcripts.look_again();
        let looks = std::iter::from_fn(|| transcripts.stale("codex", "s").pop()).count();
        assert_eq!(looks, usize::from(LOOKS));
        let endless = vec![b'x'; usize::try_from(MAX_READ_BYTES).unwrap()];
        assert_eq!(lines(&mut transcripts, 0, &endless), Some(vec![]));
        assert_eq!(transcripts.stale("codex", "s")[0].offset, MAX_READ_BYTES, "there is more");
    }

    #[test]
    fn no_more_files_are_followed_than_the_bound_allows() {
        let mut transcripts = Transcripts::<u32>::default();
        for number in 0..MAX_TRANSCRIPTS {
            assert!(transcripts.know(&number.to_string()).is_some());
        }
        assert!(transcripts.know("another").is_none() && transcripts.know("0").is_some());
    }
}
