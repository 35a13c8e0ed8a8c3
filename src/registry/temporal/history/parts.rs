//! What single events of a history say.

use temporalio_common::protos::temporal::api::common::v1::{WorkflowExecution, WorkflowType};
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use temporalio_common::protos::temporal::api::history::v1::{
    ActivityTaskScheduledEventAttributes, ActivityTaskStartedEventAttributes,
    StartChildWorkflowExecutionInitiatedEventAttributes, WorkflowExecutionStartedEventAttributes,
};

use super::super::run::{Run, trace_of};
use super::super::tree::{ROOT, Tree, caller, exception, link, set};
use super::{ARGUMENTS, CALL};
use crate::model::{AttributeValue, SpanEvent, SpanKind, Timestamp};

pub(super) fn began(tree: &mut Tree, told: &WorkflowExecutionStartedEventAttributes) {
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
pub(super) fn next(tree: &mut Tree, run_id: &str, what: &'static str) {
    if trace_of(run_id).is_none() {
        return;
    }
    let workflow_id = tree.root().attributes.text("temporal.workflow_id").unwrap_or_default().to_owned();
    let run = Run { workflow_id, run_id: run_id.to_owned() };
    let link = link(&run, ROOT, what);
    tree.root().links.extend(link);
}

pub(super) fn scheduled(
    tree: &mut Tree,
    id: i64,
    at: Timestamp,
    told: &ActivityTaskScheduledEventAttributes,
) {
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
pub(super) fn started(tree: &mut Tree, at: Timestamp, told: &ActivityTaskStartedEventAttributes) {
    let Some(span) = tree.running(told.scheduled_event_id) else { return };
    span.attributes.set("temporal.attempt", told.attempt);
    set(&mut span.attributes, "temporal.identity", filled(&told.identity));
    span.events.extend(told.last_failure.as_ref().map(|failure| exception("attempt failed", at, failure)));
    let attributes = [("temporal.attempt", told.attempt)].into_iter().collect();
    span.events.push(SpanEvent { name: "started".to_owned(), time: at, attributes });
}

pub(super) fn initiated(
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

pub(in crate::registry::temporal) fn kind_of(kind: Option<&WorkflowType>) -> &str {
    kind.map(|kind| kind.name.as_str()).filter(|name| !name.is_empty()).unwrap_or("Workflow")
}

pub(super) fn run_of(execution: &WorkflowExecution) -> Run {
    Run { workflow_id: execution.workflow_id.clone(), run_id: execution.run_id.clone() }
}

pub(super) fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// `EVENT_TYPE_WORKFLOW_EXECUTION_PAUSED` as a person says it.
pub(super) fn event_name(number: i32) -> String {
    match EventType::try_from(number) {
        Ok(kind) => {
            let name = kind.as_str_name();
            name.strip_prefix("EVENT_TYPE_").unwrap_or(name).to_lowercase().replace('_', " ")
        }
        Err(_) => format!("event of type {number}"),
    }
}

/// A duration of so many milliseconds in short.
pub(super) fn spoken(millis: i64) -> String {
    match millis {
        ..1000 => format!("{millis} ms"),
        1000..120_000 => format!("{} s", millis / 1000),
        120_000..7_200_000 => format!("{} min", millis / 60_000),
        7_200_000..172_800_000 => format!("{} h", millis / 3_600_000),
        172_800_000.. => format!("{} d", millis / 86_400_000),
    }
}
