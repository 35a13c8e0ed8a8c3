//! Choices that clients in other languages can tell apart.
//!
//! A tagged enum comes as a choice between schemas, of which each allows one value of the tag. Generators name a type after
//! a schema, so each variant needs one with a name; they choose by a discriminator, so the choice needs one; and some look
//! for the tag at the choice itself. All of it is gathered from the schemas, so that it holds for every enum of the model.

use serde_json::{Map, Value, json};

/// The property that tells variants apart, in all our enums.
const TAG: &str = "type";

/// Names the variants of every tagged choice among the document's schemas, and says how to tell them apart.
pub(super) fn named_variants(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
        return;
    };
    let choices: Vec<String> = schemas.keys().cloned().collect();
    for name in choices {
        flatten_variants(schemas, &name);
        name_variants(schemas, &name);
        tell_apart(schemas, &name);
    }
}

/// Makes one object of each variant that is another schema with a tag beside it.
fn flatten_variants(schemas: &mut Map<String, Value>, choice: &str) {
    let Some(Value::Array(variants)) = schemas.get(choice).and_then(|schema| schema.get("oneOf")) else {
        return;
    };
    let flat: Vec<Value> = variants.iter().map(|variant| flattened(schemas, variant)).collect();
    schemas[choice]["oneOf"] = Value::Array(flat);
}

fn flattened(schemas: &Map<String, Value>, variant: &Value) -> Value {
    let Some(parts) =
        variant["allOf"].as_array().filter(|parts| parts.iter().any(|part| only_tag(part).is_some()))
    else {
        return variant.clone();
    };
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for part in parts {
        let named = part["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        let part = named.and_then(|name| schemas.get(name)).unwrap_or(part);
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
    }
    let mut flat = json!({ "type": "object", "properties": properties, "required": required });
    if let Some(description) = variant.get("description") {
        flat["description"] = description.clone();
    }
    flat
}

/// Gives each variant that stands within the choice a schema of its own: `SpanSearchHit` for `span` of `SearchHit`.
fn name_variants(schemas: &mut Map<String, Value>, choice: &str) {
    let Some(Value::Array(variants)) = schemas.get(choice).and_then(|schema| schema.get("oneOf")) else {
        return;
    };
    let tags: Option<Vec<String>> =
        variants.iter().map(|variant| only_tag(variant).map(str::to_owned)).collect();
    let Some(tags) = tags else { return };
    let names: Vec<String> = tags.iter().map(|tag| format!("{}{choice}", camel_case(tag))).collect();
    let references = names.iter().map(|name| json!({ "$ref": reference(name) })).collect();
    let mapping: Map<String, Value> =
        tags.into_iter().zip(&names).map(|(tag, name)| (tag, reference(name).into())).collect();
    let variants = schemas[choice]["oneOf"].take();
    schemas[choice]["oneOf"] = Value::Array(references);
    schemas[choice]["discriminator"] = json!({ "propertyName": TAG, "mapping": mapping });
    if let Value::Array(variants) = variants {
        schemas.extend(names.into_iter().zip(variants));
    }
}

/// Writes the tag of a choice where generators look for it: in the choice, and as a constant in each variant.
fn tell_apart(schemas: &mut Map<String, Value>, choice: &str) {
    let Some(mapping) = schemas[choice].pointer("/discriminator/mapping").and_then(Value::as_object) else {
        return;
    };
    let variants: Vec<String> = mapping
        .values()
        .filter_map(Value::as_str)
        .filter_map(|reference| reference.rsplit('/').next())
        .map(str::to_owned)
        .collect();
    schemas[choice]["properties"] =
        json!({ TAG: { "type": "string", "description": "Which of them it is." } });
    schemas[choice]["required"] = json!([TAG]);
    for variant in variants {
        let Some(variant) = schemas.get_mut(&variant) else { continue };
        let Some(tag) = only_tag(variant).map(str::to_owned) else { continue };
        variant["properties"][TAG] = json!({ "type": "string", "const": tag });
    }
}

/// The one value that a variant allows for its tag.
fn only_tag(variant: &Value) -> Option<&str> {
    match variant["properties"][TAG]["enum"].as_array()?.as_slice() {
        [tag] => tag.as_str(),
        _ => None,
    }
}

fn reference(schema: &str) -> String {
    format!("#/components/schemas/{schema}")
}

/// `tool_call` as `ToolCall`.
fn camel_case(tag: &str) -> String {
    let words = tag.split('_').filter_map(|word| word.split_at_checked(1));
    words.map(|(first, rest)| first.to_uppercase() + rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variant_has_a_name_and_a_constant_tag_and_the_choice_a_discriminator() {
        let variant = |tag: &str| json!({ "properties": { "type": { "type": "string", "enum": [tag] } } });
        let mut document = json!({ "components": { "schemas": {
            "Hit": { "oneOf": [variant("span"), variant("log_line")] },
            "Plain": { "oneOf": [{ "type": "string" }, { "type": "integer" }] },
            "Status": { "type": "string", "enum": ["ok"] },
        } } });
        let with = json!({ "allOf": [{ "$ref": "#/components/schemas/Media" }, variant("image")], "description": "A picture." });
        document["components"]["schemas"]["Media"] =
            json!({ "properties": { "uri": { "type": "string" } }, "required": ["uri"] });
        document["components"]["schemas"]["Hit"]["oneOf"].as_array_mut().unwrap().push(with);
        let plain = document["components"]["schemas"]["Plain"].clone();
        named_variants(&mut document);
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["Hit"]["oneOf"][1]["$ref"], "#/components/schemas/LogLineHit");
        assert_eq!(schemas["Hit"]["discriminator"]["mapping"]["log_line"], "#/components/schemas/LogLineHit");
        assert_eq!(schemas["Hit"]["required"], json!(["type"]));
        assert_eq!(
            schemas["LogLineHit"]["properties"]["type"],
            json!({ "type": "string", "const": "log_line" })
        );
        assert_eq!(schemas["SpanHit"]["properties"]["type"]["const"], "span");
        assert_eq!(schemas["ImageHit"]["properties"]["uri"]["type"], "string");
        assert_eq!(
            (&schemas["ImageHit"]["required"], &schemas["ImageHit"]["description"]),
            (&json!(["uri"]), &json!("A picture."))
        );
        assert_eq!(schemas["Plain"], plain);
    }
}
