//! Events that tell of no span: what must not be shown is taken out of them, and what is too long is cut.

use super::Redactor;
use super::cut::{cut_attributes, cut_data, cut_name, cut_text};
use crate::model::{AttributeValue, Attributes, EventKind, Key};

/// The longest text of a log record in bytes: what fills a page, for the live stream holds many. A longer one is cut.
pub(crate) const MAX_MESSAGE_BYTES: usize = 8 * 1024;

/// What the attributes of one log record may take in bytes of memory; further ones are left out and counted in the attribute
/// [`LEFT_OUT`].
pub(crate) const MAX_LOG_ATTRIBUTE_BYTES: usize = 32 * 1024;

/// The attribute that says how many attributes of a log record were left out.
const LEFT_OUT: &str = "inspector.dropped_attributes";

impl Redactor {
    /// Takes out of an event what must not be shown, and cuts what is too long.
    pub(crate) fn event(&self, kind: &mut EventKind) {
        match kind {
            EventKind::Custom { name, data } => {
                *name = cut_name(self.name(name)).into();
                self.json(data);
                cut_data(data);
            }
            EventKind::SignalReceived { signal_name } => *signal_name = cut_name(self.name(signal_name)),
            EventKind::ProgressUpdate { message: Some(message), .. } => {
                *message = cut_name(self.text(message));
            }
            EventKind::Log { message, attributes, .. } => {
                *message = self.text(message).into_owned();
                cut_text(message, MAX_MESSAGE_BYTES);
                self.attributes(attributes);
                cut_attributes(attributes);
                leave_out(attributes, MAX_LOG_ATTRIBUTE_BYTES);
            }
            _ => {}
        }
    }
}

/// Keeps the attributes that fit into `most` bytes, in their order, and says how many did not.
fn leave_out(attributes: &mut Attributes, most: usize) {
    if attributes.size() <= most {
        return;
    }
    let mut left_out = 0_u64;
    let mut kept = Attributes::new();
    let mut bytes = 0;
    for (key, value) in std::mem::take(attributes) {
        let size = key.len() + value.size() + size_of::<(Key, AttributeValue)>();
        if bytes + size > most {
            left_out += 1;
        } else {
            bytes += size;
            kept.push(key, value);
        }
    }
    kept.set(LEFT_OUT, left_out);
    *attributes = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(message: &str, attributes: Attributes) -> (String, Attributes) {
        let mut kind = EventKind::Log {
            level: "info".to_owned(),
            message: message.to_owned(),
            span_id: None,
            attributes,
        };
        Redactor::new().event(&mut kind);
        let EventKind::Log { message, attributes, .. } = kind else { panic!("another kind of event") };
        (message, attributes)
    }

    #[test]
    fn a_log_record_keeps_no_secret_and_no_megabytes() {
        let key = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH";
        let text = format!("{} {key}", "word ".repeat(1_600));
        let attributes = (0..50).map(|n| (format!("a{n}"), "x".repeat(40_000))).collect();
        let (message, attributes) = log(&text, attributes);
        assert!(message.len() <= MAX_MESSAGE_BYTES && !message.contains("sk-proj"));
        assert!(attributes.size() <= MAX_LOG_ATTRIBUTE_BYTES + 200);
        let Some(AttributeValue::Int(left_out)) = attributes.get(LEFT_OUT) else { panic!("it is not said") };
        assert_eq!(*left_out as usize + attributes.len(), 50 + 50 + 1, "each was cut, and says so");
    }

    #[test]
    fn a_log_record_of_common_size_stays_as_it_is() {
        let attributes: Attributes = [("a", 1_i64), ("b", 2)].into_iter().collect();
        assert_eq!(log("plain", attributes.clone()), ("plain".to_owned(), attributes));
    }
}
