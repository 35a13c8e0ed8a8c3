//! Signals to workflows, and their cancellation.

use temporalio_client::tonic::Code;
use temporalio_common::protos::temporal::api::common::v1::Payloads;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes as Told;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    RequestCancelWorkflowExecutionRequest, SignalWorkflowExecutionRequest,
};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::Temporal;
use super::history::kind_of;
use super::link::{Answered, Failed, IDENTITY};
use super::look::Looked;
use super::payload::plain;
use super::run::Run;
use super::service::{Metadata, execution};
use super::wait::{WAITING_ON, Wait, of_memo};
use crate::model::SessionId;
use crate::registry::{ControlError, ControlFuture, SessionControl, Signal};

/// How many of the last events are looked through for an answer that was given already.
const RECENT_EVENTS: i32 = 100;

/// A workflow that says what it waits for takes that signal, once for each wait; from one that says nothing of it every signal is
/// taken that it has a handler for, as Temporal does.
impl SessionControl for Temporal {
    fn signal<'a>(&'a self, id: &'a SessionId, signal: &'a Signal) -> ControlFuture<'a> {
        Box::pin(async move {
            let until = self.until();
            // One at a time: whoever comes second finds the first one's signal in the history.
            let turn = timeout_at(until, self.answering.lock()).await;
            let _turn =
                turn.map_err(|_| ControlError::Unavailable("others are answering workflows".to_owned()))?;
            let run = self.goes_on(id, until).await?.run;
            // The history first, and then what the workflow says: were it the other way round, a step of the workflow in between
            // would make an old word look like one that it said after the signal.
            let recent = self.service.last_events(&run, RECENT_EVENTS, until).await.map_err(unavailable)?;
            let looked = self.goes_on(id, until).await?;
            self.may_signal(&looked, &recent, &signal.name, until).await?;
            let input =
                (!signal.payload.is_null()).then(|| Payloads { payloads: vec![plain(&signal.payload)] });
            let request = SignalWorkflowExecutionRequest {
                namespace: self.service.namespace.clone(),
                workflow_execution: Some(execution(&looked.run)),
                signal_name: signal.name.clone(),
                input,
                identity: IDENTITY.to_owned(),
                request_id: Uuid::now_v7().to_string(),
                ..Default::default()
            };
            let sent = self.service.link.call(until, Answered::ByService, request, |service, request| {
                service.signal_workflow_execution(request)
            });
            let sent = sent.await.map(drop).map_err(refused);
            self.known.outdate(&looked.run);
            sent
        })
    }

    fn cancel<'a>(&'a self, id: &'a SessionId) -> ControlFuture<'a> {
        Box::pin(async move {
            let until = self.until();
            let looked = self.goes_on(id, until).await?;
            let request = RequestCancelWorkflowExecutionRequest {
                namespace: self.service.namespace.clone(),
                workflow_execution: Some(execution(&looked.run)),
                identity: IDENTITY.to_owned(),
                request_id: Uuid::now_v7().to_string(),
                ..Default::default()
            };
            let sent = self.service.link.call(until, Answered::ByService, request, |service, request| {
                service.request_cancel_workflow_execution(request)
            });
            sent.await.map(drop).map_err(refused)
        })
    }
}

impl Temporal {
    async fn goes_on(&self, id: &SessionId, until: Instant) -> Result<Looked, ControlError> {
        let found = self.find(id, until).await.map_err(unavailable)?;
        let looked = found.and_then(|found| found.workflow_execution_info).and_then(Looked::new);
        let looked = looked.ok_or(ControlError::NotFound)?;
        if looked.session.status.is_ended() { Err(ControlError::AlreadyEnded) } else { Ok(looked) }
    }

    async fn may_signal(
        &self,
        looked: &Looked,
        recent: &[HistoryEvent],
        name: &str,
        until: Instant,
    ) -> Result<(), ControlError> {
        let run = &looked.run;
        let said = match of_memo(looked.info.memo.as_ref()) {
            None if self.ask_workflows => self.asked(looked, until).await?,
            said => said,
        };
        let wait = said.or_else(|| told_before(recent).then_some(None));
        match wait {
            Some(Some(wait)) if wait.signal == name && !unseen(recent, name) => Ok(()),
            Some(_) => Err(ControlError::NothingWaits),
            None => match self.handlers(run, until).await {
                Some(takes) if !takes.takes(name) => Err(ControlError::NothingWaits),
                _ => Ok(()),
            },
        }
    }

