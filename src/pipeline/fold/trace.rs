//! One trace: which spans it has and what each adds to the session.

use std::collections::HashMap;

use super::calls::Told;
use super::facts::Facts;
use super::totals::Totals;
use crate::model::{
    Activity, Cost, SessionId, SpanId, SpanKind, SpanSummary, StatusCode, Timestamp, Usage, WaitingOn,
};

/// Deeper than this, ancestors are not followed: only a circle of parents is that deep.
const MAX_DEPTH: usize = 10_000;

/// How well it is known to which session a trace belongs. A better claim moves the trace; among equals the first stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Claim {
    /// Nobody named a session.
    None,
    /// It stands in a session's file. What its sender says counts more.
    File,
    /// The sender's resource did.
    Resource,
    /// A span did.
    Span,
    /// The root did.
    Root,
    /// The host opened the session itself.
    Explicit,
}

#[derive(Debug)]
pub(super) struct Trace {
    pub(super) session: SessionId,
    pub(super) claim: Claim,
    pub(super) totals: Totals,
    /// When its spans began.
    pub(super) activity: Activity,
    /// Spans that have begun and not ended.
    pub(super) open: usize,
    /// The root that ended last: when, and whether in an error.
    pub(super) ended_root: Option<(Timestamp, bool)>,
    /// What its spans say of the session; of those that were loaded from the store what their summaries say.
    pub(super) facts: Facts,
    /// What its spans wait for that wait for a person.
    waits: HashMap<SpanId, Wait>,
    nodes: HashMap<SpanId, Node>,
    /// Children whose parent was not reported yet.
    waiting: HashMap<SpanId, Vec<SpanId>>,
}

/// What a trace remembers of a span.
#[derive(Clone, Copy, Debug)]
struct Node {
    parent: Option<SpanId>,
    kind: SpanKind,
    error: bool,
    open: bool,
    usage: Option<Usage>,
    cost: Option<Cost>,
    told: Told,
    /// It counts for nothing: a detail of its program, or reported better elsewhere.
    muted: bool,
    /// Model calls somewhere below.
    llm_below: u32,
    /// Model calls with tokens somewhere below.
    usage_below: u32,
}

impl Node {
    fn of(span: &SpanSummary) -> Self {
        Self {
            parent: span.parent_span_id.filter(|parent| *parent != span.span_id),
            kind: span.kind,
            error: span.status == StatusCode::Error || span.error.is_some(),
            open: span.end_time.is_none() && !span.abandoned,
            usage: span.usage,
            cost: span.cost,
            told: Told::of(span),
            muted: span.detail,
            llm_below: 0,
            usage_below: 0,
        }
    }

    fn is_llm(&self) -> bool {
        self.kind == SpanKind::Llm && !self.muted
    }

    fn is_open(&self) -> bool {
        self.open && !self.muted
    }

    fn has_usage(&self) -> bool {
        self.is_llm() && (self.usage.is_some() || self.cost.is_some())
    }

    /// What the span adds: a model call counts where no other lies below it, its tokens where none below has any,
    /// because frameworks repeat the sums of the children on their parents.
    fn totals(&self) -> Totals {
        if self.muted {
            return Totals::default();
        }
        let mut totals = Totals::of_span(self.error);
        match self.kind {
            SpanKind::Tool => totals.tool_call(),
            // A sum says how many tokens, and not in how many calls.
            SpanKind::Llm if self.llm_below == 0 && !self.told.is_sum() => totals.llm_call(),
            _ => {}
        }
        if self.has_usage() && self.usage_below == 0 {
            totals.usage(self.usage.unwrap_or_default(), self.cost);
        }
        totals
    }

    /// What the span and all below it count as, for the spans above.
    fn weight(&self) -> (u32, u32) {
        (self.llm_below + u32::from(self.is_llm()), self.usage_below + u32::from(self.has_usage()))
    }
}

/// A wait for a person.
#[derive(Debug)]
struct Wait {
    on: WaitingOn,
    /// Whether it was announced.
    told: bool,
}

impl Trace {
    pub(super) fn new(session: SessionId, claim: Claim) -> Self {
        Self {
            session,
            claim,
            totals: Totals::default(),
            activity: Activity::default(),
            open: 0,
            ended_root: None,
            facts: Facts::default(),
            waits: HashMap::new(),
            nodes: HashMap::new(),
            waiting: HashMap::new(),
        }
    }

    /// From what is stored of it. Those that `mutes` counts for nothing do.
    pub(super) fn restore(
        session: SessionId,
        claim: Claim,
        spans: &[SpanSummary],
        mutes: impl Fn(&SpanSummary) -> bool,
    ) -> Self {
        let mut trace = Self::new(session, claim);
        for span in spans {
            if trace.apply(span, mutes(span)) {
                trace.facts.hear(span, None, None);
            }
        }
        // Whoever wanted to hear of them has heard of them when they began.
        trace.waits.values_mut().for_each(|wait| wait.told = true);
        trace
    }

