//! Values of the host become attributes.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use tracing_core::Field;
use tracing_core::field::Visit;

use crate::model::{AttributeValue, Attributes, Key, OtelKind, SpanStatus, StatusCode};

/// The most attributes that one record takes from `tracing`; its macros stop at 32 fields anyway.
const MAX_FIELDS: usize = 128;

/// A value as JSON text; why it cannot be, when it cannot.
pub(super) fn to_json(value: &impl Serialize) -> AttributeValue {
    match catch_unwind(AssertUnwindSafe(|| serde_json::to_string(value))) {
        Ok(Ok(json)) => json.into(),
        Ok(Err(error)) => AttributeValue::String(format!("{{\"not_serialisable\":{:?}}}", error.to_string())),
        Err(_) => AttributeValue::Static(r#"{"not_serialisable":"its Serialize implementation panicked"}"#),
    }
}

/// Gathers the fields of a span or an event. The names `otel.name`, `otel.kind`, `otel.status_code` and
/// `otel.status_message` (or `otel.status_description`) set what they say, as everywhere in the `tracing` world.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) attributes: Attributes,
    pub(super) message: Option<String>,
    pub(super) name: Option<String>,
    pub(super) kind: Option<OtelKind>,
    pub(super) status: Option<SpanStatus>,
}

impl Fields {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { attributes: Attributes::with_capacity(capacity), ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.attributes.is_empty() && self.name.is_none() && self.status.is_none()
    }

    fn add(&mut self, field: &Field, value: AttributeValue) {
        let name = field.name();
        if name == "message" {
            self.message = Some(text_of(value));
        } else if let Some(special) = name.strip_prefix("otel.") {
            self.special(special, name, value);
        } else if self.attributes.len() < MAX_FIELDS {
            // A field stands once in a record, so there is no need to look for it.
            self.attributes.push(Key::Borrowed(name), value);
        }
    }

    fn special(&mut self, special: &str, name: &'static str, value: AttributeValue) {
        match special {
            "name" => self.name = Some(text_of(value)),
            "kind" => self.kind = otel_kind(value.as_str().unwrap_or_default()),
            "status_code" => {
                let code = match value.as_str().unwrap_or_default().to_ascii_lowercase().as_str() {
                    "ok" => StatusCode::Ok,
                    "error" => StatusCode::Error,
                    _ => StatusCode::Unset,
                };
                self.status.get_or_insert_default().code = code;
            }
            "status_message" | "status_description" => {
                self.status.get_or_insert_default().message = Some(text_of(value));
            }
            _ => self.attributes.push(Key::Borrowed(name), value),
        }
    }
}

fn text_of(value: AttributeValue) -> String {
    match value {
        AttributeValue::String(text) => text,
        other => serde_json::to_string(&other).unwrap_or_default(),
    }
}

fn otel_kind(text: &str) -> Option<OtelKind> {
    let kinds = [
        ("internal", OtelKind::Internal),
        ("server", OtelKind::Server),
        ("client", OtelKind::Client),
        ("producer", OtelKind::Producer),
        ("consumer", OtelKind::Consumer),
    ];
    kinds.into_iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, kind)| kind)
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // The host's `Debug` runs here because the value is borrowed; its panic must not become the host's.
        let text = catch_unwind(AssertUnwindSafe(|| format!("{value:?}")));
        self.add(
            field,
            text.map_or(AttributeValue::Static("(its Debug implementation panicked)"), Into::into),
        );
    }
}
