//! A run's history, event by event, as spans.
//!
//! The workflow is the root. Activities, child workflows, timers, updates, calls of other services and what the workflow said it
//! waited for are spans below it, from the event that began each to the one that ended it. A signal is a span that took no
//! time. What went wrong on the way, such as an attempt of an activity, is an event of the span. The tasks of the workflow
//! itself are left out: they say when its code ran, a thousand times, and only a failed one tells anything.

use temporalio_common::protos::temporal::api::common::v1::{WorkflowExecution, WorkflowType};
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes as Told;
use temporalio_common::protos::temporal::api::history::v1::{
    ActivityTaskScheduledEventAttributes, ActivityTaskStartedEventAttributes, HistoryEvent,
    StartChildWorkflowExecutionInitiatedEventAttributes, WorkflowExecutionSignaledEventAttributes,
    WorkflowExecutionStartedEventAttributes, WorkflowPropertiesModifiedEventAttributes,
};
use temporalio_common::protos::temporal::api::update::v1::outcome;
use temporalio_common::protos::temporal::api::workflow::v1::PendingActivityInfo;

use super::payload::json;
use super::run::{Run, trace_of};
use super::service::Metadata;
use super::status::moment;
use super::tree::{OUTPUT, ROOT, Tree, WORKFLOW, caller, exception, link, set};
use super::wait::{WAITING_ON, Wait, wait};
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

    /// What happens to the workflow itself.
    fn workflow(&mut self, id: i64, at: Timestamp, told: &Told, number: i32) {
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

    fn signaled(&mut self, id: i64, at: Timestamp, told: &WorkflowExecutionSignaledEventAttributes) {
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

    /// What the workflow tells of itself. A wait goes on until it tells something else.
    fn properties(&mut self, id: i64, at: Timestamp, told: &WorkflowPropertiesModifiedEventAttributes) {
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

    fn waits(&mut self, id: i64, at: Timestamp, wait: &Wait) {
        if let Some(span) = self.tree.begin(id, format!("wait for {}", wait.signal), SpanKind::Human, at) {
            span.attributes.set("temporal.signal", wait.signal.as_str());
            set(&mut span.attributes, "input.value", wait.prompt.as_deref());
        }
        self.waits = Some((id, wait.signal.clone()));
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

fn began(tree: &mut Tree, told: &WorkflowExecutionStartedEventAttributes) {
    let input = tree.reader.values(told.input.as_ref());
    let root = tree.root();
    set(&mut root.attributes, "input.value", input);
    root.attributes.set("temporal.attempt", told.attempt);
    set(
        &mut root.attributes,
        "temporal.task_queue",
        told.task_queue.as_ref().map(|queue| queue.name.as_str()),
    );
    set(&mut root.attributes, "temporal.identity", filled(&told.identity));
    set(&mut root.attributes, "temporal.cron", filled(&told.cron_schedule));
    let parent = told.parent_workflow_execution.as_ref().map(run_of);
    root.links.extend(parent.and_then(|parent| link(&parent, told.parent_initiated_event_id, "parent")));
    root.links.extend(caller(told.header.as_ref()));
    next(tree, &told.continued_execution_run_id, "run before");
}

/// A link to another run of the same workflow.
fn next(tree: &mut Tree, run_id: &str, what: &'static str) {
    if trace_of(run_id).is_none() {
        return;
    }
    let workflow_id = tree.root().attributes.text("temporal.workflow_id").unwrap_or_default().to_owned();
    let run = Run { workflow_id, run_id: run_id.to_owned() };
    let link = link(&run, ROOT, what);
    tree.root().links.extend(link);
}

fn scheduled(tree: &mut Tree, id: i64, at: Timestamp, told: &ActivityTaskScheduledEventAttributes) {
    let input = tree.reader.values(told.input.as_ref());
    let name = told.activity_type.as_ref().map_or("activity", |kind| kind.name.as_str());
    let Some(span) = tree.begin(id, name, SpanKind::Tool, at) else { return };
    span.attributes.set("gen_ai.operation.name", AttributeValue::Static("execute_tool"));
    span.attributes.set("gen_ai.tool.name", name);
    span.attributes.set(CALL, told.activity_id.as_str());
    set(&mut span.attributes, ARGUMENTS, input);
    set(
        &mut span.attributes,
        "temporal.task_queue",
        told.task_queue.as_ref().map(|queue| queue.name.as_str()),
    );
}

/// Only the attempt that ended the activity is in the history; of those before it the last failure is.
fn started(tree: &mut Tree, at: Timestamp, told: &ActivityTaskStartedEventAttributes) {
    let Some(span) = tree.running(told.scheduled_event_id) else { return };
    span.attributes.set("temporal.attempt", told.attempt);
    set(&mut span.attributes, "temporal.identity", filled(&told.identity));
    span.events.extend(told.last_failure.as_ref().map(|failure| exception("attempt failed", at, failure)));
    let attributes = [("temporal.attempt", told.attempt)].into_iter().collect();
    span.events.push(SpanEvent { name: "started".to_owned(), time: at, attributes });
}

fn initiated(
    tree: &mut Tree,
    id: i64,
    at: Timestamp,
    told: &StartChildWorkflowExecutionInitiatedEventAttributes,
) {
    let input = tree.reader.values(told.input.as_ref());
    let name = kind_of(told.workflow_type.as_ref());
    let Some(span) = tree.begin(id, name, SpanKind::Workflow, at) else { return };
    span.attributes.set("gen_ai.workflow.name", name);
    span.attributes.set("temporal.workflow_id", told.workflow_id.as_str());
    set(&mut span.attributes, "input.value", input);
}

pub(super) fn kind_of(kind: Option<&WorkflowType>) -> &str {
    kind.map(|kind| kind.name.as_str()).filter(|name| !name.is_empty()).unwrap_or("Workflow")
}

fn run_of(execution: &WorkflowExecution) -> Run {
    Run { workflow_id: execution.workflow_id.clone(), run_id: execution.run_id.clone() }
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// `EVENT_TYPE_WORKFLOW_EXECUTION_PAUSED` as a person says it.
fn event_name(number: i32) -> String {
    match EventType::try_from(number) {
        Ok(kind) => {
            let name = kind.as_str_name();
            name.strip_prefix("EVENT_TYPE_").unwrap_or(name).to_lowercase().replace('_', " ")
        }
        Err(_) => format!("event of type {number}"),
    }
}

/// A duration of so many milliseconds in short.
fn spoken(millis: i64) -> String {
    match millis {
        ..1000 => format!("{millis} ms"),
        1000..120_000 => format!("{} s", millis / 1000),
        120_000..7_200_000 => format!("{} min", millis / 60_000),
        7_200_000..172_800_000 => format!("{} h", millis / 3_600_000),
        172_800_000.. => format!("{} d", millis / 86_400_000),
    }
}
