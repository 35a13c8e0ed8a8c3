//! Which run of which workflow a session is.

use uuid::Uuid;

use crate::model::{SessionId, TraceId};

/// Stands before a byte of a workflow's id that a session's id cannot have, in hexadecimal.
const ESCAPE: u8 = b'~';

/// Between the workflow's id and the run's; the latter has none.
const SEPARATOR: char = '.';

/// Stands in for a workflow's id that is too long. No id is written so: an escape has two digits.
const LONG: &str = "~";

/// One run of a workflow. A workflow's id alone is used again and again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Run {
    pub(super) workflow_id: String,
    pub(super) run_id: String,
}

/// What the id of a session says of its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    Whole(Run),
    /// The workflow's id was too long to be in it.
    RunOnly(String),
}

impl Run {
    /// The session's id, and whether the workflow's id can be read in it as it is. A pure function of the two ids, so that a
    /// session is found again after a restart without listing anything.
    pub(super) fn session_id(&self) -> (SessionId, bool) {
        let escaped = escaped(&self.workflow_id);
        let plain = escaped == self.workflow_id;
        let whole = SessionId::parse(&format!("{escaped}{SEPARATOR}{}", self.run_id));
        match whole {
            Ok(id) => (id, plain),
            Err(_) => (SessionId::from_external(&format!("{LONG}{SEPARATOR}{}", self.run_id)).0, false),
        }
    }

    /// The trace of the run: its id is a UUID, and so is a trace's.
    pub(super) fn trace_id(&self) -> Option<TraceId> {
        trace_of(&self.run_id)
    }
}

/// The trace of the run with this id; `None` when the id is no UUID, or the nil one, which no server gives.
pub(super) fn trace_of(run_id: &str) -> Option<TraceId> {
    TraceId::from_bytes(*Uuid::parse_str(run_id).ok()?.as_bytes())
}

/// The run that a session's id names; `None` when the id was not made here, which costs no question to anybody.
pub(super) fn named(id: &SessionId) -> Option<Named> {
    let (escaped, run_id) = id.as_str().rsplit_once(SEPARATOR)?;
    // Only the form in which Temporal writes them: anything else would be another session of the same run.
    let run = Uuid::try_parse(run_id).ok().filter(|run| run.to_string() == run_id)?;
    if escaped == LONG {
        return Some(Named::RunOnly(run.to_string()));
    }
    let run = Run { workflow_id: unescaped(escaped)?, run_id: run.to_string() };
    (run.session_id().0 == *id).then_some(Named::Whole(run))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-') {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("{}{byte:02x}", char::from(ESCAPE)));
        }
    }
    escaped
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == ESCAPE {
            let digit =
                |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            bytes.push(digit(rest.next())? << 4 | digit(rest.next())?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RUN: &str = "01a225ed-e261-7267-95ac-84ba8dd27f0f";

    fn run(workflow_id: &str) -> Run {
        Run { workflow_id: workflow_id.to_owned(), run_id: RUN.to_owned() }
    }

    #[test]
    fn an_ordinary_id_is_read_as_it_is_and_a_long_one_is_found_by_its_run() {
        assert_eq!(run("order-7").session_id(), (SessionId::parse(&format!("order-7.{RUN}")).unwrap(), true));
        assert_eq!(
            run("a b/~").session_id(),
            (SessionId::parse(&format!("a~20b~2f~7e.{RUN}")).unwrap(), false)
        );
        let (long, _) = run(&"x".repeat(1000)).session_id();
        assert_eq!(long.as_str(), format!("~.{RUN}"));
        assert_eq!(named(&long), Some(Named::RunOnly(RUN.to_owned())));
        assert_eq!(run("x").trace_id().unwrap().to_string(), RUN.replace('-', ""));
    }

    #[test]
    fn ids_of_other_engines_name_no_run() {
        let other = [
            RUN.to_owned(),
            "job".to_owned(),
            format!(".{RUN}"),
            format!("a~2.{RUN}"),
            format!("a~7E.{RUN}"),
            format!("~61.{RUN}"),
            format!("a.{}", RUN.to_uppercase()),
            format!("a.{}", RUN.replace('-', "")),
        ];
        for id in other {
            assert_eq!(named(&SessionId::parse(&id).unwrap()), None, "{id}");
        }
    }

    proptest! {
        #[test]
        fn every_run_is_found_again_by_its_session(workflow_id in ".{1,60}", run_id in any::<u128>()) {
            let run = Run { workflow_id, run_id: Uuid::from_u128(run_id).to_string() };
            let (id, plain) = run.session_id();
            match named(&id) {
                Some(Named::Whole(found)) => prop_assert_eq!(&found, &run),
                found => {
                    prop_assert_eq!(found, Some(Named::RunOnly(run.run_id.clone())));
                    prop_assert!(!plain);
                }
            }
        }

        #[test]
        fn no_session_id_is_read_as_a_run_that_has_another_one(text in "[A-Za-z0-9._~-]{1,90}") {
            let id = SessionId::from_external(&format!("{text}.{RUN}")).0;
            if let Some(Named::Whole(run)) = named(&id) {
                prop_assert_eq!(run.session_id().0, id);
            }
        }
    }
}
