//! Conversations: lists of messages, and the requests and answers of providers that stand around them.

use super::budget::Budget;
use super::message::{is_message, known_role, message};
use super::place::At;
use super::value::{Fields, has, is_list, items, omitted, peek, peek_text, take, text};
use super::{part, tool};
use crate::model::{AttributeValue, Message, MessagePart as Part};

/// How deeply requests and answers wrap their messages.
const MAX_WRAPPINGS: usize = 6;

/// Fields of an object that stands around messages, with who says what stands there as plain text.
const WRAPPERS: &[(&str, Option<&str>)] = &[
    ("system_instruction", Some("system")),
    ("systemInstruction", Some("system")),
    ("instructions", Some("system")),
    ("system", Some("system")),
    ("messages", None),
    ("contents", None),
    ("prompt", Some("user")),
    ("prompts", Some("user")),
    ("input", Some("user")),
    ("inputs", Some("user")),
    ("kwargs", None),
    ("choices", Some("assistant")),
    ("candidates", Some("assistant")),
    ("generations", Some("assistant")),
    ("output", Some("assistant")),
    ("outputs", Some("assistant")),
];

/// Reads all messages that `value` holds, by `by` when nobody says by whom. `false` when it is no messages at all.
pub(super) fn read_all(
    value: AttributeValue,
    by: &str,
    at: &At<'_>,
    budget: &mut Budget,
    out: &mut Vec<Message>,
) -> bool {
    all(value, by, at, budget, out, 0)
}

fn all(
    value: AttributeValue,
    by: &str,
    at: &At<'_>,
    budget: &mut Budget,
    out: &mut Vec<Message>,
    depth: usize,
) -> bool {
    if depth > MAX_WRAPPINGS {
        return false;
    }
    if is_list(&value) {
        list(items(value).unwrap_or_default(), by, at, budget, out, depth);
        return true;
    }
    match value {
        AttributeValue::Object(fields) => object(fields, by, at, budget, out, depth),
        AttributeValue::Null
        | AttributeValue::Bool(_)
        | AttributeValue::Double(_)
        | AttributeValue::Int(_) => false,
        AttributeValue::Bytes(_) => {
            let mut parts = Vec::new();
            part::read(value, at, budget, &mut parts);
            push(Message { role: by.to_owned(), parts, ..Message::default() }, budget, out);
            true
        }
        other => {
            push_text(text(other).unwrap_or_default(), by, at, budget, out);
            true
        }
    }
}

/// One message that is nothing but text.
pub(super) fn push_text(text: String, by: &str, at: &At<'_>, budget: &mut Budget, out: &mut Vec<Message>) {
    let role = if omitted(&text).is_some() { "omitted" } else { by };
    let parts = if budget.part() { vec![part::plain(text, at, budget)] } else { Vec::new() };
    push(Message { role: role.to_owned(), parts, ..Message::default() }, budget, out);
}

/// One message that is nothing but a value.
pub(super) fn push_value(
    value: AttributeValue,
    by: &str,
    at: &At<'_>,
    budget: &mut Budget,
    out: &mut Vec<Message>,
) {
    let json = tool::kept(value, at, budget);
    push(
        Message { role: by.to_owned(), parts: vec![Part::Unknown { json }], ..Message::default() },
        budget,
        out,
    );
}

fn push(message: Message, budget: &mut Budget, out: &mut Vec<Message>) {
    if budget.message() {
        out.push(message);
    }
}

