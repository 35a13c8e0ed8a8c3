//! Lists and objects whose every leaf is an attribute of its own, put together again.

use super::value::Fields;
use crate::model::{AttributeValue, Attributes};

/// The most parts of a name that are told apart; a deeper name does not come from any convention.
const MAX_NAME_PARTS: usize = 16;

/// The most attributes that are put together.
const MAX_LEAVES: usize = 4096;

/// The attributes whose names begin with `prefix` and a dot, as an object; lists in it are objects with numbers for
/// names. `None` without any. With an empty prefix all attributes are meant.
pub(super) fn below(attributes: &Attributes, prefix: &str) -> Option<AttributeValue> {
    let mut tree = Fields::new();
    let mut leaves = 0;
    for (name, value) in attributes.iter() {
        let Some(rest) = rest(name, prefix) else { continue };
        leaves += 1;
        if leaves > MAX_LEAVES {
            break;
        }
        insert(&mut tree, rest, value);
    }
    (!tree.is_empty()).then_some(AttributeValue::Object(tree))
}

fn rest<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    if prefix.is_empty() {
        return Some(name);
    }
    name.strip_prefix(prefix)?.strip_prefix('.').filter(|rest| !rest.is_empty())
}

fn insert(mut level: &mut Fields, name: &str, value: &AttributeValue) {
    let mut parts = name.splitn(MAX_NAME_PARTS, '.').peekable();
    while let Some(part) = parts.next() {
        // Names that belong together mostly come together.
        let at = level.iter().rposition(|(key, _)| key == part).unwrap_or_else(|| {
            level.push((part.to_owned(), AttributeValue::Null));
            level.len() - 1
        });
        let slot = &mut level[at].1;
        if parts.peek().is_none() {
            // A name that is also the beginning of others says less than these.
            if !matches!(slot, AttributeValue::Object(_)) {
                slot.clone_from(value);
            }
            return;
        }
        if !matches!(slot, AttributeValue::Object(_)) {
            *slot = AttributeValue::Object(Fields::new());
        }
        let AttributeValue::Object(fields) = slot else { return };
        level = fields;
    }
}
