//! What is told of errors.
//!
//! Handlers name the errors that are theirs. Others come from before them (who may ask, which host name, which method), and
//! have the same form; a client that knows it can read them all.

use serde_json::{Map, Value, json};

/// Says of every operation that any other error is a `Problem` too.
pub(super) fn every_error_is_a_problem(document: &mut Value) {
    let paths = document["paths"].as_object_mut();
    let operations = paths.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut);
    for operation in operations.flat_map(Map::values_mut) {
        let Some(answers) = operation["responses"].as_object_mut() else { continue };
        // Without an answer of success beside it, generators would take it for that.
        if answers.keys().any(|status| status.starts_with('2')) {
            answers.insert(
                "default".to_owned(),
                json!({
                    "description": "Any other error.",
                    "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
                }),
            );
        }
    }
}
