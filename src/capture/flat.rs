//! Attributes on their way to the pump, without allocations of their own.
//!
//! What one thread allocates and another frees is slow in every allocator, and recording would do just that. So the values
//! of a span's fields are laid flat into two vectors: first into a thread's own, because the host's code runs while values
//! are formatted, then, under the lane's lock, copied behind what is already there. Each takes 16 bytes, because all of it
//! travels from the host's core to the pump's.

use std::cell::Cell;
use std::fmt::Write;

use tracing_core::field::FieldSet;

use crate::model::{AttributeValue, Attributes, Key};

/// So much memory is kept by a thread, and by the lane, for the next time.
const KEPT_BYTES: usize = 256 << 10;

/// One value. Its name is one of a callsite's fields or of a list, so that only the number of that is kept.
#[derive(Clone, Copy, Debug)]
struct Entry {
    bits: u64,
    name: u16,
    kind: Kind,
}

/// What an entry's bits are.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Bool,
    Int,
    Double,
    /// A place in the text: where it begins in the upper half, where it ends in the lower.
    Text,
}

/// A value that is no text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Bool(bool),
    Int(i64),
    Double(f64),
}

/// Values, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Flat {
    entries: Vec<Entry>,
    text: String,
}

/// Which of the values in a [`Flat`] belong together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slice {
    from: u32,
    to: u32,
}

/// Values whose names are in a list, and not those of a callsite's fields.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Listed {
    names: &'static [&'static str],
    values: Slice,
}

impl Listed {
    /// These values, by these names.
    #[cfg(feature = "mcp")]
    pub(super) const fn new(names: &'static [&'static str], values: Slice) -> Self {
        Self { names, values }
    }

    /// The values with their names.
    pub(crate) fn attributes(self, flat: &Flat) -> Attributes {
        flat.attributes(self.values, self.names)
    }

    /// Whether there are none.
    pub(crate) const fn is_empty(self) -> bool {
        self.values.from == self.values.to
    }
}

/// The names of a callsite's fields.
pub(crate) fn field_names(fields: &FieldSet) -> Vec<&'static str> {
    fields.iter().map(|field| field.name()).collect()
}

thread_local! {
    static SCRATCH: Cell<Flat> = const { Cell::new(Flat { entries: Vec::new(), text: String::new() }) };
}

/// The bounds of the lane keep all positions far below this.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

fn place(from: usize, to: usize) -> u64 {
    u64::from(narrow(from)) << 32 | u64::from(narrow(to))
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
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a value. `name` is the place of its name among a callsite's fields, or in a list.
    pub(super) fn push(&mut self, name: usize, value: Number) {
        let (kind, bits) = match value {
            Number::Bool(value) => (Kind::Bool, u64::from(value)),
            Number::Int(value) => (Kind::Int, value.cast_unsigned()),
            Number::Double(value) => (Kind::Double, value.to_bits()),
        };
        self.entry(name, kind, bits);
    }

    /// Adds the text that was [written](Self::write) last, from `from` on.
    pub(super) fn push_written(&mut self, name: usize, from: usize) {
        self.entry(name, Kind::Text, place(from, self.text.len()));
    }

    fn entry(&mut self, name: usize, kind: Kind, bits: u64) {
        // A callsite has at most 32 fields, and one that was built by hand not many more.
        let Ok(name) = u16::try_from(name) else { return };
        self.entries.push(Entry { bits, name, kind });
    }

    /// Writes a text; gives where it begins.
    pub(super) fn write(&mut self, text: &str) -> usize {
        let from = self.text.len();
        self.text.push_str(text);
        from
    }

    /// Writes what `format` formats; gives where it begins.
    pub(super) fn format(&mut self, format: std::fmt::Arguments<'_>) -> usize {
        let from = self.text.len();
        // Writing to memory fails only when the host's own code says so; what it wrote until then is kept.
        let _ = self.text.write_fmt(format);
        from
    }

    /// Where the text ends.
    pub(super) fn end(&self) -> usize {
        self.text.len()
    }

    /// Takes back the text from `from` on.
    pub(super) fn take_text(&mut self, from: usize) -> String {
        self.text.split_off(from)
    }

    /// All of them.
    pub(super) fn whole(&self) -> Slice {
        Slice { from: 0, to: narrow(self.entries.len()) }
    }

    /// Copies all of `other` behind what is here, and says where it lies.
    pub(super) fn append(&mut self, other: &Self) -> Slice {
        let (from, base) = (narrow(self.entries.len()), self.text.len());
        let moved = place(base, base);
        self.text.push_str(&other.text);
        self.entries.extend(other.entries.iter().map(|entry| match entry.kind {
            Kind::Text => Entry { bits: entry.bits + moved, ..*entry },
            Kind::Bool | Kind::Int | Kind::Double => *entry,
        }));
        Slice { from, to: narrow(self.entries.len()) }
    }

    /// The attributes of a slice.
    pub(crate) fn attributes(&self, slice: Slice, names: &[&'static str]) -> Attributes {
        let entries = self.entries.get(slice.from as usize..slice.to as usize).unwrap_or_default();
        let mut attributes = Attributes::with_capacity(entries.len());
        for entry in entries {
            let Some(name) = names.get(usize::from(entry.name)) else { continue };
            let value = match entry.kind {
                Kind::Bool => AttributeValue::Bool(entry.bits != 0),
                Kind::Int => AttributeValue::Int(entry.bits.cast_signed()),
                Kind::Double => AttributeValue::Double(f64::from_bits(entry.bits)),
                Kind::Text => self.text_at(entry.bits).into(),
            };
            // A name stands once in a record, so there is no need to look for it.
            attributes.push(Key::Borrowed(name), value);
        }
        attributes
    }

    fn text_at(&self, bits: u64) -> &str {
        let [from, to] =
            [bits >> 32, bits & u64::from(u32::MAX)].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
        self.text.get(from..to).unwrap_or_default()
    }

    /// Forgets all, and gives memory back after something large.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.text.clear();
        if self.text.capacity() + self.entries.capacity() * size_of::<Entry>() > KEPT_BYTES {
            *self = Self::default();
        }
    }

    /// How many bytes lie in it.
    pub(super) fn size(&self) -> usize {
        self.text.len() + self.entries.len() * size_of::<Entry>()
    }
}
