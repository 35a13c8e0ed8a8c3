//! Tool calls and the sub-agents that they start.
//!
//! Hooks, log records and spans name a call by the same id. Printed lines number their items themselves, so a line is joined
//! to a call by the command in it, or by its place in the order.

use std::collections::VecDeque;

use serde_json::Value;

use super::super::call::{Call, Outcome};
use super::super::hooks::{Payload, as_text, same_call, text};
use super::super::run::Run;
use super::hook::{context, make_context_known};
use super::{HOOKS, calls};
use crate::model::{Reported, SpanKind, Timestamp};

/// How many calls of a session are remembered to join lines with.
const MOST: usize = 512;

/// The tool calls of a session, in the order in which they were heard of.
#[derive(Debug, Default)]
pub(super) struct Tools(VecDeque<Known>);

#[derive(Debug)]
struct Known {
    call_id: String,
    /// Its id, when it was told of with one.
    id: Option<String>,
    /// The command, or whatever else the tool was called with.
    input: Option<String>,
    /// The item that lines told of.
    item: Option<String>,
}

impl Tools {
    /// The call id of a call with an id.
    pub(super) fn named(&mut self, id: &str, input: Option<&str>) -> String {
        let by_id = self.0.iter().position(|known| known.id.as_deref() == Some(id));
        let printed = |known: &Known| known.id.is_none() && known.item.is_some();
        let by_input = || {
            let fits = |known: &Known| match (input, &known.input) {
                (Some(input), Some(printed)) => is_of(printed, input),
                // Spans do not say what a tool was called with: the order has to do.
                (None, Some(_)) => true,
                _ => false,
            };
            self.0.iter().position(|known| printed(known) && fits(known))
        };
        if let Some(at) = by_id.or_else(by_input) {
            let known = &mut self.0[at];
            known.id = Some(id.to_owned());
            known.input = input.map(str::to_owned).or_else(|| known.input.take());
            return known.call_id.clone();
        }
        let input = input.map(str::to_owned);
        self.add(Known { call_id: calls::tool(id), id: Some(id.to_owned()), input, item: None })
    }

    /// The call id of an item that a line tells of. `item` is unique in the session.
    pub(super) fn printed(&mut self, item: &str, input: &str) -> String {
        let by_item = self.0.iter().position(|known| known.item.as_deref() == Some(item));
        let by_input = || {
            let fits = |known: &Known| {
                known.item.is_none() && known.input.as_deref().is_some_and(|known| is_of(input, known))
            };
            self.0.iter().position(fits)
        };
        if let Some(at) = by_item.or_else(by_input) {
            self.0[at].item = Some(item.to_owned());
            return self.0[at].call_id.clone();
        }
        let (item, input) = (item.to_owned(), Some(input.to_owned()));
        self.add(Known { call_id: calls::tool(&item), id: None, input, item: Some(item) })
    }

    fn add(&mut self, known: Known) -> String {
        let call_id = known.call_id.clone();
        self.0.push_back(known);
        if self.0.len() > MOST {
            self.0.pop_front();
        }
        call_id
    }
}

/// Whether a printed command is that of a call: `/bin/bash -lc 'ls'` of `ls`. Quotes are written in several ways.
fn is_of(printed: &str, command: &str) -> bool {
    let plain = |text: &str| text.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
    let command = plain(command);
    !command.is_empty() && plain(printed).ends_with(&command)
}

/// What a call was called with, as lines print it: the command of a shell, the prompt of a sub-agent.
pub(super) fn input_of(arguments: &Value) -> Option<String> {
    let said = ["command", "cmd", "message", "input"].iter().find_map(|name| arguments.get(name))?;
    match said {
        Value::String(text) => Some(text.clone()),
        Value::Array(words) => Some(words.iter().map(as_text).collect::<Vec<_>>().join(" ")),
        _ => None,
    }
}

/// A call of a tool. Spans and hooks glue the name to that of its group.
pub(super) fn tool(name: &str, id: Option<&str>) -> Call {
    let group =
        name.strip_prefix("multi_agent_v").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let name = group.filter(|rest| !rest.is_empty()).unwrap_or(name);
    let call = Call::new(SpanKind::Tool, format!("execute_tool {name}"))
        .with("gen_ai.operation.name", "execute_tool")
        .with("gen_ai.tool.name", name.to_owned())
        .with_some("gen_ai.tool.call.id", id.map(str::to_owned));
    let server = name.strip_prefix("mcp__").and_then(|rest| rest.split("__").next());
    call.with_some("mcp.server.name", server.map(str::to_owned))
}

/// A call of the tool that a hook's payload names.
fn told(run: &mut Run, payload: &Payload, at: Timestamp) -> (String, Call) {
    let (id, arguments) = (text(payload, "tool_use_id"), payload.get("tool_input"));
    let call_id = match id {
        Some(id) => run.codex.tools.named(id, arguments.and_then(input_of).as_deref()),
        None => same_call(run, payload).unwrap_or_else(|| run.number("tool", at)),
    };
    let within = context(run, payload, at);
    let call = tool(text(payload, "tool_name").unwrap_or("tool"), id).below(within);
    (call_id, call.with_some("gen_ai.tool.call.arguments", arguments.map(as_text)))
}

