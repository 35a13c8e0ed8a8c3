//! How a workflow's run is shown as a session.

use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use temporalio_common::protos::temporal::api::workflow::v1::WorkflowExecutionInfo;

use super::run::Run;
use crate::model::{Session, SessionStatus, Timestamp};

/// A point in time of the protocol, if there is one. Its type has another name for each set of features that is built.
macro_rules! moment {
    ($at:expr) => {
        $at.as_ref().and_then(|at| $crate::registry::temporal::status::point(at.seconds, at.nanos))
    };
}
pub(super) use moment;

/// The [`engine`](Session::engine) of sessions that are workflows.
pub(super) const ENGINE: &str = "temporal";

/// What Temporal's status is called here. A number that is newer than this program is a run that goes on, unless it has an
/// end.
pub(super) fn status(number: i32, ended: bool) -> SessionStatus {
    match WorkflowExecutionStatus::try_from(number) {
        Ok(WorkflowExecutionStatus::Running) => SessionStatus::Running,
        Ok(WorkflowExecutionStatus::Paused) => SessionStatus::Paused,
        Ok(WorkflowExecutionStatus::Completed | WorkflowExecutionStatus::ContinuedAsNew) => {
            SessionStatus::Completed
        }
        Ok(WorkflowExecutionStatus::Failed | WorkflowExecutionStatus::TimedOut) => SessionStatus::Failed,
        Ok(WorkflowExecutionStatus::Canceled | WorkflowExecutionStatus::Terminated) => {
            SessionStatus::Cancelled
        }
        Ok(WorkflowExecutionStatus::Unspecified) | Err(_) if ended => SessionStatus::Completed,
        Ok(WorkflowExecutionStatus::Unspecified) | Err(_) => SessionStatus::Running,
    }
}

/// The words for what the session's status does not tell.
fn nuance(number: i32) -> Option<&'static str> {
    match WorkflowExecutionStatus::try_from(number).ok()? {
        WorkflowExecutionStatus::ContinuedAsNew => Some("continued-as-new"),
        WorkflowExecutionStatus::Terminated => Some("terminated"),
        WorkflowExecutionStatus::TimedOut => Some("timed-out"),
        WorkflowExecutionStatus::Paused => Some("paused-by-operator"),
        _ => None,
    }
}

/// Temporal's name of a status whose runs ended so, for its query language. Those that go on have a name that older servers
/// do not know, so they are asked for by having no end.
pub(super) fn ended_names(status: SessionStatus) -> &'static [&'static str] {
    match status {
        SessionStatus::Completed => &["Completed", "ContinuedAsNew"],
        SessionStatus::Failed => &["Failed", "TimedOut"],
        SessionStatus::Cancelled => &["Canceled", "Terminated"],
        SessionStatus::Running | SessionStatus::Paused | SessionStatus::Abandoned => &[],
    }
}

/// The run that is described, if it has its ids.
pub(super) fn run(info: &WorkflowExecutionInfo) -> Option<Run> {
    let execution = info.execution.as_ref()?;
    let known = !execution.workflow_id.is_empty() && !execution.run_id.is_empty();
    known.then(|| Run { workflow_id: execution.workflow_id.clone(), run_id: execution.run_id.clone() })
}

/// The run as a session. Why it failed and what it waits for is not in this description.
pub(super) fn session(info: &WorkflowExecutionInfo) -> Option<Session> {
    let run = run(info)?;
    let kind = info.r#type.as_ref().map(|kind| kind.name.as_str()).filter(|name| !name.is_empty());
    let (id, plain) = run.session_id();
    let title = format!("{} {}", kind.unwrap_or("Workflow"), run.workflow_id);
    // Lists know microseconds and descriptions nanoseconds; a session has one place in the order.
    let started = micros(moment!(info.start_time).unwrap_or_default());
    let mut session = Session::new(id, ENGINE, title, started);
    session.ended_at = moment!(info.close_time).map(micros);
    session.updated_at = session.ended_at.unwrap_or(started);
    session.status = status(info.status, session.ended_at.is_some());
    session.agent = kind.map(str::to_owned);
    session.external_id = (!plain).then_some(run.workflow_id);
    session.parent_session_id =
        info.parent_execution.as_ref().filter(|parent| !parent.run_id.is_empty()).map(|parent| {
            let parent = Run { workflow_id: parent.workflow_id.clone(), run_id: parent.run_id.clone() };
            parent.session_id().0
        });
    let queue = Some(&info.task_queue).filter(|queue| !queue.is_empty());
    session.tags.extend(queue.map(|queue| format!("queue:{queue}")));
    session.tags.extend(nuance(info.status).map(str::to_owned));
    if info.status == WorkflowExecutionStatus::TimedOut as i32 {
        session.error = Some("the workflow timed out".to_owned());
    }
    Some(session)
}

