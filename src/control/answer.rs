//! What a host waits for, and why it may get something else.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// A type that a person can answer with: one that is read from JSON and says how that JSON must look.
///
/// Every type with `#[derive(Deserialize, JsonSchema)]` is one, by the crate `schemars` (version 1), which is also
/// [`agent_inspector::schemars`](crate::schemars). Without it a type can say its schema itself:
///
/// ```
/// use agent_inspector::Answer;
///
/// #[derive(serde::Deserialize)]
/// struct Approval {
///     approved: bool,
/// }
///
/// impl Answer for Approval {
///     fn schema() -> serde_json::Value {
///         serde_json::json!({
///             "type": "object",
///             "properties": { "approved": { "type": "boolean", "title": "Approve?" } },
///             "required": ["approved"],
///         })
///     }
/// }
/// ```
pub trait Answer: DeserializeOwned {
    /// A JSON Schema, draft 2020-12 unless its `$schema` says otherwise. The page draws its form from it, and what does not
    /// fit it is refused before the host sees it.
    fn schema() -> Value;
}

impl<T: DeserializeOwned + schemars::JsonSchema> Answer for T {
    fn schema() -> Value {
        let settings = schemars::generate::SchemaSettings::draft2020_12().with(|settings| {
            // A form is drawn from it, and is easier to draw when nothing is elsewhere.
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        });
        settings.into_generator().into_root_schema_for::<T>().to_value()
    }
}

/// Why a wait ended without an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// A person said no, perhaps with a reason.
    #[error("denied{}", .0.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    Denied(Option<String>),
    /// Nobody answered in time.
    #[error("nobody answered in time")]
    TimedOut,
    /// The session was cancelled, or ended, while it waited.
    #[error("the session was cancelled while it waited")]
    Cancelled,
    /// Nobody can answer: the inspector is disabled, or [`MAX_OPEN_WAITS`](super::MAX_OPEN_WAITS) waits are open.
    #[error("nobody can answer: {0}")]
    Unavailable(&'static str),
    /// The JSON Schema is none, so that no answer could be checked.
    #[error("the schema cannot be used: {0}")]
    InvalidSchema(String),
}
