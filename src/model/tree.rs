//! The span tree as rows.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{EventId, Span, SpanId, SpanSummary, TraceId};

/// One row of the span tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct SpanNode {
    /// The span.
    #[serde(flatten)]
    pub span: SpanSummary,
    /// How deep it lies; a root has 0.
    pub depth: u32,
    /// How many of the following rows lie below it.
    pub descendants: u32,
}

/// The rows of a session's tree in depth-first pre-order: a parent comes before its children, siblings in the order
/// in which they began, then by id, so that the same spans always give the same rows.
///
/// A parent that nobody reported gets a placeholder row, which covers the time of its children. Spans whose parents
/// form a circle (only broken senders do that) are shown as roots. Every span given comes out exactly once.
#[must_use]
pub fn pre_order(mut spans: Vec<SpanSummary>) -> Vec<SpanNode> {
    let parents = parents(&mut spans);
    // Rows are some hundreds of bytes: their places are ordered, and each row moves once.
    let mut in_order: Vec<usize> = (0..spans.len()).collect();
    in_order.sort_unstable_by_key(|&at| (spans[at].start_time, spans[at].trace_id, spans[at].span_id, at));
    let children = Children::of(&parents, &in_order);
    let mut walk = Walk { depths: vec![None; spans.len()], order: Vec::with_capacity(spans.len()) };
    for &root in in_order.iter().filter(|&&at| parents[at].is_none()) {
        walk.visit(root, &children);
    }
    // What is left hangs in a circle: its earliest span becomes a root.
    for &at in &in_order {
        walk.visit(at, &children);
    }
    into_nodes(spans, &walk)
}

/// Where the parent of each span stands. Those that nobody reported are added behind the others.
fn parents(spans: &mut Vec<SpanSummary>) -> Vec<Option<usize>> {
    let mut places: HashMap<(TraceId, SpanId), usize> = HashMap::with_capacity(spans.len());
    for (at, span) in spans.iter().enumerate() {
        places.insert((span.trace_id, span.span_id), at);
    }
    let reported = spans.len();
    let mut parents = vec![None; reported];
    // Siblings often stand together.
    let mut last = None;
    for at in 0..reported {
        let span = &spans[at];
        let trace = span.parent_trace_id.unwrap_or(span.trace_id);
        let Some(parent) = span.parent_span_id.map(|parent| (trace, parent)) else { continue };
        let place = match last {
            Some((known, place)) if known == parent => place,
            _ => match places.get(&parent) {
                Some(&place) => place,
                None => {
                    let missing = placeholder(parent, span);
                    places.insert(parent, spans.len());
                    spans.push(missing);
                    spans.len() - 1
                }
            },
        };
        last = Some((parent, place));
        if place >= reported {
            let (known, added) = spans.split_at_mut(reported);
            added[place - reported].cover(&known[at]);
        }
        // A span that is its own parent is a root.
        parents[at] = (place != at).then_some(place);
    }
    parents.resize(spans.len(), None);
    parents
}

fn placeholder((trace, id): (TraceId, SpanId), child: &SpanSummary) -> SpanSummary {
    let mut span = Span::new(trace, id, "not reported", child.start_time).summary(EventId(0));
    span.end_time = child.end_time;
    span.placeholder = true;
    span
}

impl SpanSummary {
    /// Makes a placeholder as long as its children.
    fn cover(&mut self, child: &Self) {
        self.start_time = self.start_time.min(child.start_time);
        self.end_time = self.end_time.zip(child.end_time).map(|(a, b)| a.max(b));
        self.event_id = self.event_id.max(child.event_id);
    }
}

/// The children of all spans in one list, each span's together and in order.
struct Children {
    all: Vec<usize>,
    /// Where each span's end; they begin where those of the span before end.
    ends: Vec<usize>,
}

impl Children {
    fn of(parents: &[Option<usize>], in_order: &[usize]) -> Self {
        let mut ends = vec![0; parents.len()];
        for &parent in parents.iter().flatten() {
            ends[parent] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            // For now where they begin.
            sum += std::mem::replace(end, sum);
        }
        let mut all = vec![0; sum];
        for &at in in_order {
            if let Some(parent) = parents[at] {
                all[ends[parent]] = at;
                ends[parent] += 1;
            }
        }
        Self { all, ends }
    }

    fn of_span(&self, at: usize) -> &[usize] {
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[from..self.ends[at]]
    }
}

