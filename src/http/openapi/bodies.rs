//! What is told of the bodies of requests and answers.
//!
//! Generated clients read JSON, and hand everything else over as it comes. So a body that is not JSON is described as
//! bytes: a client streams it instead of trying to parse it, or taking it for a list of numbers.

use serde_json::{Map, Value, json};

/// The schema of JSON bodies whose form is told elsewhere.
const OBJECT: &str = "JsonObject";

/// Describes each body of which the handlers' types tell nothing that a client could use.
pub(super) fn useful_bodies(document: &mut Value) {
    let mut has_objects = false;
    for body in bodies(document) {
        has_objects |= describe(body);
    }
    if has_objects {
        document["components"]["schemas"][OBJECT] = json!({
            "type": "object",
            "description": "A JSON object whose form is told by another specification.",
            "additionalProperties": true,
        });
    }
}

/// Of every operation the request's body and the answers.
fn bodies(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let operations = members(&mut document["paths"]).flat_map(|(_, path)| members(path));
    operations.flat_map(|(_, operation)| members(operation)).flat_map(|(part, value)| match part.as_str() {
        "responses" => members(value).map(|(_, answer)| answer).collect(),
        "requestBody" => vec![value],
        _ => Vec::new(),
    })
}

fn members(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flat_map(Map::iter_mut)
}

/// Tells whether one of the body's forms is an object that is told of elsewhere.
fn describe(body: &mut Value) -> bool {
    let mut has_objects = false;
    for (media_type, form) in body.get_mut("content").into_iter().flat_map(members) {
        if !media_type.ends_with("json") || media_type.ends_with("ndjson") {
            form["schema"] = json!({ "type": "string", "format": "binary" });
        } else if form.get("schema").is_none_or(|schema| schema.as_object().is_some_and(Map::is_empty)) {
            form["schema"] = json!({ "$ref": format!("#/components/schemas/{OBJECT}") });
            has_objects = true;
        }
    }
    has_objects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_not_json_is_bytes_and_one_of_unknown_form_an_object() {
        let mut document = json!({
            "components": {"schemas": {}},
            "paths": {"/x": {"post": {
                "requestBody": {"content": {
                    "application/json": {"schema": {}},
                    "application/x-protobuf": {"schema": {"type": "array", "items": {"type": "integer"}}},
                }},
                "responses": {
                    "200": {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}},
                    "204": {"description": "done"},
                    "404": {"content": {"application/problem+json": {"schema": {"$ref": "#/p"}}}},
                },
            }}},
        });
        useful_bodies(&mut document);
        let bytes = json!({"type": "string", "format": "binary"});
        let post = &document["paths"]["/x"]["post"];
        let request = &post["requestBody"]["content"];
        assert_eq!(request["application/x-protobuf"]["schema"], bytes);
        assert_eq!(request["application/json"]["schema"]["$ref"], "#/components/schemas/JsonObject");
        assert_eq!(post["responses"]["200"]["content"]["application/x-ndjson"]["schema"], bytes);
        assert_eq!(post["responses"]["404"]["content"]["application/problem+json"]["schema"]["$ref"], "#/p");
        assert_eq!(document["components"]["schemas"]["JsonObject"]["additionalProperties"], true);
    }
}
