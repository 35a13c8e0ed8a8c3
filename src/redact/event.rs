//! Texts and values outside of spans: titles, progress, the data of the host's own events.

use std::borrow::Cow;

use serde_json::Value;

use super::shrink::{json_bytes, shortened, shrink};
use super::{MASK, MAX_ATTRIBUTE_BYTES, MAX_NAME_BYTES, Redactor, redact_json, redact_text};
use crate::model::AttributeValue;

impl Redactor {
    /// A name or a title, which stays in every mode, without secrets and not too long.
    pub(crate) fn label<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let text = if self.secrets { redact_text(text) } else { Cow::Borrowed(text) };
        if text.len() > MAX_NAME_BYTES { shortened(&text, MAX_NAME_BYTES).into() } else { text }
    }

    /// A text that somebody wrote: taken out whole where only structure is kept.
    pub(crate) fn content<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.structure_only { Cow::Borrowed(MASK) } else { self.label(text) }
    }

    /// The data of an event.
    pub(crate) fn data(&self, value: &mut Value) {
        if self.structure_only {
            *value = Value::Null;
            return;
        }
        if self.secrets {
            redact_json(value);
        }
        let mut plain = AttributeValue::from(std::mem::take(value));
        if json_bytes(&plain) > MAX_ATTRIBUTE_BYTES {
            shrink(&mut plain, MAX_ATTRIBUTE_BYTES);
        }
        // An attribute value always has a JSON form.
        *value = serde_json::to_value(plain).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SECRET: &str = "sk-ant-REDACTED";

    #[test]
    fn a_secret_in_the_data_of_an_event_is_masked_and_what_is_too_long_is_cut() {
        let mut data = json!({"note": format!("use {SECRET}"), "log": "word ".repeat(20_000)});
        Redactor::new().data(&mut data);
        let text = data.to_string();
        assert!(!text.contains(SECRET) && text.len() <= MAX_ATTRIBUTE_BYTES, "{} bytes", text.len());
    }

    #[test]
    fn only_names_stay_where_only_structure_is_kept() {
        let redactor = Redactor::new().structure_only();
        let mut data = json!({"prompt": "private"});
        redactor.data(&mut data);
        assert_eq!(
            (data, redactor.content("private"), redactor.label("plan")),
            (Value::Null, MASK.into(), "plan".into())
        );
    }
}
