//! What all readers of values share: how one is asked for, and how much may be taken.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, de};

use crate::otlp::MAX_VALUES;

/// What may still be taken within one span, log record or data point.
pub(super) struct Budget(Cell<usize>);

impl Budget {
    /// All of it.
    pub(super) const fn new() -> Self {
        Self(Cell::new(MAX_VALUES))
    }

    /// Takes one value; `false` when none is left.
    pub(super) fn take(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }
}

/// A kind of value: what it becomes, and how it is read.
pub(super) trait Read<'de> {
    /// What it becomes.
    type Value;

    /// Reads one.
    fn read<D: Deserializer<'de>>(deserializer: D, budget: &Budget) -> Result<Self::Value, D::Error>;
}

/// Asks for a value of the kind `K`.
pub(super) struct Seed<'a, K>(&'a Budget, PhantomData<K>);

impl<'a, K> Seed<'a, K> {
    /// Within `budget`.
    pub(super) const fn new(budget: &'a Budget) -> Self {
        Self(budget, PhantomData)
    }
}

impl<'de, K: Read<'de>> DeserializeSeed<'de> for Seed<'_, K> {
    type Value = K::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K::Value, D::Error> {
        K::read(deserializer, self.0)
    }
}

/// The items of a list, at most `MOST`, and how many more there were.
pub(super) struct List<K, const MOST: usize>(PhantomData<K>);

impl<'de, K: Read<'de>, const MOST: usize> Read<'de> for List<K, MOST> {
    type Value = (Vec<K::Value>, u32);

    fn read<D: Deserializer<'de>>(deserializer: D, budget: &Budget) -> Result<Self::Value, D::Error> {
        struct Items<'a, K, const MOST: usize>(&'a Budget, PhantomData<K>);
        impl<'de, K: Read<'de>, const MOST: usize> Visitor<'de> for Items<'_, K, MOST> {
            type Value = (Vec<K::Value>, u32);

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok((Vec::new(), 0))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while items.len() < MOST {
                    let Some(item) = list.next_element_seed(Seed::<K>::new(self.0))? else {
                        return Ok((items, 0));
                    };
                    items.push(item);
                }
                let mut more = 0_u32;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    more = more.saturating_add(1);
                }
                Ok((items, more))
            }
        }
        deserializer.deserialize_any(Items::<K, MOST>(budget, PhantomData))
    }
}

/// The name of a field, without an allocation. No known name is longer than the array; a longer one reads as empty,
/// which is an unknown field too.
pub(super) struct Name {
    bytes: [u8; 32],
    length: usize,
}

impl Name {
    /// The text.
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Name, E> {
                let mut name = Name { bytes: [0; 32], length: 0 };
                if let Some(bytes) = name.bytes.get_mut(..text.len()) {
                    bytes.copy_from_slice(text.as_bytes());
                    name.length = text.len();
                }
                Ok(name)
            }
        }
        deserializer.deserialize_str(Text)
    }
}