fn list(
    list: Vec<(usize, AttributeValue)>,
    by: &str,
    at: &At<'_>,
    budget: &mut Budget,
    out: &mut Vec<Message>,
    depth: usize,
) {
    // Parts without a message around them: those of one speaker are one message.
    let mut loose = false;
    for (index, item) in list {
        let at = &at.index(index);
        let was_loose = std::mem::take(&mut loose);
        let item = match item {
            AttributeValue::Object(fields) => match alone(&fields, by) {
                Some(role) => {
                    loose = true;
                    let mut parts = Vec::new();
                    part::read(AttributeValue::Object(fields), at, budget, &mut parts);
                    match out.last_mut().filter(|last| was_loose && last.role == role) {
                        Some(last) => last.parts.append(&mut parts),
                        None => push(Message { role, parts, ..Message::default() }, budget, out),
                    }
                    continue;
                }
                None => AttributeValue::Object(fields),
            },
            other => other,
        };
        let kept = kept_if_no_message(&item, depth);
        if !all(item, by, at, budget, out, depth + 1)
            && let Some(kept) = kept
        {
            push_value(kept, by, at, budget, out);
        }
    }
}

/// A copy of what may turn out to be no message, to be kept as it is then.
fn kept_if_no_message(item: &AttributeValue, depth: usize) -> Option<AttributeValue> {
    let may = match item {
        AttributeValue::Object(fields) => !is_message(fields) || depth >= MAX_WRAPPINGS,
        AttributeValue::Array(_) | AttributeValue::String(_) | AttributeValue::Static(_) => {
            depth >= MAX_WRAPPINGS
        }
        AttributeValue::Null | AttributeValue::Bytes(_) => false,
        AttributeValue::Bool(_) | AttributeValue::Int(_) | AttributeValue::Double(_) => true,
    };
    may.then(|| item.clone())
}

/// Who says a part that stands in a list of messages; `None` for a message.
fn alone(fields: &Fields, by: &str) -> Option<String> {
    if has(fields, &["role", "message", "kwargs", "parts", "tool_calls", "event.name"]) {
        return None;
    }
    let kind = peek_text(fields, "type");
    if kind.is_some_and(|kind| kind == "message" || known_role(kind)) || has(fields, &["lc"]) {
        return None;
    }
    match part::role(fields) {
        Some(role) => Some(role.unwrap_or(by).to_owned()),
        // Of an unknown type, and yet with one: a part.
        None => kind.map(|_| by.to_owned()),
    }
}

fn object(
    mut fields: Fields,
    by: &str,
    at: &At<'_>,
    budget: &mut Budget,
    out: &mut Vec<Message>,
    depth: usize,
) -> bool {
    let said = has(&fields, &["role", "content", "parts", "message", "tool_calls"]);
    if !said || (has(&fields, &["messages", "choices", "candidates"]) && !has(&fields, &["role"])) {
        let (mut wrapped, mut rest) = (false, Vec::new());
        for (name, role) in WRAPPERS {
            // An answer repeats what it was asked, and what is asked may hold former answers.
            if role.is_some_and(|role| (role == "assistant") != (by == "assistant")) {
                continue;
            }
            let inner = match peek(&fields, name) {
                Some(
                    AttributeValue::Object(_)
                    | AttributeValue::Array(_)
                    | AttributeValue::String(_)
                    | AttributeValue::Static(_),
                ) => take(&mut fields, &[name]),
                _ => None,
            };
            let Some((_, inner)) = inner else { continue };
            let kept = kept_if_no_message(&inner, depth);
            if all(inner, role.unwrap_or(by), &at.key(name), budget, out, depth + 1) {
                wrapped = true;
            } else {
                rest.extend(kept.map(|kept| (*name, kept)));
            }
        }
        if wrapped {
            for (name, kept) in rest {
                push_value(kept, by, &at.key(name), budget, out);
            }
            return true;
        }
    }
    if let Some(role) = alone(&fields, by) {
        let mut parts = Vec::new();
        part::read(AttributeValue::Object(fields), at, budget, &mut parts);
        push(Message { role, parts, ..Message::default() }, budget, out);
        return true;
    }
    if !is_message(&fields) {
        return false;
    }
    let plain = ["role", "content", "parts", "message", "tool_calls"];
    let kept = (!has(&fields, &plain)).then(|| fields.clone());
    let message = message(fields, by, at, budget, 0);
    match kept.filter(|_| message.parts.is_empty()) {
        Some(kept) => push_value(AttributeValue::Object(kept), by, at, budget, out),
        None => push(message, budget, out),
    }
    true
}
