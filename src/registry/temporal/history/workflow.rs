//! What happens to the workflow itself, and what it says that it waits for.

use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes as Told;
use temporalio_common::protos::temporal::api::history::v1::{
    WorkflowExecutionSignaledEventAttributes, WorkflowPropertiesModifiedEventAttributes,
};

use super::super::payload::json;
use super::super::tree::{OUTPUT, ROOT, WORKFLOW, caller, exception, link, set};
use super::super::wait::{WAITING_ON, Wait, wait};
use super::History;
use super::parts::{began, event_name, filled, next, run_of};
use crate::model::{Attributes, Scope, SpanKind, Timestamp};

impl History {
    /// What happens to the workflow itself.
    pub(super) fn workflow(&mut self, id: i64, at: Timestamp, told: &Told, number: i32) {
        let tree = &mut self.tree;
        match told {
            Told::WorkflowExecutionStartedEventAttributes(told) => began(tree, told),
            Told::WorkflowTaskScheduledEventAttributes(_) | Told::WorkflowTaskStartedEventAttributes(_) => {}
            Told::WorkflowTaskCompletedEventAttributes(told) => {
                if let Some(sdk) = told.sdk_metadata.as_ref().filter(|sdk| !sdk.sdk_name.is_empty()) {
                    let version = Some(sdk.sdk_version.clone()).filter(|version| !version.is_empty());
                    self.scope = Scope { name: sdk.sdk_name.clone(), version };
                }
            }
            Told::WorkflowTaskFailedEventAttributes(told) => {
                let failure = told.failure.clone().unwrap_or_default();
                tree.root().events.push(exception("workflow task failed", at, &failure));
            }
            Told::WorkflowTaskTimedOutEventAttributes(_) => {
                tree.note("workflow task timed out", at, Attributes::new());
            }
            Told::WorkflowPropertiesModifiedEventAttributes(told) => self.properties(id, at, told),
            Told::WorkflowExecutionCancelRequestedEventAttributes(told) => {
                let mut attributes = Attributes::new();
                set(&mut attributes, "temporal.cause", filled(&told.cause));
                set(&mut attributes, "temporal.identity", filled(&told.identity));
                tree.note("cancel requested", at, attributes);
            }
            Told::WorkflowExecutionCompletedEventAttributes(told) => {
                tree.complete(WORKFLOW, at, OUTPUT, told.result.as_ref());
                next(tree, &told.new_execution_run_id, "next run");
                tree.close(at);
            }
            Told::WorkflowExecutionFailedEventAttributes(told) => {
                tree.fail(WORKFLOW, at, told.failure.as_ref(), "the workflow failed");
                next(tree, &told.new_execution_run_id, "retry");
                tree.close(at);
            }
            Told::WorkflowExecutionTimedOutEventAttributes(told) => {
                tree.fail(WORKFLOW, at, None, "the workflow timed out");
                next(tree, &told.new_execution_run_id, "retry");
                tree.close(at);
            }
            Told::WorkflowExecutionCanceledEventAttributes(_) => {
                tree.stop(WORKFLOW, at, "cancelled");
                tree.close(at);
            }
            Told::WorkflowExecutionTerminatedEventAttributes(told) => {
                set(&mut tree.root().attributes, "temporal.reason", filled(&told.reason));
                tree.stop(WORKFLOW, at, "terminated");
                tree.close(at);
            }
            Told::WorkflowExecutionContinuedAsNewEventAttributes(told) => {
                tree.stop(WORKFLOW, at, "continued as new");
                next(tree, &told.new_execution_run_id, "next run");
                tree.close(at);
            }
            Told::MarkerRecordedEventAttributes(told) => {
                let mut attributes = Attributes::new();
                for (name, details) in &told.details {
                    if let Some(value) = tree.reader.values(Some(details)) {
                        attributes.set(name.clone(), value);
                    }
                }
                tree.note(format!("marker {}", told.marker_name), at, attributes);
            }
            _ => tree.note(event_name(number), at, Attributes::new()),
        }
    }

    /// What the workflow tells of itself. A wait goes on until it tells something else.
    pub(super) fn properties(
        &mut self,
        id: i64,
        at: Timestamp,
        told: &WorkflowPropertiesModifiedEventAttributes,
    ) {
        let fields = told.upserted_memo.as_ref().map(|memo| &memo.fields);
        if let Some(said) = fields.and_then(|fields| fields.get(WAITING_ON)) {
            if let Some((before, _)) = self.waits.take() {
                _ = self.tree.end(before, at);
            }
            if let Some(wait) = json(said).as_ref().and_then(wait) {
                self.waits(id, at, &wait);
            }
        }
        let others = fields.into_iter().flatten().filter(|(name, _)| *name != WAITING_ON);
        let mut memo = Attributes::new();
        for (name, payload) in others {
            memo.set(name.clone(), self.tree.reader.value(payload));
        }
        if !memo.is_empty() {
            self.tree.note("memo", at, memo);
        }
    }

    pub(super) fn waits(&mut self, id: i64, at: Timestamp, wait: &Wait) {
        if let Some(span) = self.tree.begin(id, format!("wait for {}", wait.signal), SpanKind::Human, at) {
            span.attributes.set("temporal.signal", wait.signal.as_str());
            set(&mut span.attributes, "input.value", wait.prompt.as_deref());
        }
        self.waits = Some((id, wait.signal.clone()));
    }

    pub(super) fn signaled(
        &mut self,
        id: i64,
        at: Timestamp,
        told: &WorkflowExecutionSignaledEventAttributes,
    ) {
        let input = self.tree.reader.values(told.input.as_ref());
        let name = format!("signal {}", told.signal_name);
        if let Some(span) = self.tree.moment(id, name, SpanKind::Other, at) {
            set(&mut span.attributes, "input.value", input.clone());
            set(&mut span.attributes, "temporal.identity", filled(&told.identity));
            let sender = told.external_workflow_execution.as_ref().map(run_of);
            span.links.extend(sender.and_then(|sender| link(&sender, ROOT, "sender")));
            span.links.extend(caller(told.header.as_ref()));
        }
        if let Some((wait, signal)) = &self.waits
            && *signal == told.signal_name
            && let Some(span) = self.tree.running(*wait)
        {
            set(&mut span.attributes, OUTPUT, input);
        }
    }
}
