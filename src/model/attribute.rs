//! Attributes: what a span, an event or a resource carries besides its fixed fields.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::AttributeValue;

/// The name of an attribute. Names known at compile time cost no allocation.
pub type Key = Cow<'static, str>;

/// Names and values in the order in which they were first set; setting a name again replaces its value.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Attributes(Vec<(Key, AttributeValue)>);

impl Attributes {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// None yet, with room for `capacity`.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&AttributeValue> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text under `key`, when there is one and it is not empty.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(AttributeValue::as_str).filter(|text| !text.is_empty())
    }

    /// Sets `key` to `value`.
    pub fn set(&mut self, key: impl Into<Key>, value: impl Into<AttributeValue>) {
        let (key, value) = (key.into(), value.into());
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    /// Adds `key` without looking whether it is there already: for senders that never repeat one.
    pub(crate) fn push(&mut self, key: Key, value: AttributeValue) {
        self.0.push((key, value));
    }

    /// Takes over all of `other`; its values win.
    pub fn merge(&mut self, other: Self) {
        for (key, value) in other.0 {
            self.set(key, value);
        }
    }

    /// The names and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &AttributeValue)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    /// The names and values in order, to change the values in place.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut AttributeValue)> {
        self.0.iter_mut().map(|(key, value)| (&**key, value))
    }

    /// Gives the names that `rename` has another one for that one. Names known at compile time stay.
    pub(crate) fn rename(&mut self, mut rename: impl FnMut(&str) -> Option<String>) {
        for (key, _) in &mut self.0 {
            if let Cow::Owned(known) = key
                && let Some(new) = rename(known)
            {
                *key = Cow::Owned(new);
            }
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// About how many bytes of memory they hold.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.iter().map(|(key, value)| key.len() + value.size() + size_of::<(Key, AttributeValue)>()).sum()
    }
}

impl IntoIterator for Attributes {
    type Item = (Key, AttributeValue);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Into<Key>, V: Into<AttributeValue>> FromIterator<(K, V)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let mut attributes = Self::new();
        for (key, value) in items {
            attributes.set(key, value);
        }
        attributes
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Attributes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of attributes")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes, A::Error> {
                let mut attributes = Attributes::new();
                while let Some((key, value)) = map.next_entry::<String, AttributeValue>()? {
                    attributes.push(key.into(), value);
                }
                Ok(attributes)
            }
        }
        deserializer.deserialize_map(Map)
    }
}

impl utoipa::PartialSchema for Attributes {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Type};
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .description(Some(
                "Names and values (OpenTelemetry's AnyValue as plain JSON), in the order they were set.",
            ))
            .into()
    }
}

impl utoipa::ToSchema for Attributes {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_has_a_json_form() {
        let attributes: Attributes = [
            ("none", AttributeValue::Null),
            ("yes", true.into()),
            ("int", (-3_i64).into()),
            ("nan", f64::NAN.into()),
            ("bytes", AttributeValue::Bytes(b"hello".to_vec())),
            ("list", AttributeValue::Array(vec![1_i64.into(), "two".into()])),
            (
                "map",
                AttributeValue::Object(vec![
                    ("b".into(), 1.5.into()),
                    ("a".into(), AttributeValue::Static("x")),
                ]),
            ),
        ]
        .into_iter()
        .collect();
        assert_eq!(
            serde_json::to_string(&attributes).unwrap(),
            r#"{"none":null,"yes":true,"int":-3,"nan":"NaN","bytes":"aGVsbG8=","list":[1,"two"],"map":{"b":1.5,"a":"x"}}"#
        );
    }

    #[test]
    fn setting_a_name_again_replaces_its_value_in_place() {
        let mut attributes: Attributes = [("a", 1_i64), ("b", 2)].into_iter().collect();
        attributes.set("a", 3_i64);
        assert_eq!(serde_json::to_string(&attributes).unwrap(), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn counts_are_read_from_numbers_and_from_texts_but_not_from_negatives() {
        assert_eq!(AttributeValue::from("42").as_count(), Some(42));
        assert_eq!(AttributeValue::Double(7.0).as_count(), Some(7));
        assert_eq!(AttributeValue::Int(-1).as_count(), None);
        assert_eq!(AttributeValue::Double(0.5).as_count(), None);
    }
}
