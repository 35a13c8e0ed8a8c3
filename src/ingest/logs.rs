//! What becomes of log records: events of the session that they belong to.

use crate::model::{AttributeValue, EventKind, Reported, ReportedEvent, ReportedOf};
use crate::normalize;
use crate::otlp::LogRecord;

/// The scope of Claude Code's log records.
const CLAUDE_CODE: &str = "com.anthropic.claude_code.events";

/// Takes log records as they came. Those that `takes` as what they tell of the run of an agent program are no events.
pub(crate) fn logs(
    records: Vec<LogRecord>,
    mut takes: impl FnMut(LogRecord, &mut Reported) -> Option<LogRecord>,
) -> Reported {
    let mut reported = Reported::default();
    for record in records {
        let left = if is_of_agent(&record) { takes(record, &mut reported) } else { Some(record) };
        reported.events.extend(left.map(event));
    }
    reported
}

/// Whether an agent program reports its runs by a record.
pub(crate) fn is_of_agent(record: &LogRecord) -> bool {
    is_claude_code(record) || is_codex(record)
}

fn is_claude_code(record: &LogRecord) -> bool {
    record.scope.name == CLAUDE_CODE
}

fn is_codex(record: &LogRecord) -> bool {
    let service = record.resource.text("service.name").unwrap_or_default();
    service.starts_with("codex") || event_name(record).is_some_and(|name| name.starts_with("codex."))
}

/// The kind of event that a record is: a field of its own since OpenTelemetry 1.5, an attribute before.
fn event_name(record: &LogRecord) -> Option<&str> {
    record.event_name.as_deref().or_else(|| record.attributes.text("event.name"))
}

/// A record as an event of the live stream.
fn event(mut record: LogRecord) -> ReportedEvent {
    let (of, level) = (owner(&record), level(&record).to_owned());
    let message = match record.body.take() {
        Some(AttributeValue::String(text)) => text,
        // Every attribute value has a JSON form.
        Some(value) => serde_json::to_string(&value).unwrap_or_default(),
        None => event_name(&record).unwrap_or_default().to_owned(),
    };
    let mut attributes = record.attributes;
    let mut add = |name: &'static str, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.is_empty())
            && attributes.get(name).is_none()
        {
            attributes.set(name, text);
        }
    };
    add("event.name", record.event_name);
    add("trace_id", record.trace_id.map(|trace| trace.to_string()));
    // The names under which OpenTelemetry keeps both where there is no field for them.
    add("otel.scope.name", Some(record.scope.name.clone()));
    add("service.name", record.resource.text("service.name").map(str::to_owned));
    if record.dropped_attributes > 0 {
        attributes.set("otel.dropped_attributes_count", record.dropped_attributes);
    }
    let kind = EventKind::Log { level, message, span_id: record.span_id, attributes };
    ReportedEvent { of, at: record.time, kind }
}

/// Whose event it is. One of a trace that is not known yet is nobody's until it is: the store finds it by the attribute
/// `trace_id`. A trace says more than a name, for sub-agents have names of their own within one trace.
fn owner(record: &LogRecord) -> ReportedOf {
    let named = normalize::session_named(&record.attributes, &record.resource).map(str::to_owned);
    match (record.trace_id, named) {
        (Some(trace), Some(named)) => ReportedOf::TraceOr(trace, named),
        (Some(trace), None) => ReportedOf::Trace(trace),
        (None, Some(named)) => ReportedOf::Session(named),
        (None, None) => ReportedOf::Nobody,
    }
}

