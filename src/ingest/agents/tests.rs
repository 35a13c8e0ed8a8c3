//! What holds whatever a program sends, in whatever order.

use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const EVENTS: [&str; 18] = [
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "PostToolBatch",
    "PermissionRequest",
    "PermissionDenied",
    "Notification",
    "Elicitation",
    "ElicitationResult",
    "SubagentStart",
    "SubagentStop",
    "PreCompact",
    "PostCompact",
    "Stop",
    "StopFailure",
    "SessionEnd",
];

fn payload() -> impl Strategy<Value = Value> {
    let id = || prop::option::of(0_u8..3);
    (0..EVENTS.len(), id(), id(), id(), any::<bool>()).prop_map(|(event, prompt, tool, agent, task)| {
        let name = if task { "Task" } else { "Bash" };
        let mut payload = json!({
            "session_id": "s", "hook_event_name": EVENTS[event], "tool_name": name, "tool_input": {"a": 1},
            "notification_type": if task { "permission_prompt" } else { "idle_prompt" },
        });
        for (field, id) in [("prompt_id", prompt), ("tool_use_id", tool), ("agent_id", agent)] {
            if let Some(id) = id {
                payload[field] = format!("{field}-{id}").into();
            }
        }
        if let Some(tool) = tool {
            payload["tool_calls"] =
                json!([{"tool_name": name, "tool_use_id": format!("tool_use_id-{tool}")}]);
            payload["tool_response"] = json!({"agentId": agent.map(|agent| format!("agent_id-{agent}"))});
        }
        payload
    })
}

fn assembler() -> Assembler {
    Assembler::new(Arc::new(|_, _, _| None))
}

/// The last state of each span.
fn spans(payloads: &[Value]) -> HashMap<(TraceId, SpanId), Span> {
    let (mut assembler, mut reported) = (assembler(), Reported::default());
    for (number, payload) in payloads.iter().enumerate() {
        let at = Timestamp::from_nanos(i64::try_from(number).unwrap() * 1_000_000);
        assembler.claude_code(payload.clone(), at, &mut reported).unwrap();
    }
    reported.spans.into_iter().map(|span| ((span.trace_id, span.span_id), span)).collect()
}

proptest! {
    #[test]
    fn whatever_hooks_come_every_span_is_named_ends_after_it_began_and_nothing_runs_after_the_end(
        mut payloads in prop::collection::vec(payload(), 0..40),
    ) {
        payloads.push(json!({"session_id": "s", "hook_event_name": "SessionEnd"}));
        let spans = spans(&payloads);
        for span in spans.values() {
            prop_assert!(!span.name.is_empty() && !span.source.is_empty(), "{span:?}");
            let ended = span.end_time.is_some_and(|end| end >= span.start_time);
            prop_assert!(ended, "{span:?} is still open");
            prop_assert_ne!(span.parent_span_id, Some(span.span_id));
        }
    }

    #[test]
    fn what_is_said_twice_makes_no_further_spans(payloads in prop::collection::vec(payload(), 0..20)) {
        // Those without ids of the program's own are counted by their arrival.
        let payloads: Vec<_> = payloads
            .into_iter()
            .filter(|payload| payload.get("prompt_id").is_some() && payload.get("tool_use_id").is_some())
            .filter(|payload| {
                let event = payload["hook_event_name"].as_str().unwrap();
                event.contains("ToolUse") || matches!(event, "UserPromptSubmit" | "Stop")
            })
            .collect();
        let twice: Vec<_> = payloads.iter().flat_map(|payload| [payload.clone(), payload.clone()]).collect();
        prop_assert_eq!(spans(&payloads).len(), spans(&twice).len());
    }
}

#[test]
fn no_more_runs_and_calls_are_remembered_than_the_bounds_allow() {
    let (mut assembler, mut reported) = (assembler(), Reported::default());
    for number in 0..MAX_RUNS * 2 {
        let payload = json!({"session_id": format!("s{number}"), "hook_event_name": "PreToolUse", "tool_use_id": "t",
            "tool_name": "Write", "tool_input": {"content": "x".repeat(10_000)}});
        let at = Timestamp::from_nanos(i64::try_from(number).unwrap());
        assembler.claude_code(payload, at, &mut reported).unwrap();
    }
    assert_eq!(assembler.runs.len(), MAX_RUNS);
    for number in 0..2_000 {
        let payload = json!({"session_id": "s", "hook_event_name": "PreToolUse", "tool_use_id": number.to_string(),
            "tool_name": "Write", "tool_input": {"content": "x".repeat(10_000)}});
        assembler.claude_code(payload, Timestamp::EPOCH, &mut reported).unwrap();
    }
    let run = &assembler.runs[&(Engine::CLAUDE_CODE, "s".to_owned())];
    assert!(run.remembered() <= (512, 1 << 20 | 64 << 10), "{:?}", run.remembered());
}

#[test]
fn after_a_restart_the_end_of_a_call_finds_its_beginning_in_the_store() {
    let (mut before, mut reported) = (assembler(), Reported::default());
    let begin = json!({"session_id": "s", "hook_event_name": "PreToolUse", "prompt_id": "p", "tool_use_id": "t",
        "tool_name": "Bash", "tool_input": {"command": "sleep 9"}});
    before.claude_code(begin, Timestamp::from_nanos(5), &mut reported).unwrap();
    let stored = reported.spans;
    let recall = move |_: &str, trace: TraceId, id: SpanId| {
        stored.iter().find(|span| (span.trace_id, span.span_id) == (trace, id)).cloned()
    };
    let (mut after, mut reported) = (Assembler::new(Arc::new(recall)), Reported::default());
    let end = json!({"session_id": "s", "hook_event_name": "PostToolUse", "prompt_id": "p", "tool_use_id": "t",
        "tool_name": "Bash", "tool_response": "done"});
    after.claude_code(end, Timestamp::from_nanos(9), &mut reported).unwrap();
    let tool = reported.spans.iter().find(|span| span.call_id.as_deref() == Some("tool:t")).unwrap();
    assert_eq!((tool.start_time.as_nanos(), tool.end_time.unwrap().as_nanos()), (5, 9));
    assert!(tool.attributes.text("gen_ai.tool.call.arguments").unwrap().contains("sleep 9"));
}