pub(super) fn point(seconds: i64, nanos: i32) -> Option<Timestamp> {
    let at = seconds.saturating_mul(1_000_000_000).saturating_add(i64::from(nanos));
    // Temporal writes the year 1 where there is none.
    (seconds > 0).then(|| Timestamp::from_nanos(at))
}

fn micros(at: Timestamp) -> Timestamp {
    Timestamp::from_nanos(at.as_nanos() - at.as_nanos().rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;
    use temporalio_common::protos::temporal::api::common::v1::{WorkflowExecution, WorkflowType};

    use super::*;

    fn info(status: i32) -> WorkflowExecutionInfo {
        let execution = |workflow_id: &str, run_id: &str| WorkflowExecution {
            workflow_id: workflow_id.into(),
            run_id: run_id.into(),
        };
        WorkflowExecutionInfo {
            execution: Some(execution("order/7", "01a225ed-e261-7267-95ac-84ba8dd27f0f")),
            r#type: Some(WorkflowType { name: "Order".into() }),
            start_time: Some((UNIX_EPOCH + Duration::from_nanos(1_001_234_567)).into()),
            close_time: (status > 1 && status < 8).then(|| (UNIX_EPOCH + Duration::from_secs(3)).into()),
            status,
            parent_execution: Some(execution("shop", "01a225ed-e261-7267-95ac-84ba8dd27f00")),
            task_queue: "orders".into(),
            ..Default::default()
        }
    }

    #[test]
    fn each_status_of_temporal_is_one_of_ours_and_a_new_one_does_not_fail() {
        let statuses = (0..10).map(|number| session(&info(number)).unwrap().status.as_str());
        assert_eq!(
            statuses.collect::<Vec<_>>(),
            [
                "running",
                "running",
                "completed",
                "failed",
                "cancelled",
                "cancelled",
                "completed",
                "failed",
                "paused",
                "running"
            ]
        );
        assert_eq!(status(99, true), SessionStatus::Completed);
    }

    #[test]
    fn a_run_is_described_by_its_type_its_id_and_its_parent() {
        let session = session(&info(7)).unwrap();
        assert_eq!((session.engine.as_str(), session.title.as_str()), ("temporal", "Order order/7"));
        assert_eq!(session.id.as_str(), "order~2f7.01a225ed-e261-7267-95ac-84ba8dd27f0f");
        assert_eq!(session.external_id.as_deref(), Some("order/7"));
        assert_eq!(session.started_at, Timestamp::from_nanos(1_001_234_000));
        assert_eq!(session.parent_session_id.unwrap().as_str(), "shop.01a225ed-e261-7267-95ac-84ba8dd27f00");
        assert_eq!(session.tags, ["queue:orders", "timed-out"]);
        assert!(session.error.is_some());
    }

    proptest! {
        #[test]
        fn any_description_is_taken(
            number in any::<i32>(), seconds in any::<i64>(), nanos in any::<i32>(), workflow_id in ".*",
        ) {
            let mut info = info(number);
            info.close_time = info.start_time;
            for at in [&mut info.start_time, &mut info.close_time].into_iter().flatten() {
                (at.seconds, at.nanos) = (seconds, nanos);
            }
            info.execution = Some(WorkflowExecution { workflow_id: workflow_id.clone(), run_id: "no uuid".into() });
            prop_assert_eq!(session(&info).is_some(), !workflow_id.is_empty());
        }
    }
}
