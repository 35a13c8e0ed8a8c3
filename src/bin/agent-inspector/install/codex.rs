//! Codex: telemetry and `notify` in `config.toml`, hooks in `hooks.json`.

use std::path::PathBuf;

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value};

use super::document::Document;
use super::hooks::{self, Handler, PERMISSION, is_our_command};
use super::{Done, Plan, program};
use crate::Failure;
use crate::args::{Agent, Content, Install};
use crate::target::Target;

/// The events that are asked for: all that Codex has. One that an older Codex does not know is ignored by it.
const EVENTS: &[&str] = &[
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PermissionRequest",
    "PostToolUse",
    "PreCompact",
    "PostCompact",
    "SubagentStart",
    "SubagentStop",
    "Stop",
];

/// Stands behind what this program wrote into `config.toml`; by it it is known again.
const MARK: &str = " # agent-inspector";

/// The exporters, and where each sends: Codex wants the whole address.
const EXPORTERS: [(&str, &str); 3] =
    [("exporter", "/v1/logs"), ("trace_exporter", "/v1/traces"), ("metrics_exporter", "/v1/metrics")];

/// Where the settings lie.
pub(crate) fn dir(project: bool) -> Result<PathBuf, Failure> {
    if project {
        return Ok(PathBuf::from(".codex"));
    }
    let own = std::env::var_os("CODEX_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    own.map_or_else(|| Ok(super::home()?.join(".codex")), Ok)
}

/// What is to be written where.
pub(super) fn plan(args: &Install, target: &Target) -> Result<Vec<Plan>, Failure> {
    let mut plans = Vec::new();
    // Codex reads telemetry and `notify` from the person's own settings only.
    if !args.project {
        plans.push(config(args, target)?);
    }
    plans.push(hooks_file(args, target)?);
    Ok(plans)
}

fn hooks_file(args: &Install, target: &Target) -> Result<Plan, Failure> {
    let plan = Plan::read(dir(args.project)?.join("hooks.json"))?;
    let document = Document::parse(plan.before()).map_err(|error| plan.about(&error))?;
    let root = document.root()?;
    let mut done = Done::default();
    let edited = if args.uninstall {
        hooks::remove(&root, Agent::Codex)
    } else {
        let command = Handler::command(program::hook_command(Agent::Codex, args, target)?);
        let handler = |event| match args.answer_permissions {
            Some(seconds) if event == PERMISSION => command.clone().waiting(seconds),
            _ => command.clone(),
        };
        let wanted: Vec<_> = EVENTS.iter().map(|event| (*event, handler(*event))).collect();
        done.hooks = EVENTS.iter().map(|event| (*event).to_owned()).collect();
        done.next.push(
            "start codex, open /hooks and trust the hooks: Codex runs none before; `codex exec` takes --dangerously-bypass-hook-trust"
                .to_owned(),
        );
        if args.project {
            done.notes.push("telemetry and `notify` are settings of a person, not of a project: install without --project for them".to_owned());
        }
        hooks::set(&root, Agent::Codex, &wanted)
    };
    edited.map_err(|error| plan.about(&error))?;
    Ok(plan.with(document.text(), done))
}

fn config(args: &Install, target: &Target) -> Result<Plan, Failure> {
    let plan = Plan::read(dir(false)?.join("config.toml"))?;
    let malformed =
        |error| plan.about(&format!("the file is no valid TOML, so nothing was written: {error}"));
    let mut document: DocumentMut = plan.before().unwrap_or_default().parse().map_err(malformed)?;
    let mut done = Done::default();
    if args.uninstall {
        unset(&mut document);
    } else {
        notify(&mut document, program::send_arguments(Agent::Codex, args, target)?, &mut done);
        telemetry(&mut document, args, target, &mut done).map_err(|error| plan.about(&error))?;
    }
    let after = document.to_string();
    after
        .parse::<DocumentMut>()
        .map_err(|error| plan.about(&format!("the change would break the file: {error}")))?;
    Ok(plan.with(after, done))
}

fn notify(document: &mut DocumentMut, arguments: Vec<String>, done: &mut Done) {
    let mut program = Value::Array(arguments.into_iter().collect::<Array>());
    program.decor_mut().set_suffix(MARK);
    match document.get_mut("notify") {
        Some(set) if is_our_notify(set) => *set = Item::Value(program),
        Some(set) => done.kept.push(format!("notify ={}", set.to_string().trim_end())),
        None => _ = document.insert("notify", Item::Value(program)),
    }
}

fn telemetry(
    document: &mut DocumentMut,
    args: &Install,
    target: &Target,
    done: &mut Done,
) -> Result<(), Failure> {
    let otel = document.entry("otel").or_insert_with(|| Item::Table(Table::new()));
    let Some(otel) = otel.as_table_mut() else {
        done.notes.push("`otel` is written on one line and is left alone".to_owned());
        return Ok(());
    };
    let token = target.token.as_deref().filter(|_| !target.is_local());
    let mut elsewhere = false;
    for (name, path) in EXPORTERS {
        let ours = marked(exporter(&target.at(path), token));
        match otel.get_mut(name) {
            Some(set) if is_marked(set) => *set = ours,
            Some(set) => {
                elsewhere = true;
                done.kept.push(format!("otel.{name} ={}", set.to_string().trim_end()));
            }
            None => _ = otel.insert(name, ours),
        }
    }
    // Who gets the logs gets the prompts in them.
    let wanted = args.content == Content::On && !elsewhere;
    match otel.get("log_user_prompt") {
        None if wanted => _ = otel.insert("log_user_prompt", marked(true.into())),
        Some(set) if !wanted && is_marked(set) => _ = otel.remove("log_user_prompt"),
        _ => {}
    }
    Ok(())
}

fn exporter(endpoint: &str, token: Option<&str>) -> Value {
    let mut http = InlineTable::new();
    http.insert("endpoint", endpoint.into());
    http.insert("protocol", "binary".into());
    if let Some(token) = token {
        let mut headers = InlineTable::new();
        headers.insert("authorization", format!("Bearer {token}").into());
        http.insert("headers", headers.into());
    }
    let mut exporter = InlineTable::new();
    exporter.insert("otlp-http", http.into());
    exporter.into()
}

fn marked(mut value: Value) -> Item {
    value.decor_mut().set_suffix(MARK);
    Item::Value(value)
}

fn is_marked(item: &Item) -> bool {
    let suffix = item.as_value().and_then(|value| value.decor().suffix()).and_then(|suffix| suffix.as_str());
    suffix.is_some_and(|suffix| suffix.contains("agent-inspector"))
}

/// Takes out what was set, and nothing else.
fn unset(document: &mut DocumentMut) {
    if document.get("notify").is_some_and(is_our_notify) {
        document.remove("notify");
    }
    let Some(otel) = document.get_mut("otel").and_then(Item::as_table_mut) else { return };
    let ours: Vec<String> =
        otel.iter().filter(|(_, item)| is_marked(item)).map(|(name, _)| name.to_owned()).collect();
    for name in &ours {
        otel.remove(name);
    }
    if !ours.is_empty() && otel.is_empty() {
        document.remove("otel");
    }
}

fn is_our_notify(item: &Item) -> bool {
    let words = item.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
    is_marked(item) || is_our_command(&words.join(" "), Agent::Codex)
}
