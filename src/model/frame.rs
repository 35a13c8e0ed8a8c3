//! An event as it travels: serialised once, shared by the ring, every reader and the store.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};

use super::{Event, EventId, SessionId};

/// How long a segment grows before the next one begins. A reader gets what lies in one segment without a copy: a few messages'
/// worth.
const SEGMENT_BYTES: usize = 64 << 10;

/// A serialised event with what is needed to order and filter it.
///
/// The bytes are a whole Server-Sent Events message (`id: …`, `data: …`, an empty line) with the JSON in it. Events that
/// were published together lie behind each other in one segment, which they share.
#[derive(Clone, Debug)]
pub struct EventFrame {
    pub(crate) id: EventId,
    pub(crate) session_id: Option<SessionId>,
    pub(crate) event_type: Cow<'static, str>,
    segment: Bytes,
    sse: Range<usize>,
    json: Range<usize>,
}

impl EventFrame {
    /// Serialises `event`, into a segment of its own.
    #[must_use]
    pub fn new(event: &Event) -> Self {
        let mut buffer = BytesMut::with_capacity(512);
        Unsealed::of(event, &mut buffer).seal(&buffer.freeze())
    }

    /// From an event's JSON as it was stored.
    #[must_use]
    pub fn from_json(id: EventId, session_id: Option<SessionId>, event_type: String, json: &[u8]) -> Self {
        let mut buffer = BytesMut::with_capacity(json.len() + 40);
        let begin = begin(id, &mut buffer);
        buffer.extend_from_slice(json);
        let (sse, json) = end(begin, &mut buffer);
        Unsealed { id, session_id, event_type: event_type.into(), sse, json }.seal(&buffer.freeze())
    }

    /// The event's id.
    #[must_use]
    pub const fn id(&self) -> EventId {
        self.id
    }

    /// The event's session.
    #[must_use]
    pub const fn session_id(&self) -> Option<&SessionId> {
        self.session_id.as_ref()
    }

    /// The event's type.
    #[must_use]
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// Whether it says that events are missing.
    pub(crate) fn is_gap(&self) -> bool {
        self.event_type == "Gap"
    }

    /// The event as JSON.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        &self.segment[self.json.clone()]
    }

    /// The event as JSON, sharing memory with this frame.
    #[must_use]
    pub fn json_bytes(&self) -> Bytes {
        self.segment.slice(self.json.clone())
    }

    /// The event as a Server-Sent Events message.
    #[must_use]
    pub fn sse(&self) -> &[u8] {
        &self.segment[self.sse.clone()]
    }

    /// Whether `next` lies right behind this one in the same segment.
    pub(crate) fn adjoins(&self, next: &Self) -> bool {
        self.sse.end == next.sse.start
            && self.segment.len() == next.segment.len()
            && std::ptr::eq(self.segment.as_ptr(), next.segment.as_ptr())
    }

    /// The messages from this one to `last`, without a copy. Each must [adjoin](Self::adjoins) the next one.
    pub(crate) fn through(&self, last: &Self) -> Bytes {
        self.segment.slice(self.sse.start..last.sse.end.max(self.sse.end))
    }

    /// The same event in a segment of its own: for who keeps this one and not its neighbours.
    pub(crate) fn detached(&self) -> Self {
        let (from, json) = (self.sse.start, self.json.clone());
        Self {
            segment: Bytes::copy_from_slice(self.sse()),
            sse: 0..self.sse.len(),
            json: json.start - from..json.end - from,
            ..self.clone()
        }
    }

    /// About how many bytes of memory it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.sse.len()
    }
}

/// Serialises events one after the other into shared segments.
#[derive(Debug, Default)]
pub(crate) struct FrameWriter {
    buffer: BytesMut,
    unsealed: Vec<Unsealed>,
    frames: Vec<Arc<EventFrame>>,
}

impl FrameWriter {
    /// Adds an event.
    pub(crate) fn push(&mut self, event: &Event) {
        if self.unsealed.is_empty() {
            self.buffer.reserve(512);
        }
        self.unsealed.push(Unsealed::of(event, &mut self.buffer));
        if self.buffer.len() >= SEGMENT_BYTES {
            self.seal();
        }
    }

