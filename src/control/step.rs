//! What a person says to a session that stopped at a checkpoint.

use serde::Deserialize;
use serde_json::Value;

use crate::registry::InvalidPart;

/// The signal that lets a stopped session go on.
pub(crate) const STEP_SIGNAL: &str = "inspector.step";

/// How the session is to go on.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub(crate) enum Command {
    /// To the next breakpoint.
    Continue,
    /// To its next checkpoint.
    Step,
    /// Without what it was about to do.
    Skip,
    /// Not at all.
    Abort,
    /// With a changed state, to the next breakpoint.
    Edit {
        /// What is changed, as a JSON Patch (RFC 6902): the rest stays as it is, also what the page does not show.
        patch: json_patch::Patch,
    },
}

impl Command {
    /// Reads what was sent.
    pub(crate) fn read(payload: &Value) -> Result<Self, InvalidPart> {
        serde_json::from_value(payload.clone()).map_err(|error| {
            let wanted = "an object is wanted with an `action` out of continue, step, skip, abort, edit";
            InvalidPart::new("", format!("{wanted} (the last with a `patch`, a JSON Patch): {error}"))
        })
    }

    /// The word for it.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::Step => "step",
            Self::Skip => "skip",
            Self::Abort => "abort",
            Self::Edit { .. } => "edit",
        }
    }
}

/// The state after a change.
///
/// # Errors
///
/// When the change does not fit the state; says where.
pub(crate) fn patched(state: &Value, patch: &json_patch::Patch) -> Result<Value, InvalidPart> {
    let mut changed = state.clone();
    json_patch::patch(&mut changed, patch)
        .map_err(|error| InvalidPart::new(format!("/patch/{}", error.operation), error.kind.to_string()))?;
    Ok(changed)
}
