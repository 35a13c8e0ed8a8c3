//! A run's history, event by event, as spans.
//!
//! The workflow is the root. Activities, child workflows, timers, updates, calls of other services and what the workflow said it
//! waited for are spans below it, from the event that began each to the one that ended it. A signal is a span that took no
//! time. What went wrong on the way, such as an attempt of an activity, is an event of the span. The tasks of the workflow
//! itself are left out: they say when its code ran, a thousand times, and only a failed one tells anything.

mod parts;
mod workflow;

use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes as Told;
use temporalio_common::protos::temporal::api::update::v1::outcome;
use temporalio_common::protos::temporal::api::workflow::v1::PendingActivityInfo;

pub(super) use self::parts::kind_of;
use self::parts::{filled, initiated, run_of, scheduled, spoken, started};
use super::payload::json;
use super::service::Metadata;
use super::status::moment;
use super::tree::{OUTPUT, ROOT, Tree, WORKFLOW, exception, link, set};
use super::wait::Wait;
use crate::model::{AttributeValue, Attributes, Scope, Span, SpanEvent, SpanKind, Timestamp};

/// What an activity was called with and what it answered, in the names of OpenTelemetry's GenAI conventions: an activity is
/// what a workflow calls to get something done.
const ARGUMENTS: &str = "gen_ai.tool.call.arguments";
const RESULT: &str = "gen_ai.tool.call.result";
const CALL: &str = "gen_ai.tool.call.id";

/// The event of a wait that the workflow tells only when it is asked.
const ASKED: i64 = i64::MAX;

/// Reads a history in order, a page at a time.
#[derive(Debug)]
pub(super) struct History {
    tree: Tree,
    scope: Scope,
    /// The event that began the wait that is open, with its signal.
    waits: Option<(i64, String)>,
}

impl History {
    pub(super) fn new(tree: Tree) -> Self {
        Self { tree, scope: Scope { name: "temporal".to_owned(), version: None }, waits: None }
    }

    /// The next event. One of a kind that is newer than this program is told as its name.
    pub(super) fn event(&mut self, event: &HistoryEvent) {
        let id = event.event_id;
        let at = moment!(event.event_time).unwrap_or(self.tree.root().start_time);
        let Some(told) = &event.attributes else { return };
        if !(self.activity(id, at, told) || self.child(id, at, told) || self.other(id, at, told)) {
            self.workflow(id, at, told, event.event_type);
        }
        let summary =
            event.user_metadata.as_ref().and_then(|metadata| metadata.summary.as_ref()).and_then(json);
        if let Some(span) = self.tree.running(if id == ROOT { WORKFLOW } else { id }) {
            set(&mut span.attributes, "temporal.summary", summary);
        }
    }

    fn activity(&mut self, id: i64, at: Timestamp, told: &Told) -> bool {
        let tree = &mut self.tree;
        match told {
            Told::ActivityTaskScheduledEventAttributes(told) => scheduled(tree, id, at, told),
            Told::ActivityTaskStartedEventAttributes(told) => started(tree, at, told),
            Told::ActivityTaskCompletedEventAttributes(told) => {
                tree.complete(told.scheduled_event_id, at, RESULT, told.result.as_ref());
            }
            Told::ActivityTaskFailedEventAttributes(told) => {
                tree.fail(told.scheduled_event_id, at, told.failure.as_ref(), "the activity failed");
            }
            Told::ActivityTaskTimedOutEventAttributes(told) => {
                tree.fail(told.scheduled_event_id, at, told.failure.as_ref(), "the activity timed out");
            }
            Told::ActivityTaskCancelRequestedEventAttributes(told) => {
                if let Some(span) = tree.running(told.scheduled_event_id) {
                    span.events.push(SpanEvent {
                        name: "cancel requested".to_owned(),
                        time: at,
                        attributes: Attributes::new(),
                    });
                }
            }
            Told::ActivityTaskCanceledEventAttributes(told) => {
                tree.stop(told.scheduled_event_id, at, "cancelled");
            }
            _ => return false,
        }
        true
    }

