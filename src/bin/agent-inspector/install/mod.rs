//! `install`: an agent's own settings, so that it reports to the inspector.
//!
//! These files belong to a person. What stands in them stays as it was written; a copy is left beside each file that is
//! changed; what was set before is not overwritten but named.

pub(crate) mod claude_code;
pub(crate) mod codex;
mod document;
pub(crate) mod hooks;
mod program;
mod settings;
pub(crate) mod version;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use self::settings::Settings;
use crate::Failure;
use crate::args::{Agent, Install};
use crate::say;
use crate::target::Target;

/// What is to become of one file.
#[derive(Debug)]
struct Plan {
    /// As it is called, which may be a link.
    name: PathBuf,
    settings: Settings,
    after: String,
    done: Done,
}

/// What to tell of it.
#[derive(Debug, Default)]
struct Done {
    /// Events that are reported.
    hooks: Vec<String>,
    /// What somebody else had set, and stays.
    kept: Vec<String>,
    /// What else to know.
    notes: Vec<String>,
    /// What to do now.
    next: Vec<String>,
}

impl Plan {
    fn read(name: PathBuf) -> Result<Self, Failure> {
        let settings = Settings::read(&name)?;
        Ok(Self { name, settings, after: String::new(), done: Done::default() })
    }

    fn before(&self) -> Option<&str> {
        self.settings.text()
    }

    fn with(self, after: String, done: Done) -> Self {
        Self { after, done, ..self }
    }

    /// A failure that has to do with this file.
    fn about(&self, failure: &str) -> Failure {
        format!("{}: {failure}", self.settings.path().display())
    }

    /// Whether there is anything to write. An empty file in place of none is nothing.
    fn changes(&self) -> bool {
        match self.before() {
            Some(before) => before != self.after,
            None => !matches!(self.after.trim(), "" | "{}"),
        }
    }
}

/// Writes the settings, or takes out what was written.
pub(crate) fn install(args: &Install) -> Result<ExitCode, Failure> {
    let target = Target::of(&args.inspector)?;
    let plans = match args.agent {
        Agent::ClaudeCode => claude_code::plan(args, &target)?,
        Agent::Codex => codex::plan(args, &target)?,
    };
    // Every file was read and understood before the first one is written.
    let mut backups = Vec::new();
    for plan in &plans {
        let write = plan.changes() && !args.dry_run;
        let check = |written: &str| {
            if written == plan.after {
                Ok(())
            } else {
                Err("what was written is not what stands there".to_owned())
            }
        };
        backups.push(if write { plan.settings.replace(&plan.after, check)? } else { None });
    }
    if args.json {
        tell_json(args, &plans, &backups);
    } else {
        tell(args, &plans, &backups);
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(args: &Install, plans: &[Plan], backups: &[Option<PathBuf>]) {
    for (plan, backup) in plans.iter().zip(backups) {
        let name = plan.name.display();
        match (plan.changes(), args.dry_run) {
            (false, _) => say::line(&format!("{name}: nothing to change")),
            (true, true) => {
                say::line(&format!("{name}: would be written:"));
                say::bytes(plan.after.as_bytes());
            }
            (true, false) => say::line(&format!("{name}: written")),
        }
        if let Some(backup) = backup {
            say::line(&format!("  what stood there before: {}", backup.display()));
        }
        if !plan.done.hooks.is_empty() {
            say::line(&format!("  hooks: {}", plan.done.hooks.join(", ")));
        }
        for kept in &plan.done.kept {
            say::line(&format!("  set before, and kept: {kept}"));
        }
        for note in &plan.done.notes {
            say::line(&format!("  note: {note}"));
        }
    }
    if plans.iter().any(Plan::changes) {
        for next in plans.iter().flat_map(|plan| &plan.done.next) {
            say::line(&format!("next: {next}"));
        }
    }
}

fn tell_json(args: &Install, plans: &[Plan], backups: &[Option<PathBuf>]) {
    let files: Vec<_> = plans
        .iter()
        .zip(backups)
        .map(|(plan, backup)| {
            json!({
                "path": plan.name, "changed": plan.changes(), "written": plan.changes() && !args.dry_run,
                "backup": backup, "hooks": plan.done.hooks, "kept": plan.done.kept, "notes": plan.done.notes,
                "next": plan.done.next,
            })
        })
        .collect();
    let agent = args.agent.name();
    say::line(&json!({ "agent": agent, "uninstall": args.uninstall, "files": files }).to_string());
}

/// The person's home.
fn home() -> Result<PathBuf, Failure> {
    std::env::home_dir()
        .filter(|home| !home.as_os_str().is_empty())
        .ok_or_else(|| "there is no home directory".to_owned())
}

/// A path that holds wherever a hook is started.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}