    /// What its spans say of calls.
    pub(super) fn told(&self) -> impl Iterator<Item = (SpanId, Told)> {
        self.nodes.iter().filter(|(_, node)| node.told != Told::default()).map(|(id, node)| (*id, node.told))
    }

    /// Whether any of its spans is of a call that may be reported elsewhere too.
    pub(super) fn tells_of_calls(&self) -> bool {
        self.nodes.values().any(|node| node.told.is_of_call())
    }

    /// What the first of those that wait for a person waits for.
    pub(super) fn waits(&self) -> Option<&WaitingOn> {
        let counts = |id: &SpanId| self.nodes.get(id).is_some_and(|node| !node.muted);
        let waits = self.waits.iter().filter(|(id, _)| counts(id)).map(|(_, wait)| &wait.on);
        waits.min_by(|a, b| (a.since, &a.signal_name).cmp(&(b.since, &b.signal_name)))
    }

    /// Has a span count for nothing.
    pub(super) fn mute_one(&mut self, id: SpanId) {
        if let Some(old) = self.nodes.get(&id).copied() {
            self.replace(id, Some(old), Node { muted: true, ..old });
        }
    }

    /// Has spans count, or not, as `muted` says; what it says nothing of stays.
    pub(super) fn mute(&mut self, muted: impl Fn(SpanId) -> Option<bool>) {
        let changes: Vec<_> = self
            .nodes
            .iter()
            .filter_map(|(id, node)| Some((*id, muted(*id).filter(|muted| *muted != node.muted)?)))
            .collect();
        for (id, muted) in changes {
            let Some(old) = self.nodes.get(&id).copied() else { continue };
            self.replace(id, Some(old), Node { muted, ..old });
        }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn contains(&self, span: SpanId) -> bool {
        self.nodes.contains_key(&span)
    }

    /// Takes a span in, or what became newly known of one; says whether it was new. `totals` afterwards holds what the whole
    /// trace adds up to. A span that is `muted` counts for nothing in it.
    pub(super) fn apply(&mut self, span: &SpanSummary, muted: bool) -> bool {
        let mut node = Node::of(span);
        node.muted |= muted;
        let old = self.nodes.get(&span.span_id).copied();
        match old {
            // A late start after the end changes nothing but what it may add.
            Some(old) if !old.open && node.open => return false,
            Some(old) => {
                node.parent = old.parent.or(node.parent);
                (node.llm_below, node.usage_below) = (old.llm_below, old.usage_below);
            }
            None => {
                (node.llm_below, node.usage_below) = self.adopt(span.span_id, node.parent);
                if !node.muted {
                    self.activity.add(span.start_time);
                }
            }
        }
        if node.parent.is_none() && !span.detail {
            self.ended_root = self.ended_root.max(span.end_time.map(|end| (end, node.error)));
        }
        if span.kind == SpanKind::Human && node.open {
            let on = WaitingOn {
                trace_id: Some(span.trace_id),
                span_id: Some(span.span_id),
                ..WaitingOn::new(span.name.clone(), span.start_time)
            };
            self.waits.entry(span.span_id).or_insert(Wait { on, told: false });
        } else {
            self.waits.remove(&span.span_id);
        }
        self.replace(span.span_id, old, node);
        true
    }

    /// Says better what a span waits for that waits for a person.
    pub(super) fn set_wait(&mut self, span: SpanId, wait: &WaitingOn) {
        if let Some(known) = self.waits.get_mut(&span) {
            known.on.clone_from(wait);
        }
    }

    /// Notes that a wait was announced by whoever began it.
    pub(super) fn wait_is_told(&mut self, span: SpanId) {
        if let Some(known) = self.waits.get_mut(&span) {
            known.told = true;
        }
    }

    /// The waits that were not announced yet; they count as announced from then on.
    pub(super) fn untold_waits(&mut self) -> Vec<(SpanId, WaitingOn)> {
        let nodes = &self.nodes;
        let untold = self
            .waits
            .iter_mut()
            .filter(|(id, wait)| !wait.told && nodes.get(id).is_some_and(|node| !node.muted));
        let mut untold: Vec<_> = untold
            .map(|(id, wait)| {
                wait.told = true;
                (*id, wait.on.clone())
            })
            .collect();
        untold.sort_unstable_by_key(|(id, wait)| (wait.since, *id));
        untold
    }

    fn replace(&mut self, id: SpanId, old: Option<Node>, node: Node) {
        self.open =
            self.open + usize::from(node.is_open()) - usize::from(old.is_some_and(|old| old.is_open()));
        if let Some(old) = old {
            self.totals.subtract(old.totals());
        }
        self.totals.add(node.totals());
        self.nodes.insert(id, node);
        let (before, after) = (old.map_or((0, 0), |old| old.weight()), node.weight());
        self.tell_ancestors(node.parent, before, after);
    }

    /// What the children that were here before their parent weigh. Puts the new span on its own parent's list when
    /// that one is missing.
    fn adopt(&mut self, span: SpanId, parent: Option<SpanId>) -> (u32, u32) {
        if let Some(parent) = parent.filter(|parent| !self.nodes.contains_key(parent)) {
            self.waiting.entry(parent).or_default().push(span);
        }
        let children = self.waiting.remove(&span).unwrap_or_default();
        children.iter().filter_map(|child| self.nodes.get(child)).fold((0, 0), |(llm, usage), child| {
            let (child_llm, child_usage) = child.weight();
            (llm + child_llm, usage + child_usage)
        })
    }

    fn tell_ancestors(&mut self, parent: Option<SpanId>, before: (u32, u32), after: (u32, u32)) {
        if before == after {
            return;
        }
        let mut next = parent;
        for _ in 0..MAX_DEPTH {
            let Some(node) = next.and_then(|id| self.nodes.get_mut(&id)) else { return };
            self.totals.subtract(node.totals());
            node.llm_below = node.llm_below.saturating_sub(before.0) + after.0;
            node.usage_below = node.usage_below.saturating_sub(before.1) + after.1;
            self.totals.add(node.totals());
            next = node.parent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventId, Span, TraceId};
    use proptest::prelude::*;

    fn id(number: u8) -> SpanId {
        SpanId::from_bytes([number; 8]).unwrap()
    }

    fn span(number: u8, parent: Option<u8>, kind: SpanKind, tokens: Option<u64>) -> SpanSummary {
        let mut span = Span::new(TraceId::from_bytes([9; 16]).unwrap(), id(number), "x", Timestamp::EPOCH);
        span.parent_span_id = parent.map(id);
        span.kind = kind;
        span.usage = tokens.map(|tokens| Usage { input_tokens: Some(tokens), ..Usage::default() });
        span.end_time = Some(Timestamp::EPOCH);
        span.summary(EventId(0))
    }

    fn trace(spans: &[SpanSummary]) -> Trace {
        Trace::restore(SessionId::generate(), Claim::None, spans, |_| false)
    }

    #[test]
    fn a_parent_that_repeats_the_sum_of_its_children_is_not_counted() {
        let spans = [
            span(1, None, SpanKind::Agent, Some(30)),
            span(2, Some(1), SpanKind::Llm, Some(30)),
            span(3, Some(2), SpanKind::Llm, Some(10)),
            span(4, Some(2), SpanKind::Llm, Some(20)),
        ];
        let counters = trace(&spans).totals.counters();
        assert_eq!(
            (counters.input_tokens, counters.llm_calls, counters.spans, counters.unpriced_calls),
            (30, 2, 4, 2)
        );
    }

    #[test]
    fn a_model_call_whose_parts_say_nothing_of_tokens_keeps_its_own() {
        let spans = [span(1, None, SpanKind::Llm, Some(30)), span(2, Some(1), SpanKind::Llm, None)];
        let counters = trace(&spans).totals.counters();
        assert_eq!((counters.input_tokens, counters.llm_calls), (30, 1));
    }

    #[test]
    fn a_span_that_comes_twice_counts_once_and_a_late_start_opens_nothing() {
        let mut trace =
            trace(&[span(1, None, SpanKind::Llm, Some(5)), span(1, None, SpanKind::Llm, Some(7))]);
        let mut start = span(1, None, SpanKind::Llm, None);
        start.end_time = None;
        trace.apply(&start, false);
        assert_eq!(
            (trace.totals.counters().input_tokens, trace.totals.counters().spans, trace.open),
            (7, 1, 0)
        );
    }

    proptest! {
        #[test]
        fn the_order_in_which_spans_come_changes_nothing(
            parents in prop::collection::vec((0_usize..12, 0_u8..3, prop::option::of(0_u64..9)), 1..12),
            keys in prop::collection::vec(any::<u32>(), 12),
        ) {
            let kinds = [SpanKind::Llm, SpanKind::Tool, SpanKind::Agent];
            let spans: Vec<_> = parents.iter().enumerate().map(|(at, (parent, kind, tokens))| {
                // Parents come from before, so that there is no circle.
                let parent = (at > 0).then(|| u8::try_from(parent % at + 1).unwrap());
                span(u8::try_from(at + 1).unwrap(), parent, kinds[usize::from(*kind)], *tokens)
            }).collect();
            let mut shuffled: Vec<_> = spans.iter().cloned().zip(keys).collect();
            shuffled.sort_by_key(|(_, key)| *key);
            let shuffled: Vec<_> = shuffled.into_iter().map(|(span, _)| span).collect();
            prop_assert_eq!(trace(&spans).totals, trace(&shuffled).totals);
        }
    }
}