/// How grave a record is. Claude Code tells of each hook that it has and runs, which nobody asked for who watches a session.
fn level(record: &LogRecord) -> &'static str {
    let is_noise = |name: &str| {
        let name = name.strip_prefix("claude_code.").unwrap_or(name);
        name == "hook_registered" || name.starts_with("hook_execution_")
    };
    if is_claude_code(record) && event_name(record).is_some_and(is_noise) { "trace" } else { record.level }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Attributes, Scope, SpanId, Timestamp, TraceId};

    fn record() -> LogRecord {
        LogRecord {
            trace_id: None,
            span_id: None,
            time: Timestamp::from_nanos(5),
            level: "info",
            event_name: None,
            body: Some("said".into()),
            attributes: Attributes::new(),
            dropped_attributes: 0,
            resource: Arc::default(),
            scope: Arc::default(),
        }
    }

    fn attributes(list: &[(&'static str, &str)]) -> Attributes {
        list.iter().map(|(name, value)| (*name, *value)).collect()
    }

    fn log(record: LogRecord) -> (String, String, Attributes) {
        let EventKind::Log { level, message, attributes, .. } = event(record).kind else { panic!("no log") };
        (level, message, attributes)
    }

    #[test]
    fn a_record_is_an_event_with_all_that_it_said() {
        let (trace, span) = (TraceId::from_bytes([1; 16]).unwrap(), SpanId::from_bytes([2; 8]).unwrap());
        let event = event(LogRecord {
            trace_id: Some(trace),
            span_id: Some(span),
            event_name: Some("order.placed".into()),
            attributes: attributes(&[("k", "v")]),
            dropped_attributes: 2,
            resource: Arc::new(attributes(&[("service.name", "shop")])),
            scope: Arc::new(Scope { name: "lib".into(), version: None }),
            ..record()
        });
        assert_eq!((event.of, event.at.as_nanos()), (ReportedOf::Trace(trace), 5));
        assert_eq!(
            serde_json::to_value(event.kind).unwrap(),
            serde_json::json!({
                "type": "Log", "level": "info", "message": "said", "span_id": span.to_string(),
                "attributes": {
                    "k": "v", "event.name": "order.placed", "trace_id": trace.to_string(), "otel.scope.name": "lib",
                    "service.name": "shop", "otel.dropped_attributes_count": 2
                }
            })
        );
    }

    #[test]
    fn a_body_with_parts_is_its_json_and_an_absent_one_the_name_of_the_event() {
        let body = |body| log(LogRecord { body, event_name: Some("named".into()), ..record() }).1;
        let parts = AttributeValue::Object(vec![("role".into(), "user".into())]);
        assert_eq!(body(Some(parts)), r#"{"role":"user"}"#);
        assert_eq!(body(Some(AttributeValue::Int(4))), "4");
        assert_eq!(body(None), "named");
    }

    #[test]
    fn a_record_belongs_to_its_trace_then_to_the_session_it_names_then_to_nobody() {
        let trace = TraceId::from_bytes([1; 16]).unwrap();
        let named = attributes(&[("gen_ai.conversation.id", "c1")]);
        let of = |trace_id, attributes, resource| {
            event(LogRecord { trace_id, attributes, resource: Arc::new(resource), ..record() }).of
        };
        assert_eq!(
            of(Some(trace), named.clone(), Attributes::new()),
            ReportedOf::TraceOr(trace, "c1".into())
        );
        assert_eq!(
            of(None, named.clone(), attributes(&[("session.id", "r")])),
            ReportedOf::Session("c1".into())
        );
        assert_eq!(
            of(None, Attributes::new(), attributes(&[("session.id", "r")])),
            ReportedOf::Session("r".into())
        );
        assert_eq!(
            of(None, attributes(&[("conversation.id", "x")]), Attributes::new()),
            ReportedOf::Session("x".into())
        );
        assert_eq!(of(None, Attributes::new(), Attributes::new()), ReportedOf::Nobody);
    }

    #[test]
    fn what_claude_code_says_of_its_hooks_is_the_least_grave() {
        let scope = Arc::new(Scope { name: CLAUDE_CODE.into(), version: None });
        let level = |name: &str, scope: &Arc<Scope>| {
            let attributes = attributes(&[("event.name", name)]);
            log(LogRecord { attributes, scope: Arc::clone(scope), ..record() }).0
        };
        assert_eq!(level("hook_registered", &scope), "trace");
        assert_eq!(level("hook_execution_complete", &scope), "trace");
        assert_eq!(level("user_prompt", &scope), "info");
        assert_eq!(level("hook_registered", &Arc::default()), "info", "somebody else's");
    }

    #[test]
    fn the_records_of_agent_programs_are_told_from_others() {
        let theirs = [
            LogRecord { scope: Arc::new(Scope { name: CLAUDE_CODE.into(), version: None }), ..record() },
            LogRecord { resource: Arc::new(attributes(&[("service.name", "codex_cli_rs")])), ..record() },
            LogRecord { event_name: Some("codex.user_prompt".into()), ..record() },
            LogRecord { attributes: attributes(&[("event.name", "codex.api_request")]), ..record() },
        ];
        assert!(theirs.iter().all(is_of_agent) && !is_of_agent(&record()));
    }
}
