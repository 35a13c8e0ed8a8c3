//! The tools that a model could call.

use super::budget::Budget;
use super::flat;
use super::place::At;
use super::reader::Reader;
use super::tool;
use super::value::{Fields, Read, fields, is_list, items, opened, peek_text, read, take, take_text};
use crate::model::{AttributeValue, ContentField, ToolDefinition};

/// How deeply definitions are wrapped.
const MAX_WRAPPINGS: usize = 4;

/// Attributes that hold a list of definitions, or an object with one.
pub(super) const NAMES: [&str; 7] = [
    "gen_ai.tool.definitions",
    "llm.tools",
    "llm.request.functions",
    "ai.prompt.tools",
    "model_request_parameters",
    "llm.invocation_parameters",
    "gen_ai.request.tools",
];

/// Fields that hold the definitions, in what stands around them.
const HOLDERS: [&str; 6] =
    ["tools", "function_tools", "output_tools", "functions", "functionDeclarations", "function_declarations"];

/// Those of the first attribute that has any.
pub(super) fn found(reader: &mut Reader<'_>) -> Vec<ToolDefinition> {
    let span = reader.span;
    for name in NAMES {
        let mut definitions = Vec::new();
        let list = match span.attributes.get(name) {
            Some(value) => match value.as_str().map(read) {
                Some(Read::Json(json)) => json,
                Some(Read::Broken(_)) => {
                    reader.cannot_read(name);
                    continue;
                }
                Some(Read::Text(_)) => continue,
                None => value.clone(),
            },
            None => match flat::below(&span.attributes, name) {
                Some(tree) => tree,
                None => continue,
            },
        };
        read_list(list, &mut reader.budget, &mut definitions, 0);
        if !definitions.is_empty() {
            reader.told(ContentField::ToolDefinitions, name);
            return definitions;
        }
    }
    Vec::new()
}

fn read_list(value: AttributeValue, budget: &mut Budget, out: &mut Vec<ToolDefinition>, depth: usize) {
    if depth > MAX_WRAPPINGS {
        return;
    }
    if !is_list(&value) {
        let mut fields = fields(value).unwrap_or_default();
        for holder in HOLDERS {
            if let Some((_, list)) = take(&mut fields, &[holder]) {
                read_list(list, budget, out, depth + 1);
            }
        }
        return;
    }
    for (_, item) in items(value).unwrap_or_default() {
        // The Vercel AI SDK and OpenInference write each as JSON.
        if let Some(definition) = fields(opened(item)) {
            one(definition, budget, out, depth);
        }
    }
}

fn one(mut definition: Fields, budget: &mut Budget, out: &mut Vec<ToolDefinition>, depth: usize) {
    // Gemini puts a list where others have one.
    if HOLDERS.iter().any(|holder| definition.iter().any(|(name, _)| name == holder)) {
        return read_list(AttributeValue::Object(definition), budget, out, depth + 1);
    }
    for wrapper in ["tool", "json_schema", "function", "toolSpec"] {
        if let Some(inner) = take(&mut definition, &[wrapper]).and_then(|(_, inner)| fields(opened(inner))) {
            definition = inner;
        }
    }
    // A provider's own tool has a type and sometimes no name.
    let kind = peek_text(&definition, "type").map(str::to_owned);
    let Some(name) = take_text(&mut definition, &["name"]).or(kind) else { return };
    if !budget.message() {
        return;
    }
    let description = take_text(&mut definition, &["description"]).map(|text| budget.text(text));
    let schemas = [
        "parameters",
        "input_schema",
        "inputSchema",
        "parameters_json_schema",
        "parametersJsonSchema",
        "schema",
    ];
    let mut parameters = take(&mut definition, &schemas).map(|(_, value)| opened(value));
    // Bedrock says that it is JSON.
    if let Some(AttributeValue::Object(inner)) = &mut parameters
        && inner.len() == 1
        && let Some((_, json)) = take(inner, &["json"])
    {
        parameters = Some(json);
    }
    let parameters = parameters.map(|schema| tool::kept(schema, &At::attribute(""), budget));
    out.push(ToolDefinition { name: budget.text(name), description, parameters });
}
