//! Claude Code: hooks and telemetry in `settings.json`.

use std::path::PathBuf;

use jsonc_parser::cst::CstObject;
use serde_json::Value;

use super::document::{Document, object_in, text, text_in};
use super::hooks::{self, Handler, PERMISSION};
use super::version::Version;
use super::{Done, Plan, program};
use crate::Failure;
use crate::args::{Agent, Content, HookKind, Install};
use crate::target::Target;

/// The events that are asked for, with the version that first knew each.
///
/// Before [`FORGIVING`] a name that Claude Code does not know makes it ignore the whole file. Left out are `WorktreeCreate` and
/// `WorktreeRemove`, whose hooks do the work instead of watching it; `FileChanged`, which watches only files that its matcher
/// names; and `MessageDisplay`, which comes with every word.
const EVENTS: &[(&str, Version)] = &[
    ("SessionStart", Version(1, 0, 62)),
    ("SessionEnd", Version(1, 0, 85)),
    ("Setup", Version(2, 1, 10)),
    ("UserPromptSubmit", Version(1, 0, 54)),
    ("UserPromptExpansion", FORGIVING),
    ("PreToolUse", Version(1, 0, 38)),
    ("PermissionRequest", Version(2, 0, 45)),
    ("PermissionDenied", Version(2, 1, 89)),
    ("PostToolUse", Version(1, 0, 38)),
    ("PostToolUseFailure", Version(2, 1, 33)),
    ("PostToolBatch", FORGIVING),
    ("Stop", Version(1, 0, 38)),
    ("StopFailure", Version(2, 1, 78)),
    ("SubagentStart", Version(2, 0, 43)),
    ("SubagentStop", Version(1, 0, 41)),
    ("PreCompact", Version(1, 0, 48)),
    ("PostCompact", Version(2, 1, 76)),
    ("Notification", Version(1, 0, 38)),
    ("Elicitation", Version(2, 1, 76)),
    ("ElicitationResult", Version(2, 1, 76)),
    ("TaskCreated", Version(2, 1, 84)),
    ("TaskCompleted", Version(2, 1, 33)),
    ("TeammateIdle", Version(2, 1, 33)),
    ("InstructionsLoaded", Version(2, 1, 69)),
    ("ConfigChange", Version(2, 1, 49)),
    ("CwdChanged", Version(2, 1, 83)),
];

/// From here on an event that Claude Code does not know costs nothing but its hook.
const FORGIVING: Version = Version(2, 1, 101);

/// From here on a hook may be an HTTP request.
const HTTP_HOOKS: Version = Version(2, 1, 63);

/// These are started before Claude Code can post anything: only commands are run for them.
const COMMANDS_ONLY: [&str; 2] = ["SessionStart", "Setup"];

/// Names in `env` which this program set: those that a person set are left alone, and stay when ours are taken out.
const MARKER: &str = "AGENT_INSPECTOR_SET";

/// Where telemetry goes. When one of them leads elsewhere, nothing is switched on: what a person asked is not for whoever
/// listens there.
const ENDPOINTS: [&str; 4] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
];

/// Where the settings lie.
pub(crate) fn path(project: bool) -> Result<PathBuf, Failure> {
    if project {
        return Ok(PathBuf::from(".claude/settings.json"));
    }
    let own = std::env::var_os("CLAUDE_CONFIG_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    match own {
        Some(dir) => Ok(dir.join("settings.json")),
        None => Ok(super::home()?.join(".claude/settings.json")),
    }
}

/// What is to be written where.
pub(super) fn plan(args: &Install, target: &Target) -> Result<Vec<Plan>, Failure> {
    let plan = Plan::read(path(args.project)?)?;
    let document = Document::parse(plan.before()).map_err(|error| plan.about(&error))?;
    let root = document.root()?;
    let mut done = Done::default();
    let edited = (|| {
        if args.uninstall {
            hooks::remove(&root, Agent::ClaudeCode)?;
            return unset(&root);
        }
        let wanted = wanted(args, target, &mut done)?;
        done.hooks = wanted.iter().map(|(event, _)| (*event).to_owned()).collect();
        hooks::set(&root, Agent::ClaudeCode, &wanted)?;
        set(&root, &telemetry(target, args.content), &mut done)
    })();
    edited.map_err(|error| plan.about(&error))?;
    if !args.uninstall {
        done.next.push("start a new session of Claude Code: settings are read when one begins".to_owned());
        if !target.is_local() {
            done.next.push(format!("set {} where Claude Code is started", crate::target::TOKEN));
        }
    }
    Ok(vec![plan.with(document.text(), done)])
}

