//! Masking secrets in everything a span holds.

use serde::de::IgnoredAny;

use super::MASK;
use super::name::{Sensitivity, is_secret, sensitivity};
use super::pattern;
use crate::model::{AttributeValue, Attributes, Span};

/// How often JSON may lie in a text of JSON; deeper, it is read as plain text.
const MAX_NESTED_TEXTS: usize = 4;

/// The shortest name in bytes that is searched for a secret: `Bearer` and a token.
const SHORTEST_SECRET_NAME: usize = 13;

/// Masks and counts.
#[derive(Default)]
pub(super) struct Masker {
    masked: u32,
    nested: usize,
}

impl Masker {
    /// How much was masked.
    pub(super) const fn masked(&self) -> u32 {
        self.masked
    }

    /// Masks in a whole span. Its ids, times and numbers hold no secrets.
    pub(super) fn span(&mut self, span: &mut Span) {
        self.string(&mut span.name);
        self.string(&mut span.scope.name);
        self.optional(&mut span.scope.version);
        for text in [&mut span.trace_state, &mut span.status.message, &mut span.model, &mut span.provider] {
            self.optional(text);
        }
        for text in [&mut span.agent, &mut span.tool] {
            self.optional(text);
        }
        if let Some(error) = &mut span.error {
            self.optional(&mut error.kind);
            self.optional(&mut error.message);
        }
        self.attributes(&mut span.attributes);
        self.attributes(&mut span.resource);
        for event in &mut span.events {
            self.string(&mut event.name);
            self.attributes(&mut event.attributes);
        }
        for link in &mut span.links {
            self.attributes(&mut link.attributes);
        }
    }

    /// Masks in attributes.
    pub(super) fn attributes(&mut self, attributes: &mut Attributes) {
        for (name, value) in attributes.iter_mut() {
            self.named(name, value);
        }
        attributes.rename(|name| self.key(name));
    }

    /// The name without its secrets; `None` when it holds none.
    fn key(&mut self, name: &str) -> Option<String> {
        // Nearly all names are short, and no secret is.
        if name.len() < SHORTEST_SECRET_NAME { None } else { self.text(name) }
    }

    fn optional(&mut self, text: &mut Option<String>) {
        if let Some(text) = text {
            self.string(text);
        }
    }

    fn string(&mut self, text: &mut String) {
        if let Some(masked) = self.text(text) {
            *text = masked;
        }
    }

    fn named(&mut self, name: &str, value: &mut AttributeValue) {
        match sensitivity(name) {
            Some(sensitivity) => self.hide(sensitivity, value),
            None => self.value(value),
        }
    }

    fn value(&mut self, value: &mut AttributeValue) {
        match value {
            AttributeValue::String(text) => self.string(text),
            AttributeValue::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            AttributeValue::Object(items) => {
                for (name, item) in items {
                    self.named(name, item);
                    if let Some(masked) = self.key(name) {
                        *name = masked;
                    }
                }
            }
            // Base64 would hide a secret from the eye, not from a reader.
            AttributeValue::Bytes(bytes) => {
                if std::str::from_utf8(bytes).is_ok_and(|text| self.text(text).is_some()) {
                    *value = AttributeValue::Static(MASK);
                }
            }
            // A text that the compiler knows is no secret.
            AttributeValue::Static(_)
            | AttributeValue::Null
            | AttributeValue::Bool(_)
            | AttributeValue::Int(_)
            | AttributeValue::Double(_) => {}
        }
    }

    /// Masks a value that stands behind a sensitive name. Of a list or map, everything in it.
    fn hide(&mut self, sensitivity: Sensitivity, value: &mut AttributeValue) {
        let secret = match value {
            AttributeValue::String(text) if is_secret(sensitivity, text) => true,
            AttributeValue::String(_) => return self.value(value),
            AttributeValue::Int(_) | AttributeValue::Double(_) | AttributeValue::Bytes(_) => {
                sensitivity == Sensitivity::Secret
            }
            AttributeValue::Array(items) => {
                return items.iter_mut().for_each(|item| self.hide(sensitivity, item));
            }
            AttributeValue::Object(items) => {
                return items.iter_mut().for_each(|(_, item)| self.hide(sensitivity, item));
            }
            AttributeValue::Static(_) | AttributeValue::Null | AttributeValue::Bool(_) => false,
        };
        if secret {
            self.masked += 1;
            *value = AttributeValue::Static(MASK);
        }
    }

    /// The text without its secrets; `None` when it holds none.
    pub(super) fn text(&mut self, text: &str) -> Option<String> {
        if self.nested < MAX_NESTED_TEXTS && may_be_json(text) {
            if !pattern::is_suspicious(text) {
                return None;
            }
            if let Ok(mut json) = serde_json::from_str::<AttributeValue>(text) {
                let before = self.masked;
                self.nested += 1;
                self.value(&mut json);
                self.nested -= 1;
                return (self.masked > before).then(|| written(&json));
            }
            // JSON that is too deep to be read: masking it as plain text could break it.
            if serde_json::from_str::<IgnoredAny>(text).is_ok() {
                self.masked += 1;
                return Some(format!("\"{MASK}\""));
            }
        }
        let secrets = pattern::find(text);
        if secrets.is_empty() {
            return None;
        }
        let mut masked = String::with_capacity(text.len());
        let mut copied = 0;
        for secret in &secrets {
            masked.push_str(&text[copied..secret.start]);
            masked.push_str(MASK);
            copied = secret.end;
        }
        masked.push_str(&text[copied..]);
        self.masked += u32::try_from(secrets.len()).unwrap_or(u32::MAX);
        Some(masked)
    }

    /// Masks in JSON.
    pub(super) fn json(&mut self, value: &mut serde_json::Value) {
        use serde_json::Value;
        match value {
            Value::String(text) => self.string(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::Object(items) => {
                let mut renamed = false;
                for (name, item) in items.iter_mut() {
                    match sensitivity(name) {
                        Some(sensitivity) => self.hide_json(sensitivity, item),
                        None => self.json(item),
                    }
                    renamed |= name.len() >= SHORTEST_SECRET_NAME && pattern::is_suspicious(name);
                }
                if renamed {
                    let named = std::mem::take(items).into_iter();
                    *items = named.map(|(name, item)| (self.key(&name).unwrap_or(name), item)).collect();
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn hide_json(&mut self, sensitivity: Sensitivity, value: &mut serde_json::Value) {
        use serde_json::Value;
        let secret = match value {
            Value::String(text) if is_secret(sensitivity, text) => true,
            Value::String(_) => return self.json(value),
            Value::Number(_) => sensitivity == Sensitivity::Secret,
            Value::Array(items) => {
                return items.iter_mut().for_each(|item| self.hide_json(sensitivity, item));
            }
            Value::Object(items) => {
                return items.values_mut().for_each(|item| self.hide_json(sensitivity, item));
            }
            Value::Null | Value::Bool(_) => false,
        };
        if secret {
            self.masked += 1;
            *value = Value::String(MASK.to_owned());
        }
    }
}

/// Whether a text can be a JSON object, list or string. Nothing else of JSON holds a secret.
pub(super) fn may_be_json(text: &str) -> bool {
    matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'[' | b'"'))
}

/// The text of a JSON value.
pub(super) fn written(json: &AttributeValue) -> String {
    // What was read from JSON has a JSON form.
    serde_json::to_string(json).unwrap_or_else(|_| MASK.to_owned())
}
