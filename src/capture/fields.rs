//! Values of the host become attributes.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use tracing_core::Field;
use tracing_core::field::Visit;

use super::flat::{Flat, Number};
use crate::model::{AttributeValue, OtelKind, SpanStatus, StatusCode};

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

/// As [`to_json`], not as text.
#[cfg(feature = "control")]
pub(super) fn to_value(value: &impl Serialize) -> serde_json::Value {
    let why = |why: String| serde_json::json!({ "not_serialisable": why });
    match catch_unwind(AssertUnwindSafe(|| serde_json::to_value(value))) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => why(error.to_string()),
        Err(_) => why("its Serialize implementation panicked".to_owned()),
    }
}

/// Gathers the fields of a span or an event. The names `otel.name`, `otel.kind`, `otel.status_code` and
/// `otel.status_message` (or `otel.status_description`) set what they say, as everywhere in the `tracing` world.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    pub(super) flat: &'a mut Flat,
    pub(super) message: Option<String>,
    pub(super) name: Option<String>,
    pub(super) kind: Option<OtelKind>,
    pub(super) status: Option<SpanStatus>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(flat: &'a mut Flat) -> Self {
        Self { flat, message: None, name: None, kind: None, status: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flat.is_empty() && self.name.is_none() && self.status.is_none()
    }

    fn number(&mut self, field: &Field, value: Number) {
        if self.is_special(field) {
            let from = match value {
                Number::Bool(value) => self.flat.format(format_args!("{value}")),
                Number::Int(value) => self.flat.format(format_args!("{value}")),
                Number::Double(value) => self.flat.format(format_args!("{value}")),
            };
            self.written(field, from);
        } else if self.flat.len() < MAX_FIELDS {
            self.flat.push(field.index(), value);
        }
    }

    /// Takes the text that was written from `from` on as the value of `field`.
    fn written(&mut self, field: &Field, from: usize) {
        if self.is_special(field) {
            let text = self.flat.take_text(from);
            self.special(field, text);
        } else if self.flat.len() < MAX_FIELDS {
            self.flat.push_written(field.index(), from);
        }
    }

    fn is_special(&self, field: &Field) -> bool {
        let name = field.name();
        name == "message"
            || matches!(
                name.strip_prefix("otel."),
                Some("name" | "kind" | "status_code" | "status_message" | "status_description")
            )
    }

    fn special(&mut self, field: &Field, text: String) {
        match field.name() {
            "message" => self.message = Some(text),
            "otel.name" => self.name = Some(text),
            "otel.kind" => self.kind = otel_kind(&text),
            "otel.status_code" => {
                let code = match text.to_ascii_lowercase().as_str() {
                    "ok" => StatusCode::Ok,
                    "error" => StatusCode::Error,
                    _ => StatusCode::Unset,
                };
                self.status.get_or_insert_default().code = code;
            }
            _ => self.status.get_or_insert_default().message = Some(text),
        }
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

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.number(field, Number::Double(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, Number::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.number(field, Number::Int(value)),
            Err(_) => self.record_debug(field, &value),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.number(field, Number::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let from = self.flat.write(value);
        self.written(field, from);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let from = self.flat.end();
        // The host's `Debug` runs here because the value is borrowed; its panic must not become the host's.
        let written = catch_unwind(AssertUnwindSafe(|| self.flat.format(format_args!("{value:?}"))));
        if written.is_err() {
            self.flat.write("(its Debug implementation panicked)");
        }
        self.written(field, from);
    }
}
