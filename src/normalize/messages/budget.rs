//! How much of a span's content is repeated in one answer.

use crate::model::{AttributeValue, LeftOut};

/// The most messages, documents and tool definitions of a span together. More than anybody reads.
pub(crate) const MAX_MESSAGES: u64 = 4096;

/// The most parts of all messages of a span.
pub(crate) const MAX_PARTS: u64 = 16_384;

/// The most bytes of texts and values of a span: several times what attributes of the usual length hold.
pub(crate) const MAX_CONTENT_BYTES: usize = 4 * 1024 * 1024;

/// The longest text that is read as JSON in bytes: read, JSON takes a multiple of its length.
pub(crate) const MAX_JSON_BYTES: usize = 2 * 1024 * 1024;

/// Stands for a value that is too large to be repeated.
const TOO_LARGE: &str = "[too large to be shown]";

/// What is left of the bounds, and what they have left out so far.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    messages: u64,
    parts: u64,
    bytes: usize,
    left_out: LeftOut,
}

impl Budget {
    pub(super) fn new() -> Self {
        let left_out = LeftOut::default();
        Self { messages: MAX_MESSAGES, parts: MAX_PARTS, bytes: MAX_CONTENT_BYTES, left_out }
    }

    /// What the bounds have left out, if anything.
    pub(super) fn left_out(&self) -> Option<LeftOut> {
        (self.left_out != LeftOut::default()).then_some(self.left_out)
    }

    /// Whether there is room for one more message, document or definition; it is taken.
    pub(super) fn message(&mut self) -> bool {
        take(&mut self.messages, &mut self.left_out.messages)
    }

    /// Whether there is room for one more part; it is taken.
    pub(super) fn part(&mut self) -> bool {
        take(&mut self.parts, &mut self.left_out.parts)
    }

    /// As much of a text as there is room for.
    pub(super) fn text(&mut self, mut text: String) -> String {
        let mut end = text.len().min(self.bytes);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.left_out.bytes += (text.len() - end) as u64;
        self.bytes -= end;
        text.truncate(end);
        text
    }

    /// A value, or that there is no room for it.
    pub(super) fn value(&mut self, value: AttributeValue) -> AttributeValue {
        let size = value.size();
        if size > self.bytes {
            self.left_out.bytes += size as u64;
            return AttributeValue::Static(TOO_LARGE);
        }
        self.bytes -= size;
        value
    }
}

fn take(room: &mut u64, left_out: &mut u64) -> bool {
    let fits = *room > 0;
    if fits {
        *room -= 1;
    } else {
        *left_out += 1;
    }
    fits
}