    fn child(&mut self, id: i64, at: Timestamp, told: &Told) -> bool {
        let tree = &mut self.tree;
        match told {
            Told::StartChildWorkflowExecutionInitiatedEventAttributes(told) => initiated(tree, id, at, told),
            Told::StartChildWorkflowExecutionFailedEventAttributes(told) => {
                tree.fail(told.initiated_event_id, at, None, "the child workflow could not be started");
            }
            Told::ChildWorkflowExecutionStartedEventAttributes(told) => {
                let child = told.workflow_execution.as_ref().map(run_of);
                if let (Some(span), Some(child)) = (tree.running(told.initiated_event_id), child) {
                    span.attributes.set("temporal.run_id", child.run_id.as_str());
                    span.links.extend(link(&child, ROOT, "child"));
                }
            }
            Told::ChildWorkflowExecutionCompletedEventAttributes(told) => {
                tree.complete(told.initiated_event_id, at, OUTPUT, told.result.as_ref());
            }
            Told::ChildWorkflowExecutionFailedEventAttributes(told) => {
                tree.fail(told.initiated_event_id, at, told.failure.as_ref(), "the child workflow failed");
            }
            Told::ChildWorkflowExecutionTimedOutEventAttributes(told) => {
                tree.fail(told.initiated_event_id, at, None, "the child workflow timed out");
            }
            Told::ChildWorkflowExecutionCanceledEventAttributes(told) => {
                tree.stop(told.initiated_event_id, at, "cancelled");
            }
            Told::ChildWorkflowExecutionTerminatedEventAttributes(told) => {
                tree.stop(told.initiated_event_id, at, "terminated");
            }
            _ => return false,
        }
        true
    }

    /// Timers, updates, signals in both directions, and calls of other services.
    fn other(&mut self, id: i64, at: Timestamp, told: &Told) -> bool {
        let tree = &mut self.tree;
        match told {
            Told::TimerStartedEventAttributes(told) => {
                let wait = told.start_to_fire_timeout.as_ref();
                let millis = wait
                    .map_or(0, |wait| wait.seconds.saturating_mul(1000) + i64::from(wait.nanos / 1_000_000));
                let name = format!("timer {}", spoken(millis));
                if let Some(span) = tree.begin(id, name, SpanKind::Other, at) {
                    span.attributes.set("temporal.timer_id", told.timer_id.as_str());
                    span.attributes.set("temporal.duration_ms", millis);
                }
            }
            Told::TimerFiredEventAttributes(told) => _ = tree.end(told.started_event_id, at),
            Told::TimerCanceledEventAttributes(told) => tree.stop(told.started_event_id, at, "cancelled"),
            Told::WorkflowExecutionSignaledEventAttributes(told) => self.signaled(id, at, told),
            Told::SignalExternalWorkflowExecutionInitiatedEventAttributes(told) => {
                let input = tree.reader.values(told.input.as_ref());
                let name = format!("send signal {}", told.signal_name);
                if let Some(span) = tree.begin(id, name, SpanKind::Other, at) {
                    span.links.extend(
                        told.workflow_execution.as_ref().and_then(|to| link(&run_of(to), ROOT, "signalled")),
                    );
                    set(&mut span.attributes, "input.value", input);
                }
            }
            Told::ExternalWorkflowExecutionSignaledEventAttributes(told) => {
                _ = tree.end(told.initiated_event_id, at);
            }
            Told::SignalExternalWorkflowExecutionFailedEventAttributes(told) => {
                tree.fail(told.initiated_event_id, at, None, "the signal could not be delivered");
            }
            Told::WorkflowExecutionUpdateAcceptedEventAttributes(told) => {
                let request = told.accepted_request.as_ref().and_then(|request| request.input.as_ref());
                let input = tree.reader.values(request.and_then(|request| request.args.as_ref()));
                let name = format!("update {}", request.map_or("", |request| request.name.as_str()));
                if let Some(span) = tree.begin(id, name, SpanKind::Other, at) {
                    set(&mut span.attributes, "input.value", input);
                }
            }
            Told::WorkflowExecutionUpdateCompletedEventAttributes(told) => {
                match told.outcome.as_ref().and_then(|outcome| outcome.value.as_ref()) {
                    Some(outcome::Value::Failure(failure)) => {
                        tree.fail(told.accepted_event_id, at, Some(failure), "the update failed");
                    }
                    Some(outcome::Value::Success(result)) => {
                        tree.complete(told.accepted_event_id, at, OUTPUT, Some(result));
                    }
                    None => _ = tree.end(told.accepted_event_id, at),
                }
            }
            Told::NexusOperationScheduledEventAttributes(told) => {
                let input = told.input.as_ref().map(|input| tree.reader.value(input));
                let name = format!("{}.{}", told.service, told.operation);
                if let Some(span) = tree.begin(id, name, SpanKind::Tool, at) {
                    span.attributes.set("temporal.nexus_endpoint", told.endpoint.as_str());
                    set(&mut span.attributes, ARGUMENTS, input);
                }
            }
            Told::NexusOperationCompletedEventAttributes(told) => {
                let result = told.result.as_ref().map(|result| tree.reader.value(result));
                if let Some(span) = tree.end(told.scheduled_event_id, at) {
                    set(&mut span.attributes, RESULT, result);
                }
            }
            Told::NexusOperationFailedEventAttributes(told) => {
                tree.fail(told.scheduled_event_id, at, told.failure.as_ref(), "the operation failed");
            }
            Told::NexusOperationTimedOutEventAttributes(told) => {
                tree.fail(told.scheduled_event_id, at, told.failure.as_ref(), "the operation timed out");
            }
            Told::NexusOperationCanceledEventAttributes(told) => {
                tree.stop(told.scheduled_event_id, at, "cancelled");
            }
            _ => return false,
        }
        true
    }

