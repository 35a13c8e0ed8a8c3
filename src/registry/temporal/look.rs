//! What the list and one session show beyond what the service describes: what a run waits for, and why it failed.
//!
//! Both cost a question for each run, so a list asks a few, the newest first, within a part of its time, and what was learnt is
//! remembered: the next list knows more. A workflow whose type has no such query is not asked again for a while.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use temporalio_client::tonic::Code;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes as Told;
use temporalio_common::protos::temporal::api::workflow::v1::WorkflowExecutionInfo;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::kept::Kept;
use super::link::Failed;
use super::payload;
use super::run::Run;
use super::service::Service;
use super::wait::{WAITING_ON, Wait, of_memo, wait};
use crate::model::{Session, SessionStatus, Timestamp};

/// How many workflows a list asks what they wait for, and of how many it asks why they failed.
pub const TEMPORAL_ASKED_PER_LIST: usize = 8;

/// How long what a workflow answered is used again without asking.
const ANSWER_FRESH: Duration = Duration::from_secs(2);

/// How long workflows of a type of which one did not answer are left alone: their worker is busy, or gone.
const SILENT_FOR: Duration = Duration::from_secs(15);

/// How long workflows of a type that has no such query are left alone; a new version of it may have one.
const TYPE_SILENT_FOR: Duration = Duration::from_secs(60);

/// How much later than its end a question may say that it has ended.
const GRACE: Duration = Duration::from_millis(20);

/// Of how many runs, and types, what was learnt is remembered.
const REMEMBERED: usize = 1024;

/// What is known of runs besides their description.
#[derive(Debug)]
pub(super) struct Known {
    /// What a run answered that it waits for.
    answers: Kept<Option<Wait>>,
    /// Types of which a run did not answer.
    silent: Kept<()>,
    /// Types that have no such query (`false`), or have one.
    types: Kept<bool>,
    /// When a wait was first seen.
    seen: Kept<Timestamp>,
    /// Why a run ended so, which never changes.
    reasons: Kept<Option<String>>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            answers: Kept::new(REMEMBERED),
            silent: Kept::new(REMEMBERED),
            types: Kept::new(REMEMBERED),
            seen: Kept::new(REMEMBERED),
            reasons: Kept::new(REMEMBERED),
        }
    }
}

/// A run with its description.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) run: Run,
    pub(super) info: WorkflowExecutionInfo,
    pub(super) session: Session,
}

impl Looked {
    /// `None` for a description without ids.
    pub(super) fn new(info: WorkflowExecutionInfo) -> Option<Self> {
        Some(Self { run: super::status::run(&info)?, session: super::status::session(&info)?, info })
    }

    fn kind(&self) -> &str {
        super::history::kind_of(self.info.r#type.as_ref())
    }

    /// Whether only the end of its history tells why it ended so.
    fn has_reason(&self) -> bool {
        matches!(
            WorkflowExecutionStatus::try_from(self.info.status),
            Ok(WorkflowExecutionStatus::Failed | WorkflowExecutionStatus::Terminated)
        )
    }
}

/// Which of the runs are asked now what they wait for: of a type that nobody knows yet, one.
fn to_ask<'r>(runs: &'r [Looked], known: &Known) -> Vec<&'r Run> {
    let mut unknown: Vec<&str> = Vec::new();
    let asked = runs.iter().filter(|looked| {
        let goes_on = looked.session.status == SessionStatus::Running;
        if !goes_on || of_memo(looked.info.memo.as_ref()).is_some() {
            return false;
        }
        let recently = known.answers.fresh(&looked.run.run_id, ANSWER_FRESH).is_some()
            || known.silent.fresh(looked.kind(), SILENT_FOR).is_some();
        match known.types.fresh(looked.kind(), TYPE_SILENT_FOR) {
            _ if recently => false,
            Some(has) => has,
            None if unknown.contains(&looked.kind()) => false,
            None => {
                unknown.push(looked.kind());
                true
            }
        }
    });
    // Those that were never asked come first, then those whose answer is the oldest: each has its turn.
    let mut asked: Vec<_> = asked.map(|looked| &looked.run).collect();
    asked.sort_by_cached_key(|run| {
        Reverse(known.answers.get(&run.run_id).map_or(Duration::MAX, |(age, _)| age))
    });
    asked.truncate(TEMPORAL_ASKED_PER_LIST);
    asked
}

impl Known {
    /// Completes the sessions of these runs with what is known or can be learnt by `until`; never fails, and never takes longer.
    pub(super) async fn complete(
        self: &Arc<Self>,
        service: &Arc<Service>,
        runs: &mut [Looked],
        ask_workflows: bool,
        until: Instant,
    ) {
        let mut asking = JoinSet::new();
        if ask_workflows {
            for run in to_ask(runs, self) {
                let kind =
                    runs.iter().find(|looked| looked.run == *run).map(|looked| looked.kind().to_owned());
                let (known, service, run) = (Arc::clone(self), Arc::clone(service), run.clone());
                asking.spawn(async move {
                    // What was learnt is remembered, also that nothing was.
                    let _ = known.ask(&service, &run, &kind.unwrap_or_default(), until).await;
                });
            }
        }
        let unknown = runs
            .iter()
            .filter(|looked| looked.has_reason() && self.reasons.get(&looked.run.run_id).is_none());
        for looked in unknown.take(TEMPORAL_ASKED_PER_LIST) {
            let (known, service, run) = (Arc::clone(self), Arc::clone(service), looked.run.clone());
            asking.spawn(async move { known.ask_reason(&service, &run, until).await });
        }
        // Each ends by then and has remembered that; if not, it is aborted with the set.
        let all = async { while asking.join_next().await.is_some() {} };
        let _ = timeout_at(until + GRACE, all).await;
        for looked in runs {
            self.tell(looked);
        }
    }