struct Walk {
    depths: Vec<Option<u32>>,
    order: Vec<usize>,
}

impl Walk {
    /// An explicit stack: a trace a million spans deep must not overflow the thread's.
    fn visit(&mut self, root: usize, children: &Children) {
        if self.depths[root].is_some() {
            return;
        }
        let mut stack = vec![(root, 0)];
        while let Some((at, depth)) = stack.pop() {
            if self.depths[at].is_some() {
                continue;
            }
            self.depths[at] = Some(depth);
            self.order.push(at);
            stack.extend(children.of_span(at).iter().rev().map(|&child| (child, depth + 1)));
        }
    }
}

fn into_nodes(spans: Vec<SpanSummary>, walk: &Walk) -> Vec<SpanNode> {
    let mut slots: Vec<Option<SpanSummary>> = spans.into_iter().map(Some).collect();
    let mut nodes: Vec<SpanNode> = Vec::with_capacity(slots.len());
    for &at in &walk.order {
        let Some(span) = slots[at].take() else { continue };
        nodes.push(SpanNode { span, depth: walk.depths[at].unwrap_or(0), descendants: 0 });
    }
    let mut open: Vec<usize> = Vec::new();
    for at in 0..=nodes.len() {
        let depth = nodes.get(at).map_or(0, |node| node.depth) as usize;
        for closed in open.drain(depth.min(open.len())..) {
            nodes[closed].descendants = u32::try_from(at - closed - 1).unwrap_or(u32::MAX);
        }
        open.push(at);
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use proptest::prelude::*;

    fn span(id: u8, parent: Option<u8>, start: i64) -> SpanSummary {
        let trace = TraceId::from_bytes([1; 16]).unwrap();
        let id_of = |id: u8| SpanId::from_bytes([id; 8]).unwrap();
        let mut span = Span::new(trace, id_of(id), format!("span {id}"), Timestamp::from_nanos(start));
        span.parent_span_id = parent.map(id_of);
        span.summary(EventId(u64::from(id)))
    }

    fn shape(nodes: &[SpanNode]) -> Vec<(u8, u32, u32)> {
        nodes.iter().map(|node| (node.span.span_id.as_bytes()[0], node.depth, node.descendants)).collect()
    }

    #[test]
    fn parents_come_before_children_and_siblings_in_order_of_time() {
        let rows = pre_order(vec![
            span(4, Some(2), 40),
            span(3, Some(1), 20),
            span(2, Some(1), 30),
            span(1, None, 10),
        ]);
        assert_eq!(shape(&rows), [(1, 0, 3), (3, 1, 0), (2, 1, 1), (4, 2, 0)]);
    }

    #[test]
    fn a_missing_parent_gets_one_placeholder_over_its_children() {
        let rows = pre_order(vec![span(2, Some(9), 30), span(3, Some(9), 20)]);
        assert_eq!(shape(&rows), [(9, 0, 2), (3, 1, 0), (2, 1, 0)]);
        assert!(rows[0].span.placeholder && rows[0].span.start_time == Timestamp::from_nanos(20));
    }

    #[test]
    fn a_circle_of_parents_is_shown_as_a_root() {
        let rows = pre_order(vec![span(1, Some(2), 10), span(2, Some(1), 20), span(3, Some(3), 5)]);
        assert_eq!(shape(&rows), [(3, 0, 0), (1, 0, 1), (2, 1, 0)]);
    }

    proptest! {
        #[test]
        fn every_span_comes_out_once_below_its_parent(parents in prop::collection::vec((1_u8..40, 0_i64..50), 1..40)) {
            let spans: Vec<_> = parents
                .iter()
                .enumerate()
                .map(|(at, (parent, start))| span(u8::try_from(at + 1).unwrap(), Some(*parent), *start))
                .collect();
            let rows = pre_order(spans.clone());
            let mut seen: Vec<_> = rows.iter().filter(|row| !row.span.placeholder).map(|row| row.span.span_id).collect();
            seen.sort();
            let mut given: Vec<_> = spans.iter().map(|span| span.span_id).collect();
            given.sort();
            prop_assert_eq!(seen, given);
            for (at, row) in rows.iter().enumerate() {
                let below = rows[at + 1..].iter().take_while(|next| next.depth > row.depth).count();
                prop_assert_eq!(below, row.descendants as usize);
                prop_assert!(at == 0 || row.depth <= rows[at - 1].depth + 1);
            }
        }
    }
}
