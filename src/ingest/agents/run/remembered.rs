//! What is remembered of a run's calls, and looked up in the store beyond that.

use super::super::call::{Call, Outcome};
use super::super::known::Known;
use super::super::{RecallEvent, ids};
use super::{MAX_CALL_BYTES, MAX_CALLS, MAX_STORED, Run};
use crate::model::{AttributeValue, EventKey, Reported, Span, SpanId, Timestamp, TraceId};

impl Run {
    /// What is remembered of a call, whole; or what the store has of it when it is `sought` there.
    pub(super) fn take(&mut self, call_id: &str, sought: bool) -> Option<Known> {
        match self.calls.remove(call_id) {
            Some(mut known) => {
                self.bytes = self.bytes.saturating_sub(known.size());
                if known.partial {
                    known.recalled((self.recall)(&self.session, known.span.trace_id, known.span.span_id));
                }
                Some(known)
            }
            None if sought || self.stored.contains(call_id) => {
                let mut span = (self.recall)(&self.session, self.trace_id, ids::span_id(call_id))?;
                // What was understood of its attributes is understood anew from what is added to them.
                (span.usage, span.cost, span.model) = (None, None, None);
                Some(Known { span, real: false, partial: false })
            }
            None => None,
        }
    }

    pub(super) fn keep(&mut self, call_id: &str, known: Known) {
        let known = known.remembered();
        self.bytes += known.size();
        self.order.retain(|id| id != call_id);
        self.order.push_back(call_id.to_owned());
        self.calls.insert(call_id.to_owned(), known);
        while (self.calls.len() > MAX_CALLS || self.bytes > MAX_CALL_BYTES) && self.order.len() > 1 {
            let oldest = self.order.pop_front().and_then(|oldest| self.calls.remove(&oldest));
            self.bytes = self.bytes.saturating_sub(oldest.map_or(0, |known| known.size()));
        }
    }

    /// Where the span of a call is: the one that the program reported, or the derived one.
    pub(super) fn place_of(&self, call_id: &str) -> (TraceId, SpanId) {
        let known = self.calls.get(call_id).map(|known| (known.span.trace_id, known.span.span_id));
        known.unwrap_or((self.trace_id, ids::span_id(call_id)))
    }

    /// What is known of a call under the name of an attribute.
    pub(in crate::ingest::agents) fn attribute(
        &mut self,
        call_id: &str,
        name: &str,
    ) -> Option<AttributeValue> {
        let known = self.take(call_id, true)?;
        let value = known.span.attributes.get(name).cloned();
        self.keep(call_id, known);
        value
    }

    /// Has a call end later, when it is one that ended because nobody told how long it takes.
    pub(in crate::ingest::agents) fn extend(
        &mut self,
        source: &'static str,
        call_id: &str,
        at: Timestamp,
        out: &mut Reported,
    ) {
        let Some(known) = self.calls.get_mut(call_id) else { return };
        let is_of_source = !known.real && known.span.source == source;
        if is_of_source && known.span.end_time.is_some_and(|end| end < at) {
            known.span.end_time = Some(at);
            out.spans.push(known.span.clone());
        }
    }

    /// Notes that a call was stored before. Whatever is told of it first is then told of what is known of it.
    pub(in crate::ingest::agents) fn is_stored(&mut self, call_id: &str) {
        if self.stored.len() < MAX_STORED {
            self.stored.insert(call_id.to_owned());
        }
    }

    /// Forgets what was told of calls: it may not be stored, and is told again then.
    pub(in crate::ingest::agents) fn forget_calls(&mut self) {
        self.calls.clear();
        self.order.clear();
        self.taken.clear();
        self.bytes = 0;
    }

    /// Whether a posted event is to be taken: once. What is not remembered is asked of the store.
    pub(in crate::ingest::agents) fn takes_event(
        &mut self,
        event: EventKey,
        stored: &RecallEvent,
        out: &mut Reported,
    ) -> bool {
        let taken = self.taken.get(&event).is_some() || stored(event);
        self.taken.put(event, ());
        if !taken {
            out.taken.push((self.session.clone(), event));
        }
        !taken
    }

    /// How many calls are remembered, and how many bytes of them.
    #[cfg(test)]
    pub(in crate::ingest::agents) fn remembered(&self) -> (usize, usize) {
        (self.calls.len(), self.bytes)
    }

    /// Whether a call is remembered.
    pub(in crate::ingest::agents) fn knows(&self, call_id: &str) -> bool {
        self.calls.contains_key(call_id)
    }

    /// The newest open call of which `fits` holds.
    pub(in crate::ingest::agents) fn open_call(&self, fits: impl Fn(&str, &Span) -> bool) -> Option<String> {
        let fits =
            |call_id: &&String| self.calls.get(*call_id).is_some_and(|known| fits(call_id, &known.span));
        self.open.iter().rev().find(fits).cloned()
    }

    /// Ends all open calls of which `fits` holds: nobody will say any more how they ended.
    pub(in crate::ingest::agents) fn give_up_all(
        &mut self,
        source: &'static str,
        fits: impl Fn(&str, &Span) -> bool,
        at: Timestamp,
        out: &mut Reported,
    ) {
        let fits =
            |call_id: &&String| self.calls.get(*call_id).is_none_or(|known| fits(call_id, &known.span));
        let open: Vec<_> = self.open.iter().rev().filter(fits).cloned().collect();
        for call_id in open {
            self.give_up(source, &call_id, at, out);
        }
    }

    pub(super) fn give_up(&mut self, source: &'static str, call_id: &str, at: Timestamp, out: &mut Reported) {
        let Some(kind) = self.calls.get(call_id).map(|known| known.span.kind) else {
            self.open.retain(|open| open != call_id);
            return;
        };
        self.tell(source, call_id, Call::new(kind, "").ended(at, Outcome::Unknown), at, out);
    }
}
