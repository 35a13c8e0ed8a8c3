//! Whether the agents on this machine report.

use std::path::PathBuf;

use serde_json::Value;

use super::Check;
use crate::Failure;
use crate::args::Agent;
use crate::ask::Ask;
use crate::install::version::Version;
use crate::install::{claude_code, codex, hooks};
use crate::say::harmless;
use crate::target::Target;

/// All of them.
pub(super) fn checks(ask: Option<&Ask<'_>>, target: &Target) -> Vec<Check> {
    let mut checks = Vec::new();
    for (agent, program) in [(Agent::ClaudeCode, "claude"), (Agent::Codex, "codex")] {
        let version = Version::of(program);
        let name = agent.name();
        checks.push(match version {
            Some(version) => Check::ok(name, format!("`{program}` on the PATH has version {version}")),
            None => Check::ok(name, format!("there is no `{program}` on the PATH")),
        });
        let settings = settings(agent);
        let hooked = match &settings {
            Ok(settings) => settings.iter().any(|(_, json)| !hooks::installed(json, agent).is_empty()),
            Err(_) => false,
        };
        checks.extend(installed(agent, version.is_some(), &settings, target));
        if let Some(ask) = ask.filter(|_| hooked) {
            checks.push(heard(ask, agent));
        }
    }
    checks
}

/// A settings file and what stands in it.
type Read = (PathBuf, Value);

/// The settings files of an agent that are there: the person's and the project's.
fn settings(agent: Agent) -> Result<Vec<Read>, Failure> {
    let paths = match agent {
        Agent::ClaudeCode => [claude_code::path(false)?, claude_code::path(true)?],
        Agent::Codex => [codex::dir(false)?.join("hooks.json"), codex::dir(true)?.join("hooks.json")],
    };
    let mut found = Vec::new();
    for path in paths {
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let text = text.trim_start_matches('\u{feff}');
                let json =
                    serde_json::from_str(text).map_err(|error| format!("{}: {error}", path.display()))?;
                found.push((path, json));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{}: {error}", path.display())),
        }
    }
    Ok(found)
}

fn installed(
    agent: Agent,
    there: bool,
    settings: &Result<Vec<Read>, Failure>,
    target: &Target,
) -> Vec<Check> {
    let name = format!("{} settings", agent.name());
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => {
            return vec![Check::fail(&name, error.as_str(), "mend the file; the agent ignores it as it is")];
        }
    };
    let with_hooks: Vec<_> = settings
        .iter()
        .map(|(path, json)| (path, json, hooks::installed(json, agent)))
        .filter(|(.., events)| !events.is_empty())
        .collect();
    if with_hooks.is_empty() {
        if !there {
            return Vec::new();
        }
        let todo = format!("`agent-inspector install {}`", agent.name());
        return vec![Check::warn(&name, "its hooks do not report to an inspector", todo)];
    }
    let mut checks = Vec::new();
    for (path, json, events) in with_hooks {
        let says = format!("{}: {} hooks report", path.display(), events.len());
        let elsewhere = other_address(json, target, agent);
        checks.push(match elsewhere {
            Some(other) => Check::warn(
                &name,
                format!("{says}, but to {}", harmless(&other, 200)),
                format!("`agent-inspector install {} --url {}`", agent.name(), target.url),
            ),
            None if agent == Agent::ClaudeCode && !claude_code::sends_telemetry(json, target) => {
                Check::ok(&name, format!("{says}; telemetry does not"))
            }
            None => Check::ok(&name, says),
        });
    }
    checks
}

/// The address that a hook posts to, when it is not this inspector's.
fn other_address(settings: &Value, target: &Target, agent: Agent) -> Option<String> {
    let wanted = target.at(&format!("/hooks/{}", agent.name()));
    let groups =
        settings["hooks"].as_object()?.values().flat_map(|groups| groups.as_array().into_iter().flatten());
    let handlers = groups.flat_map(|group| group["hooks"].as_array().into_iter().flatten());
    let mut urls = handlers.filter_map(|handler| handler["url"].as_str());
    let end = format!("/hooks/{}", agent.name());
    urls.find(|url| url.ends_with(&end) && **url != *wanted).map(str::to_owned)
}

/// When the last session of an agent was heard of.
fn heard(ask: &Ask<'_>, agent: Agent) -> Check {
    let name = format!("{} sessions", agent.name());
    let todo = match agent {
        Agent::ClaudeCode => "start a new session of Claude Code: settings are read when one begins",
        Agent::Codex => "open /hooks in codex and trust the hooks: none runs before",
    };
    match ask.json(&format!("/sessions?engine={}&limit=1", agent.name())) {
        Ok(page) => match page["sessions"][0]["started_at"].as_str() {
            Some(at) => Check::ok(&name, format!("the newest began at {}", harmless(at, 40))),
            None => Check::warn(&name, "none was heard of yet", todo),
        },
        Err(why) => Check::warn(&name, format!("cannot be asked for: {why}"), todo),
    }
}
