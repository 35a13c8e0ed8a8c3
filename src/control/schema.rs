//! JSON Schema: whether an answer is what was asked for.

use std::fmt;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use crate::registry::InvalidPart;

/// The largest schema in bytes of JSON: it is shown with each wait.
pub(crate) const MAX_SCHEMA_BYTES: usize = 64 * 1024;

/// How many wrong parts of an answer are told.
const MAX_PARTS: usize = 50;

/// The longest message about a wrong part, in characters: it may quote the answer.
const MAX_MESSAGE_CHARS: usize = 500;

/// A schema, ready to check.
pub(crate) struct AnswerSchema {
    source: Value,
    validator: Validator,
}

impl AnswerSchema {
    /// Compiles a schema. It may refer to itself, and to nothing elsewhere: nothing is fetched.
    ///
    /// # Errors
    ///
    /// When it is no schema or too large; says why.
    pub(crate) fn new(source: Value) -> Result<Self, String> {
        if serde_json::to_vec(&source).map_or(usize::MAX, |json| json.len()) > MAX_SCHEMA_BYTES {
            return Err(format!("it is larger than {MAX_SCHEMA_BYTES} bytes"));
        }
        let validator = jsonschema::options()
            // Expressions that take time linear in the text: an answer is a stranger's.
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .build(&source)
            .map_err(|error| error.to_string())?;
        Ok(Self { source, validator })
    }

    /// The schema as it was given.
    pub(crate) const fn source(&self) -> &Value {
        &self.source
    }

    /// What is wrong with an answer, by part.
    pub(crate) fn check(&self, answer: &Value) -> Result<(), Vec<InvalidPart>> {
        let wrong: Vec<_> = self
            .validator
            .iter_errors(answer)
            .take(MAX_PARTS)
            .map(|error| InvalidPart::new(error.instance_path().to_string(), shortened(&error.to_string())))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

fn shortened(message: &str) -> String {
    match message.char_indices().nth(MAX_MESSAGE_CHARS) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}

impl fmt::Debug for AnswerSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnswerSchema").field(&self.source).finish()
    }
}
