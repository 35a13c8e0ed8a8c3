//! Which frames of the ring are of which session: a reader of one session looks at those alone, however much is told of others.

use std::collections::{HashMap, VecDeque};

use crate::model::{EventFrame, EventId, SessionId};

/// What the ring holds of each session.
#[derive(Debug, Default)]
pub(super) struct Index {
    sessions: HashMap<SessionId, Told>,
    /// The gaps, which every reader gets: nobody knows whether what is missing was wanted.
    for_everybody: Told,
    /// Of a session that is not known here nothing was published after this event.
    forgotten: EventId,
}

/// The frames of one session, the oldest first.
#[derive(Debug, Default)]
struct Told {
    held: VecDeque<EventId>,
    /// The newest one that the ring dropped.
    dropped: EventId,
}

impl Index {
    /// Of an empty ring: what it will not hold ends with `floor`.
    pub(super) fn new(floor: EventId) -> Self {
        Self { forgotten: floor, ..Self::default() }
    }

    /// Notes a frame that the ring took, the newest.
    pub(super) fn add(&mut self, frame: &EventFrame) {
        if frame.is_gap() {
            self.for_everybody.held.push_back(frame.id);
        } else if let Some(session) = &frame.session_id {
            if let Some(told) = self.sessions.get_mut(session) {
                told.held.push_back(frame.id);
            } else {
                let told = Told { held: [frame.id].into(), dropped: EventId::default() };
                self.sessions.insert(session.clone(), told);
            }
        }
    }

    /// Notes that the ring has dropped a frame, its oldest.
    pub(super) fn drop_oldest(&mut self, frame: &EventFrame) {
        if frame.is_gap() {
            self.for_everybody.drop_oldest(frame.id);
        } else if let Some(told) =
            frame.session_id.as_ref().and_then(|session| self.sessions.get_mut(session))
        {
            told.drop_oldest(frame.id);
        }
    }

    /// Forgets sessions of which the ring holds nothing, when more than `most` are known. Whoever is not past `floor`, the newest
    /// event that the ring dropped, can then not be told that nothing was missed.
    pub(super) fn forget(&mut self, most: usize, floor: EventId) {
        if self.sessions.len() > most {
            self.sessions.retain(|_, told| !told.held.is_empty());
            self.forgotten = floor;
        }
    }

    /// Notes that a session was taken out of the ring.
    pub(super) fn remove(&mut self, session: &SessionId) {
        self.sessions.remove(session);
    }

    /// Whether the ring may have dropped something after `after` that a reader of `session` wants.
    pub(super) fn has_dropped(&self, session: &SessionId, after: EventId) -> bool {
        let dropped = self.sessions.get(session).map_or(EventId::default(), |told| told.dropped);
        after < self.forgotten.max(dropped).max(self.for_everybody.dropped)
    }

    /// The frames after `after` that a reader of `session` wants, in order.
    pub(super) fn after(&self, session: &SessionId, after: EventId) -> impl Iterator<Item = EventId> {
        let mut of_it =
            self.sessions.get(session).map(|told| told.after(after)).into_iter().flatten().peekable();
        let mut for_everybody = self.for_everybody.after(after).peekable();
        std::iter::from_fn(move || match (of_it.peek(), for_everybody.peek()) {
            (Some(one), Some(other)) if other < one => for_everybody.next(),
            (Some(_), _) => of_it.next(),
            (None, _) => for_everybody.next(),
        })
    }
}

impl Told {
    fn drop_oldest(&mut self, id: EventId) {
        debug_assert_eq!(self.held.front(), Some(&id), "they are dropped in order");
        self.held.pop_front();
        self.dropped = id;
        // A session that once filled the ring would keep that room for good.
        if self.held.capacity() > 64 && self.held.len() < self.held.capacity() / 4 {
            self.held.shrink_to(self.held.capacity() / 2);
        }
    }

    fn after(&self, after: EventId) -> impl Iterator<Item = EventId> {
        self.held.range(self.held.partition_point(|id| *id <= after)..).copied()
    }
}
