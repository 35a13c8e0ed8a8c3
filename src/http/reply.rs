//! Answers that are JSON bytes.

use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::problem::Problem;

/// A JSON answer whose bytes are there already; large ones are written off the runtime's threads.
#[derive(Debug)]
pub(crate) struct Json(Vec<u8>);

impl Json {
    /// Writes `value`.
    pub(crate) fn of(value: &impl Serialize) -> Result<Self, Problem> {
        Self::of_about(0, value)
    }

    /// Writes `value`, which takes about so many bytes: megabytes that need not be moved while they grow.
    pub(crate) fn of_about(bytes: usize, value: &impl Serialize) -> Result<Self, Problem> {
        let mut json = Vec::with_capacity(bytes);
        match serde_json::to_writer(&mut json, value) {
            Ok(()) => Ok(Self(json)),
            // Only a type without a JSON form fails here; none of ours lacks one.
            Err(_) => Err(Problem::store_unavailable()),
        }
    }
}

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], self.0).into_response()
    }
}
