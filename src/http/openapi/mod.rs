//! The contract as an OpenAPI 3.1 document, gathered from the handlers.

mod absent;
mod access;
mod bodies;
mod errors;
mod event;
mod token;
mod variants;

use std::sync::OnceLock;

use axum::extract::State;
use serde_json::{Value, json};
use utoipa::OpenApi as _;
use utoipa::openapi::{License, OpenApi};

use self::absent::never_null;
use self::access::tell_access;
use self::bodies::useful_bodies;
use self::errors::every_error_is_a_problem;
pub(super) use self::event::EventSchema;
use self::token::tell_token;
use self::variants::named_variants;
use super::mount::Mount;
use super::problem::Problem;
use super::reply::Json;
use super::state::AppState;
use crate::model::Span;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "agent-inspector", description = "The HTTP contract of agent-inspector, relative to its mount."),
    tags(
        (name = "sessions", description = "Runs of agents."),
        (name = "spans", description = "What happened within a session."),
        (name = "events", description = "What is happening, live and stored."),
        (name = "traces", description = "A session's spans as JSON lines."),
        (name = "search", description = "Finding spans and events by what stands in them."),
        (name = "control", description = "Answering and cancelling sessions."),
        (name = "otlp", description = "Spans from OpenTelemetry exporters."),
        (name = "health", description = "How the inspector is."),
        (name = "auth", description = "Signing in."),
        (name = "openapi", description = "This document."),
    ),
    components(schemas(Span)),
)]
struct Frame;

/// The document without paths; the router adds them.
pub(super) fn frame() -> OpenApi {
    let mut document = Frame::openapi();
    let mut license = License::new("MIT OR Apache-2.0");
    license.identifier = Some("MIT OR Apache-2.0".to_owned());
    document.info.license = Some(license);
    tell_token(&mut document);
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    document
}

/// The document for this mount; a server's address is never empty, also at the root.
fn served_at(mount: &Mount) -> Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    let gather = || {
        // Texts, numbers and lists always have a JSON form.
        let mut document = serde_json::to_value(super::routes().split_for_parts().1).unwrap_or_default();
        never_null(&mut document);
        useful_bodies(&mut document);
        every_error_is_a_problem(&mut document);
        named_variants(&mut document);
        tell_access(&mut document);
        document
    };
    let mut document = DOCUMENT.get_or_init(gather).clone();
    document["servers"] = json!([{ "url": mount.path() }]);
    document
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "get_openapi", tag = "openapi",
    responses(
        (status = 200, description = "The OpenAPI 3.1 document, with this mount as its server.", body = serde_json::Value),
        (status = 401, description = "The caller must sign in.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get_openapi(State(_): State<AppState>, mount: Mount) -> Result<Json, Problem> {
    Json::of(&served_at(&mount))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_response_is_described_and_every_operation_named() {
        let document = served_at(&Mount::root());
        let mut ids = std::collections::HashSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let what = format!("{method} {path}");
                let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
                assert!(!id.is_empty() && ids.insert(id), "{what} has no operation id of its own");
                assert!(operation["tags"][0].is_string(), "{what} has no tag");
                assert!(
                    operation["x-role"].is_string(),
                    "{what} is not in the table of what operations need"
                );
                for (status, response) in operation["responses"].as_object().unwrap() {
                    let description = response["description"].as_str().unwrap_or_default();
                    assert!(!description.is_empty(), "{what} does not describe {status}");
                }
            }
        }
        assert_eq!(document["openapi"], "3.1.0");
        assert!(!document.to_string().contains("\"null\""), "what is absent is left out");
        let any_other = &document["paths"]["/sessions"]["get"]["responses"]["default"];
        assert!(any_other["content"]["application/problem+json"].is_object());
        assert_eq!(
            document["paths"]["/ws"]["get"]["responses"].get("default"),
            None,
            "it has no success beside it"
        );
        assert_eq!(document["servers"][0]["url"], "/");
        assert_eq!(document["security"][0], json!({}), "the token is not always needed");
        assert_eq!(document["components"]["securitySchemes"]["bearer_token"]["scheme"], "bearer");
        for choice in ["Event", "SearchHit"] {
            let schema = &document["components"]["schemas"][choice];
            let variants = schema["oneOf"].as_array().unwrap();
            assert!(
                variants.iter().all(|variant| variant["$ref"].is_string()),
                "{choice}: a variant has no name"
            );
            assert_eq!(schema["discriminator"]["propertyName"], "type", "{choice}");
        }
        assert_eq!(document["info"]["license"]["identifier"], "MIT OR Apache-2.0");
    }
}
