//! The `hooks` of a settings file, which Claude Code and Codex write the same way: for each event groups, and in each group
//! handlers.

use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject};
use serde_json::{Value, json};

use super::document::{array_in, object_in, text_in, value_of};
use crate::Failure;
use crate::args::Agent;

/// How many seconds an agent waits for the inspector to take a hook's payload. It answers in a millisecond; an agent must
/// not wait for one that hangs.
const HTTP_SECONDS: u32 = 2;

/// How many seconds an agent waits for `send`, which ends by itself after one and a half.
const COMMAND_SECONDS: u32 = 5;

/// The event at which a person may decide.
pub(super) const PERMISSION: &str = "PermissionRequest";

/// What is to happen at an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Handler {
    /// The agent posts it. `with_token` takes the token from the agent's environment.
    Http { url: String, with_token: bool, seconds: u32 },
    /// The agent starts a program.
    Command { command: String, seconds: u32 },
}

impl Handler {
    /// A request that is answered at once.
    pub(super) const fn http(url: String, with_token: bool) -> Self {
        Self::Http { url, with_token, seconds: HTTP_SECONDS }
    }

    /// A program that ends at once.
    pub(super) const fn command(command: String) -> Self {
        Self::Command { command, seconds: COMMAND_SECONDS }
    }

    /// The same, which waits for a person's decision for so many seconds.
    pub(super) fn waiting(self, answer: u32) -> Self {
        match self {
            Self::Http { url, with_token, seconds } => {
                Self::Http { url: format!("{url}?answer={answer}"), with_token, seconds: answer + seconds }
            }
            Self::Command { command, seconds } => {
                // Behind the name of the agent, and before a mark at the end.
                let command = command.replacen(" send ", &format!(" send --answer {answer} "), 1);
                Self::Command { command, seconds: answer + seconds }
            }
        }
    }

    /// As it stands in the file.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Http { url, with_token, seconds } => {
                let mut fields = vec![("type", json!("http")), ("url", json!(url))];
                if *with_token {
                    let header = json!({ "Authorization": format!("Bearer ${}", crate::target::TOKEN) });
                    fields.push(("headers", header));
                    fields.push(("allowedEnvVars", json!([crate::target::TOKEN])));
                }
                fields.push(("timeout", json!(seconds)));
                fields
            }
            Self::Command { command, seconds } => {
                vec![("type", json!("command")), ("command", json!(command)), ("timeout", json!(seconds))]
            }
        }
    }

    fn input(&self) -> CstInputValue {
        CstInputValue::Object(
            self.fields().into_iter().map(|(name, value)| (name.to_owned(), input(&value))).collect(),
        )
    }

    fn is(&self, node: &CstNode) -> bool {
        let fields: serde_json::Map<_, _> =
            self.fields().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        value_of(node) == Value::Object(fields)
    }
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(value) => CstInputValue::Bool(*value),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(fields) => {
            CstInputValue::Object(fields.iter().map(|(name, value)| (name.clone(), input(value))).collect())
        }
    }
}

/// Whether a handler was written by this program, whatever inspector it reports to.
fn is_ours(node: &CstNode, agent: Agent) -> bool {
    let Some(handler) = node.as_object() else { return false };
    let url = text_in(&handler, "url").unwrap_or_default();
    let command = text_in(&handler, "command").unwrap_or_default();
    is_our_url(&url, agent) || is_our_command(&command, agent)
}

fn is_our_url(url: &str, agent: Agent) -> bool {
    let path = url.split('?').next().unwrap_or_default();
    path.ends_with(&format!("/hooks/{}", agent.name()))
}

/// Whether a command is a call of `send` for this agent.
pub(super) fn is_our_command(command: &str, agent: Agent) -> bool {
    let Some((_, arguments)) = command.split_once(" send ") else { return false };
    command.contains("agent-inspector") && arguments.split(' ').any(|argument| argument == agent.name())
}

/// Makes exactly these handlers of ours stand in `hooks`, one for each event, and leaves those of others alone.
pub(super) fn set(root: &CstObject, agent: Agent, wanted: &[(&str, Handler)]) -> Result<(), Failure> {
    remove_where(root, agent, |event| !wanted.iter().any(|(name, _)| *name == event))?;
    if wanted.is_empty() {
        return Ok(());
    }
    let hooks = object_in(root, "hooks")?;
    for (event, handler) in wanted {
        let groups = array_in(&hooks, event)?;
        let mut ours = handlers(&groups).into_iter().flat_map(|(_, list)| list.elements());
        let mut ours = ours.by_ref().filter(|node| is_ours(node, agent));
        match ours.next() {
            Some(first) => {
                let doubles: Vec<_> = ours.collect();
                doubles.into_iter().for_each(CstNode::remove);
                if !handler.is(&first)
                    && let Some(first) = first.as_object()
                {
                    first.replace_with(handler.input());
                }
            }
            None => {
                let group = vec![("hooks".to_owned(), CstInputValue::Array(vec![handler.input()]))];
                groups.ensure_multiline();
                groups.append(CstInputValue::Object(group));
            }
        }
    }
    Ok(())
}

/// Takes out all handlers of ours, and what is empty without them.
pub(super) fn remove(root: &CstObject, agent: Agent) -> Result<(), Failure> {
    remove_where(root, agent, |_| true)
}

fn remove_where(root: &CstObject, agent: Agent, of: impl Fn(&str) -> bool) -> Result<(), Failure> {
    let Some(property) = root.get("hooks") else { return Ok(()) };
    let hooks = property.object_value().ok_or("`hooks` is no object, so nothing was written")?;
    let mut emptied = false;
    for event in hooks.properties() {
        if !event.decoded_name().is_some_and(|name| of(&name)) {
            continue;
        }
        let Some(groups) = event.array_value() else { continue };
        let mut changed = false;
        for (group, list) in handlers(&groups) {
            let ours: Vec<_> = list.elements().into_iter().filter(|node| is_ours(node, agent)).collect();
            if ours.is_empty() {
                continue;
            }
            changed = true;
            ours.into_iter().for_each(CstNode::remove);
            if list.elements().is_empty() {
                group.remove();
            }
        }
        if changed && groups.elements().is_empty() {
            event.remove();
            emptied = true;
        }
    }
    if emptied && hooks.properties().is_empty() {
        property.remove();
    }
    Ok(())
}

/// The groups of an event with their handlers.
fn handlers(groups: &CstArray) -> Vec<(CstObject, CstArray)> {
    let with_list = |node: CstNode| {
        let group = node.as_object()?;
        let list = group.array_value("hooks")?;
        Some((group, list))
    };
    groups.elements().into_iter().filter_map(with_list).collect()
}

/// For which events a handler of ours stands in these settings.
pub(crate) fn installed(settings: &Value, agent: Agent) -> Vec<String> {
    let Some(hooks) = settings["hooks"].as_object() else { return Vec::new() };
    let ours = |handler: &Value| {
        let text = |name: &str| handler[name].as_str().unwrap_or_default();
        is_our_url(text("url"), agent) || is_our_command(text("command"), agent)
    };
    let any = |groups: &Value| {
        let groups = groups.as_array().into_iter().flatten();
        groups.flat_map(|group| group["hooks"].as_array().into_iter().flatten()).any(ours)
    };
    hooks.iter().filter(|(_, groups)| any(groups)).map(|(event, _)| event.clone()).collect()
}
