//! The questions to Temporal's visibility store, in its query language.

use super::status::{ENGINE, ended_names};
use crate::model::{SessionQuery, SessionStatus, Timestamp};

/// How far beyond the wanted moments is asked: some visibility stores know milliseconds only. What is too much is left out
/// afterwards.
const SLACK: std::time::Duration = std::time::Duration::from_millis(1);

/// What is asked for one list. Runs that go on come first in Temporal's order, which no store lets one change; were both asked
/// for in one question, many that go on would hide all that ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Questions {
    pub(super) open: Option<String>,
    pub(super) ended: Option<String>,
}

/// The questions of which the answers hold all that `query` wants, and more.
pub(super) fn questions(query: &SessionQuery, task_queue: Option<&str>) -> Questions {
    let other_engine =
        !query.engines.is_empty() && !query.engines.iter().any(|engine| engine.as_str() == ENGINE);
    // Workflows are pinned nowhere.
    if other_engine || query.pinned == Some(true) {
        return Questions::default();
    }
    let mut common = Vec::new();
    common.extend(task_queue.map(|queue| format!("TaskQueue = {}", text(queue))));
    common.extend(query.agent.as_ref().map(|agent| format!("WorkflowType = {}", text(agent))));
    common.extend(query.since.map(|since| format!("StartTime >= {}", time(since.minus(SLACK)))));
    common.extend(query.until.map(|until| format!("StartTime < {}", time(until.plus(SLACK)))));
    let after = query.after.as_ref().map(|after| after.started_at.plus(SLACK));
    common.extend(after.map(|after| format!("StartTime <= {}", time(after))));
    let with = |condition: String| {
        let all: Vec<_> = std::iter::once(&condition).chain(&common).map(String::as_str).collect();
        all.join(" AND ")
    };
    let statuses = &query.statuses;
    let goes_on = |status: &SessionStatus| matches!(status, SessionStatus::Running | SessionStatus::Paused);
    let open = statuses.is_empty() || statuses.iter().any(goes_on);
    let names: Vec<_> = statuses.iter().flat_map(|status| ended_names(*status)).copied().map(text).collect();
    let ended = match names.as_slice() {
        [] if statuses.is_empty() => Some("CloseTime IS NOT NULL".to_owned()),
        [] => None,
        names => Some(format!("ExecutionStatus IN ({})", names.join(", "))),
    };
    Questions { open: open.then(|| with("CloseTime IS NULL".to_owned())), ended: ended.map(with) }
}

/// The question for one run of which only its own id is known.
pub(super) fn one_run(run_id: &str) -> String {
    format!("RunId = {}", text(run_id))
}

/// A text of the query language.
fn text(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('\'');
    for char in value.chars() {
        if matches!(char, '\'' | '\\') {
            quoted.push('\\');
        }
        quoted.push(char);
    }
    quoted.push('\'');
    quoted
}

fn time(at: Timestamp) -> String {
    text(&at.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Cursor, SessionId};

    fn asked(query: &SessionQuery) -> (Option<String>, Option<String>) {
        let Questions { open, ended } = questions(query, None);
        (open, ended)
    }

    #[test]
    fn only_what_may_be_wanted_is_asked_for() {
        let open = Some("CloseTime IS NULL".to_owned());
        assert_eq!(asked(&SessionQuery::default()), (open.clone(), Some("CloseTime IS NOT NULL".into())));
        let of = |statuses: &[SessionStatus]| {
            asked(&SessionQuery { statuses: statuses.to_vec(), ..Default::default() })
        };
        assert_eq!(of(&[SessionStatus::Paused]), (open, None));
        assert_eq!(
            of(&[SessionStatus::Failed]),
            (None, Some("ExecutionStatus IN ('Failed', 'TimedOut')".into()))
        );
        assert_eq!(of(&[SessionStatus::Abandoned]), (None, None));
        let others = SessionQuery { engines: vec!["tokio".into()], ..Default::default() };
        assert_eq!(asked(&others), (None, None));
        assert_eq!(asked(&SessionQuery { pinned: Some(true), ..Default::default() }), (None, None));
    }

    #[test]
    fn a_page_asks_for_what_began_no_later_than_the_page_before_ended() {
        let after = Cursor { started_at: Timestamp::EPOCH, id: SessionId::parse("x").unwrap() };
        let query = SessionQuery { after: Some(after), agent: Some("O'Hara\\".into()), ..Default::default() };
        assert_eq!(
            questions(&query, Some("q")).open.unwrap(),
            "CloseTime IS NULL AND TaskQueue = 'q' AND WorkflowType = 'O\\'Hara\\\\' AND StartTime <= '1970-01-01T00:00:00.001000000Z'"
        );
    }

    proptest! {
        #[test]
        fn no_text_ends_its_quotes(value in ".*") {
            let quoted = text(&value);
            let mut inside = quoted[1..quoted.len() - 1].chars();
            while let Some(char) = inside.next() {
                prop_assert!(char != '\'');
                if char == '\\' {
                    prop_assert!(inside.next().is_some());
                }
            }
        }
    }
}
