//! An event as it travels: serialised once, shared by the ring, every reader and the store.

use bytes::{BufMut, Bytes, BytesMut};

use super::{Event, EventId, SessionId};

/// A serialised event with what is needed to order and filter it.
///
/// The bytes are a whole Server-Sent Events message (`id: …`, `data: …`, an empty line) and the JSON in it, one
/// allocation for both.
#[derive(Clone, Debug)]
pub struct EventFrame {
    /// The event's id.
    pub id: EventId,
    /// The event's session.
    pub session_id: Option<SessionId>,
    /// The event's type.
    pub event_type: std::borrow::Cow<'static, str>,
    sse: Bytes,
    json: Bytes,
}

impl EventFrame {
    /// Serialises `event`.
    #[must_use]
    pub fn new(event: &Event) -> Self {
        let mut writer = SseWriter::begin(event.id, 512);
        // Writing to memory does not fail, and every type in an event has a JSON form; should one ever not, readers
        // get the envelope, so that the ids stay whole.
        if serde_json::to_writer((&mut writer.buffer).writer(), event).is_err() {
            writer.buffer.truncate(writer.json_from);
            writer.buffer.extend_from_slice(
                format!(
                    r#"{{"id":{},"timestamp":"{}","type":"{}"}}"#,
                    event.id,
                    event.timestamp,
                    event.kind.type_name()
                )
                .as_bytes(),
            );
        }
        let (sse, json) = writer.end();
        Self {
            id: event.id,
            session_id: event.session_id.clone(),
            event_type: event.kind.type_name().into(),
            sse,
            json,
        }
    }

    /// From an event's JSON as it was stored.
    #[must_use]
    pub fn from_json(id: EventId, session_id: Option<SessionId>, event_type: String, json: &[u8]) -> Self {
        let mut writer = SseWriter::begin(id, json.len());
        writer.buffer.extend_from_slice(json);
        let (sse, json) = writer.end();
        Self { id, session_id, event_type: event_type.into(), sse, json }
    }

    /// The event as JSON.
    #[must_use]
    pub fn json(&self) -> &Bytes {
        &self.json
    }

    /// The event as a Server-Sent Events message.
    #[must_use]
    pub fn sse(&self) -> &Bytes {
        &self.sse
    }

    /// About how many bytes of memory it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.sse.len()
    }
}

struct SseWriter {
    buffer: BytesMut,
    json_from: usize,
}

impl SseWriter {
    fn begin(id: EventId, json_bytes: usize) -> Self {
        use std::fmt::Write;
        let mut buffer = BytesMut::with_capacity(json_bytes + 40);
        // Writing to memory does not fail.
        let _ = write!(buffer, "id: {id}\ndata: ");
        let json_from = buffer.len();
        Self { buffer, json_from }
    }

    fn end(mut self) -> (Bytes, Bytes) {
        let json_to = self.buffer.len();
        self.buffer.extend_from_slice(b"\n\n");
        let sse = self.buffer.freeze();
        let json = sse.slice(self.json_from..json_to);
        (sse, json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventKind, Timestamp};

    #[test]
    fn a_frame_is_one_message_whatever_the_content() {
        let event = Event {
            id: EventId(7),
            timestamp: Timestamp::EPOCH,
            session_id: SessionId::parse("s").ok(),
            kind: EventKind::Custom {
                name: "a\r\nb\u{2028}".into(),
                data: serde_json::json!({"x": "\n\nid: 9\n"}),
            },
        };
        let frame = EventFrame::new(&event);
        let text = std::str::from_utf8(frame.sse()).unwrap();
        assert!(text.starts_with("id: 7\ndata: {\"id\":7,"));
        assert!(text.ends_with("}\n\n"));
        assert_eq!(text.lines().count(), 3);
        assert!(!text.contains('\r'));
        let again = EventFrame::from_json(frame.id, frame.session_id.clone(), "Custom".into(), frame.json());
        assert_eq!(again.sse(), frame.sse());
    }
}