    /// What only the service knows of an activity that has not ended: its attempts are no part of the history.
    pub(super) fn pending(&mut self, pending: &PendingActivityInfo) {
        let heartbeat = self.tree.reader.values(pending.heartbeat_details.as_ref());
        let Some(span) = self.tree.running_with(CALL, &pending.activity_id) else { return };
        span.attributes.set("temporal.attempt", pending.attempt);
        set(
            &mut span.attributes,
            "temporal.max_attempts",
            (pending.maximum_attempts > 0).then_some(pending.maximum_attempts),
        );
        set(&mut span.attributes, "temporal.heartbeat", heartbeat);
        let next = moment!(pending.next_attempt_schedule_time).map(|at| at.to_string());
        set(&mut span.attributes, "temporal.next_attempt", next);
        if let Some(failure) = &pending.last_failure {
            let at = moment!(pending.last_attempt_complete_time).unwrap_or(span.start_time);
            span.events.push(exception("attempt failed", at, failure));
        }
    }

    /// The spans. `asked` is what the workflow answered that it waits for, and since when.
    pub(super) fn finish(
        mut self,
        metadata: Option<&Metadata>,
        asked: Option<(Wait, Timestamp)>,
        unread: Option<&str>,
    ) -> Vec<Span> {
        if let Some((wait, since)) = asked.filter(|_| self.waits.is_none()) {
            self.waits(ASKED, since, &wait);
        }
        if let Some(metadata) = metadata {
            let root = self.tree.root();
            set(&mut root.attributes, "temporal.current_details", filled(&metadata.details));
            let signals = metadata.signals.iter().map(|(name, description)| {
                AttributeValue::Object(vec![
                    ("name".to_owned(), name.as_str().into()),
                    ("description".to_owned(), description.as_str().into()),
                ])
            });
            root.attributes.set("temporal.signals", AttributeValue::Array(signals.collect()));
        }
        self.tree.finish(&self.scope, unread)
    }
}