fn wanted(args: &Install, target: &Target, done: &mut Done) -> Result<Vec<(&'static str, Handler)>, Failure> {
    let said = match &args.agent_version {
        Some(text) => Some(Version::parse(text).ok_or_else(|| format!("`{text}` is no version"))?),
        None => Version::of("claude"),
    };
    if said.is_none() {
        done.notes.push(format!(
            "`claude` is not on the PATH: only events that version {HTTP_HOOKS} knows are asked for; --agent-version says another"
        ));
    }
    let version = said.unwrap_or(HTTP_HOOKS);
    let known = |since: Version| version >= FORGIVING || version >= since;
    let http = args.hooks == HookKind::Http && version >= HTTP_HOOKS;
    let command = Handler::command(program::hook_command(Agent::ClaudeCode, args, target)?);
    let post = Handler::http(target.at("/hooks/claude-code"), !target.is_local());
    let handler = |event| {
        let handler = if http && !COMMANDS_ONLY.contains(&event) { &post } else { &command };
        match args.answer_permissions {
            Some(seconds) if event == PERMISSION => handler.clone().waiting(seconds),
            _ => handler.clone(),
        }
    };
    let events = EVENTS.iter().filter(|(_, since)| known(*since));
    Ok(events.map(|(event, _)| (*event, handler(*event))).collect())
}

/// What makes Claude Code send logs, metrics and spans.
fn telemetry(target: &Target, content: Content) -> Vec<(&'static str, String)> {
    let on = |name| (name, "1".to_owned());
    let otlp = |name| (name, "otlp".to_owned());
    let mut wanted = vec![
        on("CLAUDE_CODE_ENABLE_TELEMETRY"),
        // Spans are still called a beta.
        on("CLAUDE_CODE_ENHANCED_TELEMETRY_BETA"),
        otlp("OTEL_LOGS_EXPORTER"),
        otlp("OTEL_METRICS_EXPORTER"),
        otlp("OTEL_TRACES_EXPORTER"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf".to_owned()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", target.url.clone()),
    ];
    if content == Content::On {
        wanted.extend(["OTEL_LOG_USER_PROMPTS", "OTEL_LOG_TOOL_DETAILS", "OTEL_LOG_TOOL_CONTENT"].map(on));
    }
    wanted
}

fn ours(env: &CstObject) -> Vec<String> {
    let marker = text_in(env, MARKER).unwrap_or_default();
    marker.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn set(root: &CstObject, wanted: &[(&str, String)], done: &mut Done) -> Result<(), Failure> {
    let env = object_in(root, "env")?;
    let mut ours = ours(&env);
    let elsewhere = ENDPOINTS.into_iter().find_map(|name| {
        let set = text_in(&env, name).filter(|_| !ours.iter().any(|our| our == name))?;
        let same = wanted.iter().any(|(wanted, value)| *wanted == name && *value == set);
        (!same).then_some((name, set))
    });
    if let Some((name, set)) = elsewhere {
        unset(root)?;
        done.kept.push(format!("env.{name} = {set}"));
        done.notes.push(
            "telemetry goes elsewhere already and is left alone; the hooks report by themselves".to_owned(),
        );
        return Ok(());
    }
    // What an earlier call wanted and this one does not.
    ours.retain(|name| {
        let stays = wanted.iter().any(|(wanted, _)| wanted == name);
        if !stays && let Some(property) = env.get(name) {
            property.remove();
        }
        stays
    });
    for (name, value) in wanted {
        match env.get(name) {
            None => {
                env.append(name, text(value.as_str()));
                ours.push((*name).to_owned());
            }
            Some(property) if ours.iter().any(|our| our == name) => {
                if text_in(&env, name).as_ref() != Some(value) {
                    property.set_value(text(value.as_str()));
                }
            }
            Some(property) => {
                let set = property.value().map(|node| node.to_string()).unwrap_or_default();
                if text_in(&env, name).as_ref() != Some(value) {
                    done.kept.push(format!("env.{name} = {set} (wanted: {value})"));
                }
            }
        }
    }
    let marker = ours.join(",");
    match env.get(MARKER) {
        _ if marker.is_empty() => {}
        Some(property) if text_in(&env, MARKER).as_ref() != Some(&marker) => property.set_value(text(marker)),
        Some(_) => {}
        None => _ = env.append(MARKER, text(marker)),
    }
    Ok(())
}

/// Takes out what was set, and nothing else.
fn unset(root: &CstObject) -> Result<(), Failure> {
    let Some(property) = root.get("env") else { return Ok(()) };
    let env = property.object_value().ok_or("`env` is no object, so nothing was written")?;
    let ours = ours(&env);
    for name in ours.iter().map(String::as_str).chain([MARKER]) {
        if let Some(property) = env.get(name) {
            property.remove();
        }
    }
    if !ours.is_empty() && env.properties().is_empty() {
        property.remove();
    }
    Ok(())
}

/// Whether these settings send telemetry to this inspector.
pub(crate) fn sends_telemetry(settings: &Value, target: &Target) -> bool {
    settings["env"]["OTEL_EXPORTER_OTLP_ENDPOINT"]
        .as_str()
        .is_some_and(|url| url.trim_end_matches('/') == target.url)
        && settings["env"]["CLAUDE_CODE_ENABLE_TELEMETRY"].as_str() == Some("1")
}
