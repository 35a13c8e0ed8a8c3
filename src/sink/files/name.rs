//! The names of trace files.

use std::fmt;

use crate::model::SessionId;

/// What every trace file's name ends with.
const SUFFIX: &str = ".jsonl.gz";

/// How many files one session may have.
pub(super) const MAX_PARTS: u32 = 1000;

/// Begins the name of a file whose session's id would not do as one; stands in no session id.
const MARK: char = '+';

/// The name of a trace file: `{session}.jsonl.gz`, and `{session}.chunk_{n}.jsonl.gz` for further files of the session.
///
/// An id that Windows keeps for devices, that would be hidden, or that looks like a further file of another session is
/// written with a `+` before it: `+con.jsonl.gz`, and `+con+1.jsonl.gz` for further ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FileName {
    stem: String,
}

impl FileName {
    /// The name of the file of a session, or of a further one when `part` is not 0.
    pub(crate) fn of(session: &SessionId, part: u32) -> Self {
        let id = session.as_str();
        let stem = match (is_unfit(id), part) {
            (false, 0) => id.to_owned(),
            (false, part) => format!("{id}.chunk_{part}"),
            (true, 0) => format!("{MARK}{id}"),
            (true, part) => format!("{MARK}{id}{MARK}{part}"),
        };
        Self { stem }
    }

    /// A name that was found; `None` when it is no trace file's.
    pub(crate) fn found(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(SUFFIX).filter(|stem| !stem.is_empty() && !stem.starts_with('.'))?;
        Some(Self { stem: stem.to_owned() })
    }

    /// The session that a file of this name is of; with `true` when its id is a hash of the name, which is no id.
    pub(crate) fn session(&self) -> (SessionId, bool) {
        SessionId::from_external(self.session_text())
    }

    /// What stands in the name for the session.
    pub(crate) fn session_text(&self) -> &str {
        if let Some(marked) = self.stem.strip_prefix(MARK) {
            let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            return match marked.rsplit_once(MARK) {
                Some((id, part)) if number(part) => id,
                _ => marked,
            };
        }
        without_part(&self.stem).unwrap_or(&self.stem)
    }

    /// The number of a further file, 0 for the first.
    pub(crate) fn part(&self) -> u32 {
        let session = self.session_text();
        let after = self.stem.trim_start_matches(MARK).strip_prefix(session).unwrap_or_default();
        after.trim_start_matches(|character: char| !character.is_ascii_digit()).parse().unwrap_or(0)
    }

    /// The name of the file that holds what is known of it. Disks that know no capitals would mix up two sessions, so that
    /// this name knows none either.
    pub(super) fn index(&self) -> String {
        format!("{}.index", self.stem.to_ascii_lowercase())
    }

    /// The name under which it is written anew.
    pub(super) fn anew(&self) -> String {
        format!("{}.new", self.stem.to_ascii_lowercase())
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{SUFFIX}", self.stem)
    }
}

/// The stem of the first file, when this is the stem of a further one.
fn without_part(stem: &str) -> Option<&str> {
    let digits = stem.bytes().rev().take_while(u8::is_ascii_digit).count();
    let before = &stem[..stem.len() - digits];
    let first = before.strip_suffix(".chunk_").or_else(|| before.strip_suffix("_chunk_"))?;
    (digits > 0 && !first.is_empty()).then_some(first)
}

fn is_unfit(id: &str) -> bool {
    const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
    let base = id.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let port = base.strip_prefix("com").or_else(|| base.strip_prefix("lpt"));
    let device = DEVICES.contains(&base.as_str())
        || port.is_some_and(|number| number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit()));
    device || id.starts_with('.') || without_part(id).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(text: &str) -> SessionId {
        SessionId::parse(text).unwrap()
    }

    #[test]
    fn common_ids_are_their_own_name() {
        for (session, name) in [
            ("trace-249d0e49a29910886c9895950073aa9a", "trace-249d0e49a29910886c9895950073aa9a.jsonl.gz"),
            ("SWE.bench_1867~2", "SWE.bench_1867~2.jsonl.gz"),
            ("con", "+con.jsonl.gz"),
            ("COM1.x", "+COM1.x.jsonl.gz"),
            (".hidden", "+.hidden.jsonl.gz"),
            ("a_chunk_2", "+a_chunk_2.jsonl.gz"),
            ("complete", "complete.jsonl.gz"),
        ] {
            assert_eq!(FileName::of(&id(session), 0).to_string(), name);
        }
        assert_eq!(FileName::of(&id("s"), 3).to_string(), "s.chunk_3.jsonl.gz");
    }

    #[test]
    fn the_parts_of_the_original_inspector_are_of_one_session() {
        for name in ["s.jsonl.gz", "s_chunk_1.jsonl.gz", "s.chunk_12.jsonl.gz"] {
            assert_eq!(FileName::found(name).unwrap().session(), (id("s"), false), "{name}");
        }
        for (name, part) in
            [("s", 0), ("s_chunk_1", 1), ("s.chunk_12", 12), ("+con", 0), ("+con+3", 3), ("s7", 0)]
        {
            assert_eq!(FileName::found(&format!("{name}.jsonl.gz")).unwrap().part(), part, "{name}");
        }
        for name in ["s.json.gz", ".jsonl.gz", ".s.jsonl.gz", "s.jsonl.gz.bad", "s.jsonl"] {
            assert_eq!(FileName::found(name), None, "{name}");
        }
        let (session, hashed) = FileName::found("a session/ä.jsonl.gz").unwrap().session();
        assert!(hashed && SessionId::parse(session.as_str()).is_ok());
    }

    proptest! {
        #[test]
        fn a_name_names_its_session_again(text in "[A-Za-z0-9._~-]{1,20}", part in 0_u32..1000) {
            if let Ok(session) = SessionId::parse(&text) {
                let name = FileName::of(&session, part).to_string();
                prop_assert_eq!(FileName::found(&name).unwrap().session(), (session, false));
            }
        }

        #[test]
        fn names_that_a_person_might_choose_are_read_back(text in "(s|con|lpt3|[.])?[._]?(chunk_)?[0-9]{0,2}", part in 0_u32..3) {
            if let Ok(session) = SessionId::parse(&text) {
                let name = FileName::of(&session, part).to_string();
                prop_assert_eq!(FileName::found(&name).unwrap().session(), (session, false), "{}", name);
            }
        }
    }
}
