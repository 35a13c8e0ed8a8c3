//! Events that tell of no span: what must not be shown is taken out of them, and what is too long is cut.

use super::Redactor;
use super::cut::{cut_attributes, cut_data, cut_name, cut_text};
use crate::model::{
    AttributeValue, Attributes, EventKind, Key, Span, SpanId, SpanKind, Timestamp, TraceId, WAIT_PROMPT,
    WAIT_SCHEMA,
};

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
            EventKind::SignalReceived { signal_name, by, .. } => {
                *signal_name = cut_name(self.name(signal_name));
                *by = self.shown_name(by.take());
            }
            EventKind::BreakpointSet { breakpoint } => {
                breakpoint.by = self.shown_name(breakpoint.by.take());
            }
            EventKind::CancelRequested { by, .. }
            | EventKind::BreakpointRemoved { by, .. }
            | EventKind::SessionPinned { by, .. }
            | EventKind::SessionUnpinned { by, .. }
            | EventKind::SessionRemoved { by, .. } => {
                *by = self.shown_name(by.take());
            }
            EventKind::WaitingOnSignal { signal_name, prompt, schema, .. } => {
                *signal_name = cut_name(self.name(signal_name));
                let texts =
                    [(WAIT_PROMPT, prompt.take()), (WAIT_SCHEMA, schema.take().map(|json| json.to_string()))];
                let mut shown = self.as_span(texts);
                *prompt = shown.take(WAIT_PROMPT);
                *schema = shown.take(WAIT_SCHEMA).and_then(|json| serde_json::from_str(&json).ok());
            }
            EventKind::BeforeStep { checkpoint, tool, agent, state, .. } => {
                *checkpoint = cut_name(self.name(checkpoint));
                for name in [tool, agent] {
                    *name = self.shown_name(name.take());
                }
                let mut shown = self.as_span([(STATE, Some(state.take().to_string()))]);
                *state =
                    shown.take(STATE).and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
            }
            EventKind::McpRequestStarted { method, tool, .. } => {
                *method = cut_name(self.name(method)).into();
                *tool = self.shown_name(tool.take());
            }
            EventKind::McpRequestFinished { method, tool, error, .. } => {
                *method = cut_name(self.name(method)).into();
                *tool = self.shown_name(tool.take());
                *error = error.take().map(|error| cut_name(self.text(&error)));
            }
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

    /// A name that somebody gave or has, as everybody may see it.
    pub(crate) fn shown_name(&self, name: Option<String>) -> Option<String> {
        name.map(|name| cut_name(self.name(&name)))
    }
}

/// Where the state at a checkpoint stands while it is redacted.
const STATE: &str = "mcp.state.step_json";

/// What is left of texts.
struct Shown(Attributes);

impl Shown {
    fn take(&mut self, name: &'static str) -> Option<String> {
        self.0.text(name).map(str::to_owned)
    }
}

impl Redactor {
    /// Redacts and cuts texts as the attributes of a span: what the host's own redaction takes out of a wait's span it takes
    /// out of what is told of the wait.
    fn as_span<const N: usize>(&self, texts: [(&'static str, Option<String>); N]) -> Shown {
        let (Some(trace), Some(id)) = (TraceId::from_bytes([1; 16]), SpanId::from_bytes([1; 8])) else {
            return Shown(Attributes::new());
        };
        let mut span = Span::new(trace, id, "wait", Timestamp::EPOCH);
        span.kind = SpanKind::Human;
        for (name, text) in texts {
            if let Some(text) = text {
                span.attributes.set(name, text);
            }
        }
        self.apply(&mut span);
        super::cut(&mut span);
        Shown(span.attributes)
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