    /// How many events were added and not taken.
    pub(crate) fn len(&self) -> usize {
        self.frames.len() + self.unsealed.len()
    }

    /// The events added since this was asked for last.
    pub(crate) fn take(&mut self) -> Vec<Arc<EventFrame>> {
        self.seal();
        std::mem::take(&mut self.frames)
    }

    /// Forgets what was added and not taken.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn seal(&mut self) {
        let segment = self.buffer.split().freeze();
        self.frames.extend(self.unsealed.drain(..).map(|frame| Arc::new(frame.seal(&segment))));
    }
}

/// A frame whose segment is still being written.
#[derive(Debug)]
struct Unsealed {
    id: EventId,
    session_id: Option<SessionId>,
    event_type: Cow<'static, str>,
    sse: Range<usize>,
    json: Range<usize>,
}

impl Unsealed {
    fn of(event: &Event, buffer: &mut BytesMut) -> Self {
        let begin = begin(event.id, buffer);
        // Writing to memory does not fail, and every type in an event has a JSON form; should one ever not, readers
        // get the envelope, so that the ids stay whole.
        if serde_json::to_writer(buffer.writer(), event).is_err() {
            buffer.truncate(begin.1);
            let (id, at, name) = (event.id, event.timestamp, event.kind.type_name());
            buffer
                .extend_from_slice(format!(r#"{{"id":{id},"timestamp":"{at}","type":"{name}"}}"#).as_bytes());
        }
        let (sse, json) = end(begin, buffer);
        let event_type = event.kind.type_name().into();
        Self { id: event.id, session_id: event.session_id.clone(), event_type, sse, json }
    }

    fn seal(self, segment: &Bytes) -> EventFrame {
        let Self { id, session_id, event_type, sse, json } = self;
        EventFrame { id, session_id, event_type, segment: segment.clone(), sse, json }
    }
}

/// Begins a message; gives where it and its JSON begin.
fn begin(id: EventId, buffer: &mut BytesMut) -> (usize, usize) {
    use std::fmt::Write;
    let from = buffer.len();
    // Writing to memory does not fail.
    let _ = write!(buffer, "id: {id}\ndata: ");
    (from, buffer.len())
}

/// Ends a message; gives where it and its JSON lie.
fn end((from, json_from): (usize, usize), buffer: &mut BytesMut) -> (Range<usize>, Range<usize>) {
    let json = json_from..buffer.len();
    buffer.extend_from_slice(b"\n\n");
    (from..buffer.len(), json)
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

    #[test]
    fn frames_that_were_written_together_are_read_together() {
        let mut writer = FrameWriter::default();
        let event = |id| Event {
            id: EventId(id),
            timestamp: Timestamp::EPOCH,
            session_id: None,
            kind: EventKind::Custom { name: "x".into(), data: serde_json::json!(id) },
        };
        let mut all = Vec::new();
        for turn in 0..3 {
            (1..=400).for_each(|id| writer.push(&event(turn * 400 + id)));
            assert_eq!(writer.len(), 400);
            all.append(&mut writer.take());
        }
        assert_eq!(writer.len(), 0);
        for (id, frame) in (1..).zip(&all) {
            assert_eq!((frame.id, frame.sse()), (EventId(id), EventFrame::new(&event(id)).sse()));
            assert_eq!(frame.detached().sse(), frame.sse());
            assert_eq!(frame.detached().json_bytes(), frame.json());
        }
        let runs: Vec<_> = all.chunk_by(|before, after| before.adjoins(after)).collect();
        assert!((3..=9).contains(&runs.len()), "{} segments", runs.len());
        let joined: Vec<u8> = runs.iter().flat_map(|run| run[0].through(&run[run.len() - 1])).collect();
        let single: Vec<u8> = all.iter().flat_map(|frame| frame.sse().to_vec()).collect();
        assert_eq!(joined, single);
        assert!(!all[0].adjoins(&all[2]) && !all[1].adjoins(&all[0]));
    }
}