/// The open call that a person is asked about. The question has no id, and gives its reason beside what the call was called with.
pub(super) fn asked_about(run: &Run, payload: &Payload) -> Option<String> {
    let (name, input) = (text(payload, "tool_name")?, payload.get("tool_input").and_then(input_of)?);
    run.open_call(|_, span| {
        let arguments = span.attributes.text("gen_ai.tool.call.arguments");
        let arguments = arguments.and_then(|arguments| serde_json::from_str::<Value>(arguments).ok());
        span.attributes.text("gen_ai.tool.name") == Some(name)
            && arguments.as_ref().and_then(input_of).as_ref() == Some(&input)
    })
}

pub(super) fn began(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    make_context_known(run, payload, at, out);
    let (call_id, call) = told(run, payload, at);
    note_starter(run, &call, &call_id);
    run.tell(HOOKS, &call_id, call.began(at), at, out);
}

pub(super) fn ended(run: &mut Run, payload: &Payload, at: Timestamp, out: &mut Reported) {
    make_context_known(run, payload, at, out);
    let (call_id, call) = told(run, payload, at);
    let answer = payload.get("tool_response").map(as_text);
    note_answer(run, HOOKS, &call_id, answer.as_deref(), at, out);
    let call = call.ended(at, Outcome::Ok).with_some("gen_ai.tool.call.result", answer);
    run.tell(HOOKS, &call_id, call, at, out);
}

/// Notes that a call may start a sub-agent.
pub(super) fn note_starter(run: &mut Run, call: &Call, call_id: &str) {
    let starts = call.name == "execute_tool spawn_agent";
    let known = run.codex.starters.iter().any(|known| known == call_id);
    if starts && !known && run.started(call_id).is_none() {
        run.codex.starters.push_back(call_id.to_owned());
        if run.codex.starters.len() > MOST {
            run.codex.starters.pop_front();
        }
    }
}

/// Notes what a call answered: which sub-agent it started, if it did.
pub(super) fn note_answer(
    run: &mut Run,
    source: &'static str,
    call_id: &str,
    answer: Option<&str>,
    at: Timestamp,
    out: &mut Reported,
) {
    let answer = answer.and_then(|answer| serde_json::from_str::<Value>(answer).ok());
    let thread = answer.as_ref().and_then(|answer| answer.get("agent_id")).and_then(Value::as_str);
    if let Some(thread) = thread {
        run.codex.starters.retain(|starter| starter != call_id);
        let name = answer.as_ref().and_then(|answer| answer.get("nickname")).and_then(Value::as_str);
        run.codex.started.put(thread.to_owned(), (call_id.to_owned(), name.map(str::to_owned)));
        run.started_by(&calls::agent(thread), call_id);
        // Where nobody has told of the agent yet, it is told of when it does something.
        if run.knows(&calls::agent(thread)) {
            let call = agent(thread, name).below(Some(call_id.to_owned()));
            run.tell(source, &calls::agent(thread), call, at, out);
        }
    }
}

/// A sub-agent.
pub(super) fn agent(thread: &str, name: Option<&str>) -> Call {
    // `default` is what it is called that has no name.
    let name = name.filter(|name| *name != "default").unwrap_or("sub-agent");
    Call::new(SpanKind::Agent, format!("invoke_agent {name}"))
        .with("gen_ai.operation.name", "invoke_agent")
        .with("gen_ai.agent.name", name.to_owned())
        .with("gen_ai.agent.id", thread.to_owned())
}

/// Tells of a sub-agent that was not heard of before, below the call that started it as far as is known.
pub(super) fn make_agent_known(
    run: &mut Run,
    source: &'static str,
    thread: &str,
    name: Option<&str>,
    at: Timestamp,
    out: &mut Reported,
) {
    let call_id = calls::agent(thread);
    if run.knows(&call_id) {
        return;
    }
    let call = match run.codex.started.get(&thread.to_owned()).cloned() {
        Some((starter, called)) => agent(thread, called.as_deref().or(name)).below(Some(starter)),
        // Nobody said so yet: most likely the first that started one and has none.
        None => {
            let starter = run.codex.starters.pop_front();
            starter.iter().for_each(|starter| run.started_by(&call_id, starter));
            let session = run.session().to_owned();
            agent(thread, name).likely_below(starter.or_else(|| run.codex.turns.at(&session, at)))
        }
    };
    run.tell(source, &call_id, call.began(at), at, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_command_is_the_call_of_it_whichever_came_first() {
        let mut tools = Tools::default();
        let first = tools.named("call_1", Some("echo 'a b'"));
        assert_eq!(tools.printed("t:item_1", "/bin/bash -lc \"echo 'a b'\""), first);
        assert_eq!(tools.printed("t:item_1", "/bin/bash -lc \"echo 'a b'\""), first, "told of again");
        let second = tools.printed("t:item_2", "/bin/bash -lc \"echo 'a b'\"");
        assert_ne!(second, first, "the same command again");
        assert_eq!(tools.named("call_2", Some("echo 'a b'")), second);
        assert_eq!((tools.named("call_2", None), tools.named("call_1", None)), (second, first));
    }

    #[test]
    fn a_span_that_does_not_say_the_command_is_the_next_that_was_printed() {
        let mut tools = Tools::default();
        let printed = ["a", "b"].map(|command| tools.printed(command, command));
        assert_eq!(["call_1", "call_2"].map(|id| tools.named(id, None)), printed);
        assert_eq!(tools.named("call_2", Some("b")), printed[1]);
        assert!(!printed.contains(&tools.named("call_3", None)));
    }
}
