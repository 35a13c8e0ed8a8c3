//! Attributes on their way to the pump, without allocations of their own.
//!
//! What one thread allocates and another frees is slow in every allocator, and recording would do just that. So the values
//! of a span's fields are laid flat into two vectors: first into a thread's own, because the host's code runs while values
//! are formatted, then, under the lane's lock, copied behind what is already there.

use std::cell::Cell;
use std::fmt::Write;

use crate::model::{AttributeValue, Attributes, Key};

/// So much memory is kept by a thread, and by the lane, for the next time.
const KEPT_BYTES: usize = 256 << 10;

/// A value; texts lie in [`Flat::text`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum FlatValue {
    Bool(bool),
    Int(i64),
    Double(f64),
    Static(&'static str),
    Text { from: usize, to: usize },
}

/// Names and values, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Flat {
    values: Vec<(&'static str, FlatValue)>,
    text: String,
}

/// Which of the values in a [`Flat`] belong together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slice {
    from: usize,
    to: usize,
}

thread_local! {
    static SCRATCH: Cell<Flat> = const { Cell::new(Flat { values: Vec::new(), text: String::new() }) };
}

impl Flat {
    /// Lends the thread's own to `work`. Code of the host's that runs in it may record in turn: it gets another.
    pub(super) fn scratch<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        // A thread that is about to end has none any more.
        let mut flat = SCRATCH.try_with(Cell::take).unwrap_or_default();
        let result = work(&mut flat);
        flat.clear();
        let _ = SCRATCH.try_with(|scratch| scratch.set(flat));
        result
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(super) fn push(&mut self, name: &'static str, value: FlatValue) {
        self.values.push((name, value));
    }

    pub(super) fn push_text(&mut self, name: &'static str, text: &str) {
        let from = self.text.len();
        self.text.push_str(text);
        self.push(name, FlatValue::Text { from, to: self.text.len() });
    }

    /// Writes what `format` formats; gives its place.
    pub(super) fn write(&mut self, format: std::fmt::Arguments<'_>) -> FlatValue {
        let from = self.text.len();
        // Writing to memory fails only when the host's own code says so; what it wrote until then is kept.
        let _ = self.text.write_fmt(format);
        FlatValue::Text { from, to: self.text.len() }
    }

    /// The text of a value as a `String`, for the few that are needed as one.
    pub(super) fn text_of(&self, value: FlatValue) -> String {
        match value {
            FlatValue::Bool(value) => value.to_string(),
            FlatValue::Int(value) => value.to_string(),
            FlatValue::Double(value) => value.to_string(),
            FlatValue::Static(text) => text.to_owned(),
            FlatValue::Text { from, to } => self.text.get(from..to).unwrap_or_default().to_owned(),
        }
    }

    /// All of them.
    pub(super) fn whole(&self) -> Slice {
        Slice { from: 0, to: self.values.len() }
    }

    /// Copies all of `other` behind what is here, and says where it lies.
    pub(super) fn append(&mut self, other: &Self) -> Slice {
        let (from, base) = (self.values.len(), self.text.len());
        self.text.push_str(&other.text);
        self.values.extend(other.values.iter().map(|(name, value)| match *value {
            FlatValue::Text { from, to } => (*name, FlatValue::Text { from: base + from, to: base + to }),
            other => (*name, other),
        }));
        Slice { from, to: self.values.len() }
    }

    /// The attributes of a slice.
    pub(crate) fn attributes(&self, slice: Slice) -> Attributes {
        let values = self.values.get(slice.from..slice.to).unwrap_or_default();
        let mut attributes = Attributes::with_capacity(values.len());
        for (name, value) in values {
            let value = match *value {
                FlatValue::Bool(value) => AttributeValue::Bool(value),
                FlatValue::Int(value) => AttributeValue::Int(value),
                FlatValue::Double(value) => AttributeValue::Double(value),
                FlatValue::Static(text) => AttributeValue::Static(text),
                FlatValue::Text { .. } => AttributeValue::String(self.text_of(*value)),
            };
            // A field stands once in a record, so there is no need to look for it.
            attributes.push(Key::Borrowed(name), value);
        }
        attributes
    }

    /// Forgets all, and gives memory back after something large.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
        self.text.clear();
        if self.size_of_memory() > KEPT_BYTES {
            *self = Self::default();
        }
    }

    /// How many bytes lie in it.
    pub(super) fn size(&self) -> usize {
        self.text.len() + self.values.len() * size_of::<(&str, FlatValue)>()
    }

    fn size_of_memory(&self) -> usize {
        self.text.capacity() + self.values.capacity() * size_of::<(&str, FlatValue)>()
    }
}