    /// What the workflow answers now that it waits for. When it does not answer, what it said before is too old to act on.
    async fn asked(&self, looked: &Looked, until: Instant) -> Result<Option<Option<Wait>>, ControlError> {
        let kind = kind_of(looked.info.r#type.as_ref());
        match self.known.ask(&self.service, &looked.run, kind, self.extra().min(until)).await {
            Ok(said) => Ok(said),
            Err(_) if self.known.wait_of(looked).is_none() => Ok(None),
            Err(failed) => Err(unavailable(failed)),
        }
    }

    async fn handlers(&self, run: &Run, until: Instant) -> Option<Metadata> {
        if !self.ask_workflows {
            return None;
        }
        self.service.metadata(run, self.extra().min(until)).await
    }
}

/// Whether the workflow told before what it waits for, by a memo that is gone now. The newest event comes first.
fn told_before(recent: &[HistoryEvent]) -> bool {
    recent.iter().any(|event| match &event.attributes {
        Some(Told::WorkflowPropertiesModifiedEventAttributes(told)) => {
            told.upserted_memo.as_ref().is_some_and(|memo| memo.fields.contains_key(WAITING_ON))
        }
        _ => false,
    })
}

/// Whether this signal has come and the workflow has not seen it yet: whatever it said that it waits for, it said before. The
/// newest event comes first.
fn unseen(recent: &[HistoryEvent], name: &str) -> bool {
    let after_its_last_step = recent
        .iter()
        .take_while(|event| !matches!(event.attributes, Some(Told::WorkflowTaskCompletedEventAttributes(_))));
    after_its_last_step.into_iter().any(|event| match &event.attributes {
        Some(Told::WorkflowExecutionSignaledEventAttributes(told)) => told.signal_name == name,
        _ => false,
    })
}

fn unavailable(failed: Failed) -> ControlError {
    ControlError::Unavailable(failed.words)
}

/// The service said no to a run that went on a moment ago.
fn refused(failed: Failed) -> ControlError {
    match failed.code {
        Code::NotFound | Code::FailedPrecondition => ControlError::AlreadyEnded,
        Code::AlreadyExists => ControlError::NothingWaits,
        _ => unavailable(failed),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use temporalio_common::protos::temporal::api::common::v1::Memo;
    use temporalio_common::protos::temporal::api::history::v1::{
        WorkflowExecutionSignaledEventAttributes, WorkflowPropertiesModifiedEventAttributes,
        WorkflowTaskCompletedEventAttributes,
    };

    use super::*;

    fn event(told: Told) -> HistoryEvent {
        HistoryEvent { attributes: Some(told), ..Default::default() }
    }

    fn signaled(name: &str) -> HistoryEvent {
        event(Told::WorkflowExecutionSignaledEventAttributes(WorkflowExecutionSignaledEventAttributes {
            signal_name: name.to_owned(),
            ..Default::default()
        }))
    }

    #[test]
    fn a_wait_is_answered_when_its_signal_came_after_the_workflow_spoke_last() {
        let step = event(Told::WorkflowTaskCompletedEventAttributes(
            WorkflowTaskCompletedEventAttributes::default(),
        ));
        assert!(unseen(&[signaled("a"), step.clone()], "a"));
        assert!(!unseen(&[signaled("b"), step.clone()], "a"));
        assert!(!unseen(&[step, signaled("a")], "a"));
    }

    #[test]
    fn a_memo_that_is_gone_was_there() {
        let fields = [(WAITING_ON.to_owned(), plain(&json!("a")))].into_iter().collect();
        let told = WorkflowPropertiesModifiedEventAttributes {
            upserted_memo: Some(Memo { fields }),
            ..Default::default()
        };
        assert!(told_before(&[event(Told::WorkflowPropertiesModifiedEventAttributes(told))]));
        assert!(!told_before(&[signaled("a")]));
    }
}
