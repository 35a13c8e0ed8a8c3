//! Attributes and their values.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

use super::{MAX_ATTRIBUTES, MAX_KEY_BYTES, MAX_VALUE_DEPTH, MAX_VALUES, TOO_DEEP, TOO_MANY};
use crate::model::{AttributeValue, Attributes};

/// What may still be taken within one span, record or point.
pub(super) struct Budget(usize);

impl Budget {
    /// All of it.
    pub(super) const fn new() -> Self {
        Self(MAX_VALUES)
    }

    /// Takes one value; `false` when none is left.
    fn take(&mut self) -> bool {
        let left = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        left
    }
}

/// The attributes of `list`, and how many of them were left out. Of a name that comes twice the last value counts,
/// as OTLP asks of receivers.
pub(super) fn attributes(list: Vec<KeyValue>, budget: &mut Budget) -> (Attributes, u32) {
    let mut attributes = Attributes::with_capacity(list.len().min(MAX_ATTRIBUTES));
    let mut dropped = list.len().saturating_sub(MAX_ATTRIBUTES);
    let mut seen = Seen::default();
    for KeyValue { key, value, .. } in list.into_iter().take(MAX_ATTRIBUTES) {
        if key.is_empty() || key.len() > MAX_KEY_BYTES {
            dropped += 1;
            continue;
        }
        let value = any_value(value, 0, budget);
        if seen.maybe(&key) {
            attributes.set(key, value);
        } else {
            attributes.push(key.into(), value);
        }
    }
    (attributes, u32::try_from(dropped).unwrap_or(u32::MAX))
}

/// Names seen so far, as a Bloom filter: most senders never repeat a name, and a scan for each would be quadratic.
#[derive(Default)]
struct Seen([u64; 8]);

impl Seen {
    /// Notes `key`; `false` when it is certainly new.
    fn maybe(&mut self, key: &str) -> bool {
        let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let (word, bit) = ((hash >> 58 & 7) as usize, 1 << (hash >> 52 & 63));
        let seen = self.0[word] & bit != 0;
        self.0[word] |= bit;
        seen
    }
}

/// A value that is no attribute's, such as the body of a log record.
pub(super) fn value(value: Option<AnyValue>, budget: &mut Budget) -> AttributeValue {
    any_value(value, 0, budget)
}

fn any_value(value: Option<AnyValue>, depth: usize, budget: &mut Budget) -> AttributeValue {
    match value.and_then(|any| any.value) {
        // An index into a string table stands only in profiles; elsewhere it means nothing.
        None | Some(Value::StringValueStrindex(_)) => AttributeValue::Null,
        Some(Value::StringValue(text)) => AttributeValue::String(text),
        Some(Value::BoolValue(value)) => AttributeValue::Bool(value),
        Some(Value::IntValue(value)) => AttributeValue::Int(value),
        Some(Value::DoubleValue(value)) => AttributeValue::Double(value),
        Some(Value::BytesValue(bytes)) => AttributeValue::Bytes(bytes),
        Some(Value::ArrayValue(_) | Value::KvlistValue(_)) if depth >= MAX_VALUE_DEPTH => {
            AttributeValue::Static(TOO_DEEP)
        }
        Some(Value::ArrayValue(list)) => {
            let mut items = Vec::with_capacity(list.values.len().min(budget.0 + 1));
            for item in list.values {
                if !budget.take() {
                    items.push(AttributeValue::Static(TOO_MANY));
                    break;
                }
                items.push(any_value(Some(item), depth + 1, budget));
            }
            AttributeValue::Array(items)
        }
        Some(Value::KvlistValue(list)) => {
            let mut items = Vec::with_capacity(list.values.len().min(budget.0 + 1));
            for KeyValue { key, value, .. } in list.values {
                if !budget.take() {
                    items.push(("…".to_owned(), AttributeValue::Static(TOO_MANY)));
                    break;
                }
                items.push((key, any_value(value, depth + 1, budget)));
            }
            AttributeValue::Object(items)
        }
    }
}