    /// What the workflow waits for, by its own word: outside `None` when it says nothing of it. A workflow that cannot be asked
    /// now waits for what it waited for: without a worker it does not go on.
    #[expect(clippy::option_option, reason = "waiting for nothing is not the same as saying nothing")]
    pub(super) fn wait_of(&self, looked: &Looked) -> Option<Option<Wait>> {
        of_memo(looked.info.memo.as_ref())
            .or_else(|| self.answers.get(&looked.run.run_id).map(|(_, answer)| answer))
    }

    /// Since when this is waited for, as far as is known.
    pub(super) fn since(&self, run: &Run, wait: &Wait) -> Timestamp {
        let name = format!("{}\n{}\n{}", run.run_id, wait.signal, wait.prompt.as_deref().unwrap_or_default());
        wait.since.unwrap_or_else(|| match self.seen.get(&name) {
            Some((_, seen)) => seen,
            None => {
                let now = Timestamp::from(SystemTime::now());
                self.seen.put(&name, now);
                now
            }
        })
    }

    /// Asks a workflow what it waits for, and remembers the answer: outside `None` when it has no such query.
    pub(super) async fn ask(
        &self,
        service: &Service,
        run: &Run,
        kind: &str,
        until: Instant,
    ) -> Result<Option<Option<Wait>>, Failed> {
        match service.query(run, WAITING_ON, until).await {
            Ok(said) => {
                let wait = wait(&said);
                self.types.put(kind, true);
                self.answers.put(&run.run_id, wait.clone());
                Ok(Some(wait))
            }
            // Every SDK names the query that it has no handler for. A workflow that cannot go on has other words.
            Err(failed) if failed.code == Code::InvalidArgument && failed.words.contains(WAITING_ON) => {
                self.types.put(kind, false);
                self.answers.forget(&run.run_id);
                Ok(None)
            }
            Err(failed) => {
                self.silent.put(kind, ());
                Err(failed)
            }
        }
    }

    /// What was answered before an action is not used again.
    pub(super) fn outdate(&self, run: &Run) {
        self.answers.forget(&run.run_id);
    }

    async fn ask_reason(&self, service: &Service, run: &Run, until: Instant) {
        if let Ok(events) = service.last_events(run, 1, until).await {
            let reason = match events.into_iter().next().and_then(|event| event.attributes) {
                Some(Told::WorkflowExecutionFailedEventAttributes(told)) => {
                    told.failure.as_ref().map(|failure| payload::error(failure).one_line())
                }
                Some(Told::WorkflowExecutionTerminatedEventAttributes(told)) => {
                    Some(told.reason).filter(|reason| !reason.is_empty())
                }
                _ => None,
            };
            self.reasons.put(&run.run_id, reason);
        }
    }

    fn tell(&self, looked: &mut Looked) {
        if looked.session.status == SessionStatus::Running
            && let Some(Some(wait)) = self.wait_of(looked)
        {
            let since = self.since(&looked.run, &wait);
            looked.session.status = SessionStatus::Paused;
            looked.session.updated_at = looked.session.updated_at.max(since);
            looked.session.waiting_on = Some(wait.shown(since));
        }
        if looked.has_reason()
            && let Some((_, reason)) = self.reasons.get(&looked.run.run_id)
        {
            looked.session.error = reason;
        }
    }
}

#[cfg(test)]
mod tests {
    use temporalio_common::protos::temporal::api::common::v1::{WorkflowExecution, WorkflowType};

    use super::*;

    fn looked(number: usize, kind: &str) -> Looked {
        let info = WorkflowExecutionInfo {
            execution: Some(WorkflowExecution {
                workflow_id: format!("w{number}"),
                run_id: format!("01a225ed-e261-7267-95ac-{number:012}"),
            }),
            r#type: Some(WorkflowType { name: kind.to_owned() }),
            status: 1,
            ..Default::default()
        };
        Looked::new(info).unwrap()
    }

    #[test]
    fn a_few_workflows_are_asked_and_of_an_unknown_type_one() {
        let known = Known::default();
        let mut runs: Vec<_> = (0..20).map(|number| looked(number, "Chatty")).collect();
        runs.push(looked(20, "Mute"));
        assert_eq!(to_ask(&runs, &known).len(), 2);
        known.types.put("Chatty", true);
        known.types.put("Mute", false);
        known.answers.put(&runs[0].run.run_id, None);
        let asked = to_ask(&runs, &known);
        assert_eq!((asked.len(), asked[0].workflow_id.as_str()), (TEMPORAL_ASKED_PER_LIST, "w1"));
        known.silent.put("Chatty", ());
        assert!(to_ask(&runs, &known).is_empty());
    }

    #[test]
    fn a_workflow_that_says_so_is_paused_and_keeps_its_since() {
        let known = Known::default();
        let mut one = looked(1, "Chatty");
        let wait = Wait { signal: "approval".into(), prompt: Some("Ship?".into()), since: None };
        known.answers.put(&one.run.run_id, Some(wait));
        known.tell(&mut one);
        assert_eq!(one.session.status, SessionStatus::Paused);
        let first = one.session.waiting_on.unwrap();
        let mut again = looked(1, "Chatty");
        known.tell(&mut again);
        assert_eq!(again.session.waiting_on.unwrap(), first);
    }
}
