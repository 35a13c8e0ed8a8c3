//! Making a JSON value small enough, with its shape.

use crate::model::AttributeValue;

/// How long texts and lists may be, from the gentlest to the hardest; the first with which a value fits is taken.
const STEPS: [(usize, usize); 13] = [
    (24_576, 4096),
    (16_384, 2048),
    (8192, 1024),
    (4096, 512),
    (2048, 256),
    (1024, 128),
    (512, 64),
    (256, 32),
    (128, 16),
    (64, 8),
    (32, 4),
    (32, 2),
    (32, 1),
];

/// Shortens the texts, lists and objects in `value` until its JSON takes at most `most` bytes. What cannot be made
/// small enough that way (names within names) becomes a text that says so.
pub(super) fn shrink(value: &mut AttributeValue, most: usize) {
    // Each step begins at the original, so that the marks say how much of it is missing.
    let fitting = STEPS.into_iter().map(|step| limited(value, step)).find(|value| json_bytes(value) <= most);
    *value = fitting.unwrap_or(AttributeValue::Static("[too large to be shown]"));
}

fn limited(value: &AttributeValue, step: (usize, usize)) -> AttributeValue {
    let (text_bytes, items) = step;
    let text =
        |text: &str| if text.len() > text_bytes { shortened(text, text_bytes) } else { text.to_owned() };
    match value {
        AttributeValue::String(long) => AttributeValue::String(text(long)),
        AttributeValue::Bytes(bytes) => {
            AttributeValue::Bytes(bytes[..bytes.len().min(text_bytes / 4 * 3)].to_vec())
        }
        AttributeValue::Array(list) => {
            let mark = |left_out| AttributeValue::String(format!("[… {left_out} items left out]"));
            AttributeValue::Array(middle_out(list, items, |item| limited(item, step), mark))
        }
        AttributeValue::Object(map) => {
            let entry = |(name, item): &(String, AttributeValue)| (text(name), limited(item, step));
            let mark =
                |left_out| ("…".to_owned(), AttributeValue::String(format!("[{left_out} entries left out]")));
            AttributeValue::Object(middle_out(map, items, entry, mark))
        }
        AttributeValue::Static(_)
        | AttributeValue::Null
        | AttributeValue::Bool(_)
        | AttributeValue::Int(_)
        | AttributeValue::Double(_) => value.clone(),
    }
}

/// Takes items out of the middle: of a conversation, the question and the last words say most.
fn middle_out<T>(list: &[T], most: usize, keep: impl Fn(&T) -> T, mark: impl Fn(usize) -> T) -> Vec<T> {
    // A mark in place of a single item would gain nothing.
    if list.len() <= most + 1 {
        return list.iter().map(keep).collect();
    }
    let (head, tail) = (most - most / 2, most / 2);
    let left_out = list.len() - head - tail;
    let mut kept: Vec<T> = list[..head].iter().map(&keep).collect();
    kept.push(mark(left_out));
    kept.extend(list[head + left_out..].iter().map(&keep));
    kept
}

/// The beginning of a text and how much is missing, in at most `most` bytes.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let mark = format!("… [{} bytes]", text.len());
    let mut end = most.saturating_sub(mark.len()).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let kept = &text[..end];
    let mut shortened = String::with_capacity(kept.len() + mark.len());
    shortened.push_str(kept);
    shortened.push_str(&mark);
    shortened
}

/// How many bytes the JSON of a value takes.
pub(super) fn json_bytes(value: &AttributeValue) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting cannot fail, and a value without a JSON form has no size.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}
