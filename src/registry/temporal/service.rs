//! What the service and its workers are asked, each within its time.

use temporalio_client::tonic::Code;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::enums::v1::QueryRejectCondition;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::query::v1::WorkflowQuery;
use temporalio_common::protos::temporal::api::workflow::v1::WorkflowExecutionInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse, GetWorkflowExecutionHistoryRequest,
    GetWorkflowExecutionHistoryReverseRequest, ListWorkflowExecutionsRequest, QueryWorkflowRequest,
};
use tokio::time::Instant;

use super::link::{Answered, Failed, Link};
use super::payload::json;
use super::run::Run;

/// The query that SDKs answer for every workflow, with what it is and which signals it takes.
const METADATA: &str = "__temporal_workflow_metadata";

/// How many handlers of signals are told of one workflow at most.
const MAX_SIGNALS: usize = 100;

/// How many events are asked for at once.
const PAGE_EVENTS: i32 = 1000;

/// The calls, in one namespace.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) link: Link,
    pub(super) namespace: String,
}

/// What a workflow tells of itself when it is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    /// What it is at, in its own words.
    pub(super) details: String,
    /// The signals that it takes, with what they are for. One without a name takes all.
    pub(super) signals: Vec<(String, String)>,
}

impl Metadata {
    /// Whether it has a handler for this signal, which it may get only later.
    pub(super) fn takes(&self, signal: &str) -> bool {
        self.signals.iter().any(|(name, _)| name.is_empty() || name == signal)
    }

    fn of(said: &serde_json::Value) -> Self {
        let text = |value: Option<&serde_json::Value>| {
            value.and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
        };
        let signals = said.pointer("/definition/signalDefinitions").and_then(serde_json::Value::as_array);
        let signals = signals.into_iter().flatten().take(MAX_SIGNALS);
        Self {
            details: text(said.get("currentDetails")),
            signals: signals
                .map(|signal| (text(signal.get("name")), text(signal.get("description"))))
                .collect(),
        }
    }
}

impl Service {
    /// The first page of what a question of the visibility store finds.
    pub(super) async fn list(
        &self,
        question: String,
        most: usize,
        until: Instant,
    ) -> Result<Vec<WorkflowExecutionInfo>, Failed> {
        let request = ListWorkflowExecutionsRequest {
            namespace: self.namespace.clone(),
            page_size: i32::try_from(most).unwrap_or(i32::MAX),
            query: question,
            ..Default::default()
        };
        let answer = self.link.call(until, Answered::ByService, request, |service, request| {
            service.list_workflow_executions(request)
        });
        Ok(answer.await?.executions)
    }

    /// One run as the service knows it now.
    pub(super) async fn describe(
        &self,
        run: &Run,
        until: Instant,
    ) -> Result<Option<DescribeWorkflowExecutionResponse>, Failed> {
        let request = DescribeWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            execution: Some(execution(run)),
        };
        let answer = self.link.call(until, Answered::ByService, request, |service, request| {
            service.describe_workflow_execution(request)
        });
        match answer.await {
            Ok(found) => Ok(Some(found)),
            Err(Failed { code: Code::NotFound | Code::InvalidArgument, .. }) => Ok(None),
            Err(failed) => Err(failed),
        }
    }

    /// A page of the history, from its beginning, and where the next one begins.
    pub(super) async fn history(
        &self,
        run: &Run,
        token: Vec<u8>,
        until: Instant,
    ) -> Result<(Vec<HistoryEvent>, Vec<u8>), Failed> {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: self.namespace.clone(),
            execution: Some(execution(run)),
            maximum_page_size: PAGE_EVENTS,
            next_page_token: token,
            ..Default::default()
        };
        let answer = self.link.call(until, Answered::ByService, request, |service, request| {
            service.get_workflow_execution_history(request)
        });
        let answer = answer.await?;
        Ok((answer.history.unwrap_or_default().events, answer.next_page_token))
    }

    /// The last events, the newest first.
    pub(super) async fn last_events(
        &self,
        run: &Run,
        most: i32,
        until: Instant,
    ) -> Result<Vec<HistoryEvent>, Failed> {
        let request = GetWorkflowExecutionHistoryReverseRequest {
            namespace: self.namespace.clone(),
            execution: Some(execution(run)),
            maximum_page_size: most,
            ..Default::default()
        };
        let answer = self.link.call(until, Answered::ByService, request, |service, request| {
            service.get_workflow_execution_history_reverse(request)
        });
        Ok(answer.await?.history.unwrap_or_default().events)
    }

    /// Asks a workflow that goes on. A worker has to run it for that; `InvalidArgument` means that it has no such query.
    pub(super) async fn query(
        &self,
        run: &Run,
        name: &str,
        until: Instant,
    ) -> Result<serde_json::Value, Failed> {
        let request = QueryWorkflowRequest {
            namespace: self.namespace.clone(),
            execution: Some(execution(run)),
            query: Some(WorkflowQuery { query_type: name.to_owned(), ..Default::default() }),
            query_reject_condition: QueryRejectCondition::NotOpen.into(),
        };
        let answer = self
            .link
            .call(until, Answered::ByWorker, request, |service, request| service.query_workflow(request))
            .await?;
        let payload = answer.query_result.and_then(|result| result.payloads.into_iter().next());
        Ok(payload.as_ref().and_then(json).unwrap_or_default())
    }

    /// What a workflow tells of itself, when a worker runs it whose SDK knows of that.
    pub(super) async fn metadata(&self, run: &Run, until: Instant) -> Option<Metadata> {
        self.query(run, METADATA, until)
            .await
            .ok()
            .filter(serde_json::Value::is_object)
            .as_ref()
            .map(Metadata::of)
    }
}

/// The run in the protocol's form.
pub(super) fn execution(run: &Run) -> WorkflowExecution {
    WorkflowExecution { workflow_id: run.workflow_id.clone(), run_id: run.run_id.clone() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_workflow_tells_which_signals_it_takes() {
        let metadata = Metadata::of(&json!({
            "definition": {"type": "Approval", "signalDefinitions": [{"name": "approval", "description": "yes or no"}]},
            "currentDetails": "asking",
        }));
        assert_eq!(metadata.details, "asking");
        assert_eq!(metadata.signals, [("approval".to_owned(), "yes or no".to_owned())]);
        assert!(metadata.takes("approval") && !metadata.takes("other"));
        assert!(Metadata::of(&json!({"definition": {"signalDefinitions": [{}]}})).takes("anything"));
        assert_eq!(Metadata::of(&json!({"definition": 7})), Metadata::default());
    }
}
