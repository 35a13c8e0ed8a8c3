//! What is done to every span before anybody sees it: normalise, price, redact, cut, and look at what it says of its session.

use std::borrow::Cow;
use std::collections::HashMap;

use super::fold::FoldSpan;
use crate::model::{EventId, Span, TraceId};
use crate::normalize;
use crate::pricing::Prices;
use crate::redact::{self, Redactor};
use crate::store::{Chunk, ChunkBuilder};

/// The spans of one trace that arrived together, compressed.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) trace_id: TraceId,
    pub(super) spans: Vec<FoldSpan>,
    pub(super) chunks: Vec<Chunk>,
}

impl Prepared {
    pub(super) fn size(&self) -> usize {
        self.chunks.iter().map(Chunk::size).sum::<usize>() + self.spans.len() * size_of::<FoldSpan>()
    }
}

/// Normalises, prices, redacts and cuts one span. A redactor that panics has cost the span its content.
pub(super) fn clean(span: &mut Span, redactor: &Redactor, prices: &Prices) -> FoldSpan {
    normalize::span(span);
    span.cost = span.cost.or_else(|| prices.cost(span));
    let mut hint = normalize::session_hint(span);
    if let Some(hint) = &mut hint
        && let Cow::Owned(masked) = redactor.name(&hint.id)
    {
        hint.masked = Some(masked);
    }
    redactor.apply(span);
    redact::cut(span);
    let service = span.resource.text("service.name").map(str::to_owned);
    // After redaction, for a title may quote the prompt.
    let title = normalize::title_hint(span);
    let used = normalize::used(span);
    FoldSpan { summary: span.summary(EventId(0)), hint, title, service, used }
}

/// Prepares what an outside sender sent. Heavy: called on threads that may block.
pub(super) fn prepare(spans: Vec<Span>, redactor: &Redactor, prices: &Prices) -> Vec<Prepared> {
    let mut order: Vec<TraceId> = Vec::new();
    let mut by_trace: HashMap<TraceId, Vec<Span>> = HashMap::new();
    for span in spans {
        by_trace
            .entry(span.trace_id)
            .or_insert_with(|| {
                order.push(span.trace_id);
                Vec::new()
            })
            .push(span);
    }
    order
        .into_iter()
        .filter_map(|trace_id| Some(prepare_trace(trace_id, by_trace.remove(&trace_id)?, redactor, prices)))
        .collect()
}

fn prepare_trace(trace_id: TraceId, spans: Vec<Span>, redactor: &Redactor, prices: &Prices) -> Prepared {
    let mut prepared = Prepared { trace_id, spans: Vec::with_capacity(spans.len()), chunks: Vec::new() };
    let mut builder = ChunkBuilder::new(trace_id);
    for mut span in spans {
        let folded = clean(&mut span, redactor, prices);
        // Every span has a JSON form: its maps have text keys and its numbers are written as text where JSON has none.
        if builder.push(&span, folded.summary.clone()).is_ok() {
            prepared.spans.push(folded);
        }
    }
    prepared.chunks = builder.finish();
    prepared
}
