//! `doctor`: whether the inspector is there and agents report to it, and what to do where they do not.

mod agents;

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::Failure;
use crate::args::Doctor;
use crate::ask::{Ask, Unanswered};
use crate::say::{self, harmless};
use crate::target::Target;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Ok,
    Warn,
    Fail,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }

    const fn colour(self) -> &'static str {
        match self {
            Self::Ok => "32",
            Self::Warn => "33",
            Self::Fail => "31",
        }
    }
}

/// One check.
#[derive(Debug)]
struct Check {
    name: String,
    level: Level,
    says: String,
    todo: Option<String>,
}

impl Check {
    fn ok(name: &str, says: impl Into<String>) -> Self {
        Self { name: name.to_owned(), level: Level::Ok, says: says.into(), todo: None }
    }

    fn warn(name: &str, says: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { level: Level::Warn, todo: Some(todo.into()), ..Self::ok(name, says) }
    }

    fn fail(name: &str, says: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { level: Level::Fail, ..Self::warn(name, says, todo) }
    }
}

/// Looks, and says.
pub(crate) fn doctor(args: &Doctor) -> Result<ExitCode, Failure> {
    let target = Target::of(&args.inspector)?;
    let ask = Ask::new(&target);
    let (mut checks, reachable) = inspector(&ask, &target);
    checks.push(exporters(&target));
    checks.extend(agents::checks(reachable.then_some(&ask), &target));
    let failed = checks.iter().any(|check| check.level == Level::Fail);
    if args.json {
        tell_json(&checks, !failed);
    } else {
        tell(&checks);
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Whether it is there, and lets us in.
fn inspector(ask: &Ask<'_>, target: &Target) -> (Vec<Check>, bool) {
    let health = match ask.json("/health") {
        Ok(health) => health,
        Err(why) => {
            let todo = "start it with `agent-inspector serve`, or say where it is with --url";
            let says = format!("nothing answers at {}: {why}", target.url);
            return (vec![Check::fail("inspector", says, todo)], false);
        }
    };
    let own = env!("CARGO_PKG_VERSION");
    let version = harmless(health["version"].as_str().unwrap_or("unknown"), 40).into_owned();
    let mut checks = vec![if version == own {
        Check::ok("inspector", format!("{} answers, version {version}", target.url))
    } else {
        let says = format!("{} has version {version}, this program {own}", target.url);
        Check::warn("inspector", says, "use the same version of both")
    }];
    let status = health["status"].as_str().unwrap_or("unknown");
    if status != "ok" {
        let says = format!("it says it is {}", harmless(status, 40));
        checks.push(Check::warn("health", says, format!("read {}", target.at("/health"))));
    }
    match ask.json("/sessions?limit=1") {
        Ok(_) => {
            let with = if target.token.is_some() { "with the token" } else { "without a token" };
            checks.push(Check::ok("access", format!("it lets this program in {with}")));
            (checks, true)
        }
        Err(Unanswered::Refused(401 | 403, why)) => {
            let todo = "give its token with --token-file or AGENT_INSPECTOR_TOKEN";
            checks.push(Check::fail("access", format!("it does not let this program in: {why}"), todo));
            (checks, false)
        }
        Err(why) => {
            let todo = format!("read {}", target.at("/health"));
            checks.push(Check::fail("access", format!("the list of sessions cannot be had: {why}"), todo));
            (checks, false)
        }
    }
}

/// Whether exporters that were told nothing are heard.
fn exporters(target: &Target) -> Check {
    /// An OTLP request without a span in it.
    const NOTHING: &[u8] = br#"{"resourceSpans":[]}"#;
    let name = "port 4318";
    if !target.is_local() {
        return Check::ok(name, "not asked: the inspector is on another machine");
    }
    let default = Target { url: "http://127.0.0.1:4318".to_owned(), token: target.token.clone() };
    match Ask::new(&default).post("/v1/traces", NOTHING) {
        Ok(_) => Check::ok(name, "OpenTelemetry exporters with their default settings are heard"),
        Err(why) => Check::warn(
            name,
            format!("OpenTelemetry exporters with their default settings are not heard: {why}"),
            format!(
                "set OTEL_EXPORTER_OTLP_ENDPOINT={} for them, or free the port and start `serve` again",
                target.url
            ),
        ),
    }
}

fn tell(checks: &[Check]) {
    let colours = say::colours();
    for check in checks {
        let word = format!("{:<4}", check.level.word());
        let word = if colours { format!("\u{1b}[{}m{word}\u{1b}[0m", check.level.colour()) } else { word };
        say::line(&format!("{word} {}: {}", check.name, harmless(&check.says, 500)));
        if let Some(todo) = &check.todo {
            say::line(&format!("     -> {todo}"));
        }
    }
}

fn tell_json(checks: &[Check], ok: bool) {
    let checks: Vec<Value> = checks
        .iter()
        .map(|check| {
            json!({ "name": check.name, "level": check.level.word(), "says": check.says, "todo": check.todo })
        })
        .collect();
    say::line(&json!({ "ok": ok, "checks": checks }).to_string());
}
