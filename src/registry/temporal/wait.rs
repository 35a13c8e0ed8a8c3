//! What a workflow says it waits for.
//!
//! Temporal does not know: a workflow that awaits a condition looks like one that has nothing to do, and one with handlers for
//! signals need not wait for any. So nothing is guessed. A workflow that wants to be shown as waiting says so, under the name
//! [`WAITING_ON`], in one of two ways: as a memo, which costs an event of its history and is there for everybody, also when no
//! worker runs; or as the answer to a query of that name, which costs nothing until somebody looks.

use serde_json::Value;
use temporalio_common::protos::temporal::api::common::v1::Memo;

use super::payload::json;
use crate::model::{Timestamp, WaitingOn};

/// The name of the memo and of the query by which a workflow says which signal it waits for: an object with `signal_name` and,
/// if it likes, `prompt` and `since` (RFC 3339); or just the signal's name; `null` when it waits for none.
pub const WAITING_ON: &str = "inspector_waiting_on";

/// The longest name of a signal that is shown, in characters: what an answer may name.
const MAX_SIGNAL_CHARS: usize = 128;

/// The longest question that is shown, in characters.
const MAX_PROMPT_CHARS: usize = 4000;

/// A wait as a workflow tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) signal: String,
    pub(super) prompt: Option<String>,
    pub(super) since: Option<Timestamp>,
}

impl Wait {
    /// For a session, with when it was first seen for a workflow that does not say since when it waits.
    pub(super) fn shown(self, first_seen: Timestamp) -> WaitingOn {
        WaitingOn { prompt: self.prompt, ..WaitingOn::new(self.signal, self.since.unwrap_or(first_seen)) }
    }
}

/// The wait that a memo or an answer tells; `None` for "it waits for nothing" and for what is none of the agreed forms.
pub(super) fn wait(said: &Value) -> Option<Wait> {
    let text = |name: &str| said.get(name).and_then(Value::as_str);
    let signal = said.as_str().or_else(|| text("signal_name"))?;
    if signal.is_empty() || signal.chars().count() > MAX_SIGNAL_CHARS {
        return None;
    }
    let prompt = text("prompt").filter(|prompt| !prompt.is_empty());
    Some(Wait {
        signal: signal.to_owned(),
        prompt: prompt.map(|prompt| prompt.chars().take(MAX_PROMPT_CHARS).collect()),
        since: text("since").and_then(|since| Timestamp::parse(since).ok()),
    })
}

/// What the memo says, when it has that name: outside `None` for a workflow that does not use it.
#[expect(clippy::option_option, reason = "waiting for nothing is not the same as saying nothing")]
pub(super) fn of_memo(memo: Option<&Memo>) -> Option<Option<Wait>> {
    let payload = memo?.fields.get(WAITING_ON)?;
    Some(json(payload).as_ref().and_then(wait))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::registry::temporal::payload::plain;

    #[test]
    fn a_name_alone_is_enough_and_nothing_is_read_into_other_forms() {
        let approval = Wait { signal: "approval".into(), prompt: None, since: None };
        assert_eq!(wait(&json!("approval")), Some(approval.clone()));
        let whole = json!({"signal_name": "approval", "prompt": "Ship?", "since": "2026-01-02T03:04:05Z"});
        let whole = wait(&whole).unwrap();
        assert_eq!((whole.signal.as_str(), whole.prompt.as_deref()), ("approval", Some("Ship?")));
        assert_eq!(whole.since, Timestamp::parse("2026-01-02T03:04:05Z").ok());
        for nothing in
            [json!(null), json!(""), json!({}), json!([1]), json!({"signal_name": 7}), json!("x".repeat(129))]
        {
            assert_eq!(wait(&nothing), None, "{nothing}");
        }
        let memo = |value| Memo { fields: [(WAITING_ON.to_owned(), plain(&value))].into_iter().collect() };
        assert_eq!(of_memo(Some(&memo(json!("approval")))), Some(Some(approval)));
        assert_eq!(of_memo(Some(&memo(json!(null)))), Some(None));
        assert_eq!(of_memo(Some(&Memo::default())), None);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_bounded(name in ".{0,200}", prompt in ".{0,200}", since in ".{0,40}") {
            let prompt = prompt.repeat(40);
            if let Some(wait) = wait(&json!({"signal_name": name, "prompt": prompt, "since": since})) {
                prop_assert!((1..=MAX_SIGNAL_CHARS).contains(&wait.signal.chars().count()));
                prop_assert!(wait.prompt.is_none_or(|prompt| prompt.chars().count() <= MAX_PROMPT_CHARS));
            }
        }
    }
}
