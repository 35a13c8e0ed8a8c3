//! JSON that stays as its writer wrote it: only what is changed is written anew.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject, CstRootNode};
use serde_json::Value;

use crate::Failure;

/// Windows' editors begin a file with it.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A JSON object with its spaces, its order and its line ends.
#[derive(Debug)]
pub(super) struct Document {
    root: CstRootNode,
    mark: bool,
}

impl Document {
    /// Reads it. An empty or absent file is an empty object; what is no JSON object is left alone.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, Failure> {
        let text = text.unwrap_or_default();
        let (mark, json) = match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(json) => (true, json),
            None => (false, text),
        };
        let json = if json.trim().is_empty() { "{}\n" } else { json };
        let malformed = |error: &dyn std::fmt::Display| {
            format!("the file is no valid JSON, so nothing was written: {error}")
        };
        // The agents' own reader has the last word on what JSON is; this one knows how it was written.
        let value: Value = serde_json::from_str(json).map_err(|error| malformed(&error))?;
        if !value.is_object() {
            return Err(malformed(&"an object is wanted"));
        }
        let root = CstRootNode::parse(json, &ParseOptions::default()).map_err(|error| malformed(&error))?;
        Ok(Self { root, mark })
    }

    /// The outermost object.
    pub(super) fn root(&self) -> Result<CstObject, Failure> {
        self.root.object_value().ok_or_else(|| "the file holds no object".to_owned())
    }

    /// The text with its changes.
    pub(super) fn text(&self) -> String {
        let mark = if self.mark { BYTE_ORDER_MARK.to_string() } else { String::new() };
        let mut text = mark + &self.root.to_string();
        if !text.ends_with('\n') && text.trim_end() == "{}" {
            text.push('\n');
        }
        text
    }
}

/// An object below `object`, made when it is not there.
pub(super) fn object_in(object: &CstObject, name: &str) -> Result<CstObject, Failure> {
    object
        .object_value_or_create(name)
        .ok_or_else(|| format!("`{name}` is no object, so nothing was written"))
}

/// A list below `object`, made when it is not there.
pub(super) fn array_in(object: &CstObject, name: &str) -> Result<CstArray, Failure> {
    object.array_value_or_create(name).ok_or_else(|| format!("`{name}` is no list, so nothing was written"))
}

/// The text under a name.
pub(super) fn text_in(object: &CstObject, name: &str) -> Option<String> {
    object.get(name)?.value()?.as_string_lit()?.decoded_value().ok()
}

/// What a node says, without how it is written.
pub(super) fn value_of(node: &CstNode) -> Value {
    serde_json::from_str(&node.to_string()).unwrap_or_default()
}

/// A value to be written. Its objects keep the order in which they are given.
pub(super) fn text(value: impl Into<String>) -> CstInputValue {
    CstInputValue::String(value.into())
}
