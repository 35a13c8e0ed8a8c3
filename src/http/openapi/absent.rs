//! What is not there is left out.
//!
//! The schemas of optional fields allow `null` beside the value, because Serde would take it. Nothing here is ever
//! written as `null`, and a client made from the document should not have to expect it.

use serde_json::{Map, Value};

/// Takes `null` out of every schema that allows it beside something else.
pub(super) fn never_null(document: &mut Value) {
    match document {
        Value::Array(items) => items.iter_mut().for_each(never_null),
        Value::Object(object) => {
            object.values_mut().for_each(never_null);
            plain_type(object);
            plain_choice(object);
        }
        _ => {}
    }
}

/// `"type": ["string", "null"]`.
fn plain_type(schema: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = schema.get_mut("type") else { return };
    types.retain(|one| one != "null");
    if let [one] = types.as_mut_slice() {
        let one = one.take();
        schema.insert("type".to_owned(), one);
    }
}

/// `"oneOf": [{"type": "null"}, {"$ref": …}]`.
fn plain_choice(schema: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = schema.get_mut("oneOf") else { return };
    let before = choices.len();
    choices.retain(|one| one.get("type").is_none_or(|kind| kind != "null"));
    if choices.len() == before {
        return;
    }
    if let [Value::Object(one)] = choices.as_mut_slice() {
        let one = std::mem::take(one);
        schema.remove("oneOf");
        schema.extend(one);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_optional_value_is_the_value_or_not_there() {
        let mut document = json!({
            "text": {"type": ["string", "null"], "description": "x"},
            "other": {"oneOf": [{"type": "null"}, {"$ref": "#/x", "description": "y"}]},
            "choice": {"oneOf": [{"$ref": "#/a"}, {"$ref": "#/b"}]},
        });
        never_null(&mut document);
        let expected = json!({
            "text": {"type": "string", "description": "x"},
            "other": {"$ref": "#/x", "description": "y"},
            "choice": {"oneOf": [{"$ref": "#/a"}, {"$ref": "#/b"}]},
        });
        assert_eq!(document, expected);
    }
}
