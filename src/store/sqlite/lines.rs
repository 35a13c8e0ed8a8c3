//! What is known of the lines of a block, as bytes.
//!
//! One row per span would cost more time and space than all the rest: a span takes some 40 bytes here, and a tree of
//! 10,000 spans is read in milliseconds. Texts and parents are named once per block, times and ids are differences,
//! numbers are LEB128. Of several lines about one span the last one counts, within a block and from block to block.

use std::collections::HashMap;

use super::failure::{Failure, Result, corrupt};
use crate::model::{
    Cost, CostSource, EventId, SpanId, SpanKind, SpanSummary, StatusCode, Timestamp, TraceId, Usage,
};
use crate::store::ChunkSpan;

/// The first byte; another layout gets another one.
const LAYOUT: u8 = 1;

const STATUSES: [StatusCode; 3] = [StatusCode::Unset, StatusCode::Ok, StatusCode::Error];

/// What a line has, one bit each, above four bits for the kind and two for the status.
mod has {
    pub(super) const ABANDONED: u64 = 1 << 6;
    pub(super) const PLACEHOLDER: u64 = 1 << 7;
    pub(super) const PARENT: u64 = 1 << 8;
    pub(super) const END: u64 = 1 << 9;
    pub(super) const USAGE: u64 = 1 << 10;
    pub(super) const COST: u64 = 1 << 11;
    pub(super) const COST_COMPUTED: u64 = 1 << 12;
    /// The first of five: error, model, provider, agent, tool.
    pub(super) const TEXTS: u64 = 1 << 13;
    pub(super) const CALL: u64 = 1 << 18;
    pub(super) const PARENT_TRACE: u64 = 1 << 19;
    pub(super) const INFERRED: u64 = 1 << 20;
    pub(super) const DETAIL: u64 = 1 << 21;
    pub(super) const DERIVED: u64 = 1 << 22;
}

/// Writes lines. Their trace is not in it.
pub(super) fn encode(lines: &[ChunkSpan]) -> Vec<u8> {
    let mut writer = Writer { out: Vec::with_capacity(16 + lines.len() * 48), ..Writer::default() };
    writer.out.push(LAYOUT);
    writer.varint(lines.len() as u64);
    for line in lines {
        writer.line(line);
    }
    writer.out
}

#[derive(Default)]
struct Writer<'a> {
    out: Vec<u8>,
    texts: HashMap<&'a str, u64>,
    /// Where an id was written last, counted from 1 over all that were written.
    spans: HashMap<SpanId, u64>,
    spans_written: u64,
    last: Last,
}

/// What the next line's differences are from.
#[derive(Default)]
struct Last {
    start: i64,
    event: i64,
    /// Where the next line begins when nothing lies between.
    offset: i64,
}

impl<'a> Writer<'a> {
    fn line(&mut self, line: &'a ChunkSpan) {
        let span = &line.summary;
        let texts = [&span.error, &span.model, &span.provider, &span.agent, &span.tool];
        self.varint(flags(span, texts.map(Option::is_some)));
        self.span_id(span.span_id);
        if let Some(parent) = span.parent_span_id {
            match self.spans.get(&parent).copied() {
                Some(at) => self.varint(at),
                None => {
                    self.varint(0);
                    self.span_id(parent);
                }
            }
        }
        let start = span.start_time.as_nanos();
        self.signed(start.wrapping_sub(self.last.start));
        self.last.start = start;
        if let Some(end) = span.end_time {
            self.signed(end.as_nanos().wrapping_sub(start));
        }
        let event = signed(span.event_id.0);
        self.signed(event.wrapping_sub(self.last.event));
        self.last.event = event;
        self.signed(i64::from(line.offset) - self.last.offset);
        self.varint(u64::from(line.length));
        self.last.offset = i64::from(line.offset) + i64::from(line.length) + 1;
        self.text(&span.name);
        for text in texts.into_iter().flatten() {
            self.text(text);
        }
        if let Some(usage) = &span.usage {
            self.usage(usage);
        }
        if let Some(cost) = &span.cost {
            self.out.extend_from_slice(&cost.usd.to_le_bytes());
        }
        if let Some(call) = &span.call_id {
            self.text(call);
        }
        if let Some(trace) = span.parent_trace_id {
            self.out.extend_from_slice(trace.as_bytes());
        }
    }

    fn span_id(&mut self, id: SpanId) {
        self.spans_written += 1;
        self.spans.insert(id, self.spans_written);
        self.out.extend_from_slice(id.as_bytes());
    }

    fn text(&mut self, text: &'a str) {
        let next = self.texts.len() as u64 + 1;
        match self.texts.get(text).copied() {
            Some(at) => self.varint(at),
            None => {
                self.texts.insert(text, next);
                self.varint(0);
                self.varint(text.len() as u64);
                self.out.extend_from_slice(text.as_bytes());
            }
        }
    }

    fn usage(&mut self, usage: &Usage) {
        let parts = usage_parts(usage);
        let mask = parts.iter().enumerate().fold(0, |mask, (at, part)| mask | u8::from(part.is_some()) << at);
        self.out.push(mask);
        for part in parts.into_iter().flatten() {
            self.varint(part);
        }
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.out.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.out.push(number.to_le_bytes()[0]);
    }

    fn signed(&mut self, number: i64) {
        self.varint(((number << 1) ^ (number >> 63)).cast_unsigned());
    }
}

fn flags(span: &SpanSummary, texts: [bool; 5]) -> u64 {
    let kind =
        SpanKind::ALL.iter().position(|kind| *kind == span.kind).unwrap_or(SpanKind::ALL.len() - 1) as u64;
    let status = STATUSES.iter().position(|status| *status == span.status).unwrap_or(0) as u64;
    let bits = [
        (span.abandoned, has::ABANDONED),
        (span.placeholder, has::PLACEHOLDER),
        (span.parent_span_id.is_some(), has::PARENT),
        (span.end_time.is_some(), has::END),
        (span.usage.is_some(), has::USAGE),
        (span.cost.is_some(), has::COST),
        (span.cost.is_some_and(|cost| cost.source == CostSource::Computed), has::COST_COMPUTED),
        (span.call_id.is_some(), has::CALL),
        (span.parent_trace_id.is_some(), has::PARENT_TRACE),
        (span.inferred_parent, has::INFERRED),
        (span.detail, has::DETAIL),
        (span.derived, has::DERIVED),
    ];
    let texts = texts.into_iter().enumerate().map(|(at, present)| (present, has::TEXTS << at));
    bits.into_iter()
        .chain(texts)
        .filter(|(present, _)| *present)
        .fold(kind | status << 4, |all, (_, bit)| all | bit)
}

/// In this order since blocks of this layout are written; the last ones came later, and older blocks have none of them.
fn usage_parts(usage: &Usage) -> [Option<u64>; 6] {
    [
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_tokens,
        usage.cache_write_tokens,
        usage.reasoning_tokens,
        usage.cache_write_1h_tokens,
    ]
}

/// Ids are below 2^53; a wrong one still comes back the same.
fn signed(id: u64) -> i64 {
    id.cast_signed()
}

/// Reads the lines of a block of `trace` back.
pub(super) fn decode(trace: TraceId, bytes: &[u8]) -> Result<Vec<ChunkSpan>> {
    let mut lines = Vec::new();
    decode_each(trace, bytes, |line| lines.push(line))?;
    Ok(lines)
}

/// Reads the lines of a block of `trace` back, one by one.
pub(super) fn decode_each(trace: TraceId, bytes: &[u8], mut each: impl FnMut(ChunkSpan)) -> Result<()> {
    let mut reader = Reader { left: bytes, texts: Vec::new(), spans: Vec::new(), last: Last::default() };
    if reader.byte()? != LAYOUT {
        return Err(broken());
    }
    for _ in 0..reader.varint()? {
        each(reader.line(trace)?);
    }
    if reader.left.is_empty() { Ok(()) } else { Err(broken()) }
}

fn broken() -> Failure {
    corrupt("what is known of the lines of a block cannot be read")
}

struct Reader<'a> {
    left: &'a [u8],
    texts: Vec<&'a str>,
    spans: Vec<SpanId>,
    last: Last,
}

impl<'a> Reader<'a> {
    fn line(&mut self, trace_id: TraceId) -> Result<ChunkSpan> {
        let flags = self.varint()?;
        let has = |bit: u64| flags & bit != 0;
        let span_id = self.span_id()?;
        let parent_span_id = if has(has::PARENT) { Some(self.parent()?) } else { None };
        let start = self.last.start.wrapping_add(self.signed()?);
        self.last.start = start;
        let end_time = match has(has::END) {
            true => Some(Timestamp::from_nanos(start.wrapping_add(self.signed()?))),
            false => None,
        };
        self.last.event = self.last.event.wrapping_add(self.signed()?);
        let offset = self.last.offset.wrapping_add(self.signed()?);
        let length = self.varint()?;
        self.last.offset = offset.wrapping_add_unsigned(length).wrapping_add(1);
        let name = self.text()?.to_owned();
        let mut texts = [const { None }; 5];
        for (at, text) in texts.iter_mut().enumerate() {
            if has(has::TEXTS << at) {
                *text = Some(self.text()?.to_owned());
            }
        }
        let [error, model, provider, agent, tool] = texts;
        let usage = if has(has::USAGE) { Some(self.usage()?) } else { None };
        let cost = if has(has::COST) { Some(self.cost(has(has::COST_COMPUTED))?) } else { None };
        let call_id = if has(has::CALL) { Some(self.text()?.to_owned()) } else { None };
        let parent_trace_id = if has(has::PARENT_TRACE) {
            Some(TraceId::from_bytes(self.array()?).ok_or_else(broken)?)
        } else {
            None
        };
        let summary = SpanSummary {
            trace_id,
            span_id,
            parent_span_id,
            name,
            kind: SpanKind::ALL.get((flags & 15) as usize).copied().ok_or_else(broken)?,
            start_time: Timestamp::from_nanos(start),
            end_time,
            status: STATUSES.get((flags >> 4 & 3) as usize).copied().ok_or_else(broken)?,
            error,
            model,
            provider,
            agent,
            tool,
            usage,
            cost,
            parent_trace_id,
            inferred_parent: has(has::INFERRED),
            call_id,
            detail: has(has::DETAIL),
            derived: has(has::DERIVED),
            placeholder: has(has::PLACEHOLDER),
            abandoned: has(has::ABANDONED),
            event_id: EventId(self.last.event.cast_unsigned()),
        };
        let offset = u32::try_from(offset).map_err(|_| broken())?;
        Ok(ChunkSpan { summary, offset, length: u32::try_from(length).map_err(|_| broken())? })
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, left) = self.left.split_at_checked(count).ok_or_else(broken)?;
        self.left = left;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| broken())
    }

    fn varint(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(broken())
    }

    fn signed(&mut self) -> Result<i64> {
        let number = self.varint()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn span_id(&mut self) -> Result<SpanId> {
        let id = SpanId::from_bytes(self.array()?).ok_or_else(broken)?;
        self.spans.push(id);
        Ok(id)
    }

    fn parent(&mut self) -> Result<SpanId> {
        match self.varint()? {
            0 => self.span_id(),
            at => usize::try_from(at - 1).ok().and_then(|at| self.spans.get(at).copied()).ok_or_else(broken),
        }
    }

    fn text(&mut self) -> Result<&'a str> {
        let at = self.varint()?;
        if at > 0 {
            return usize::try_from(at - 1)
                .ok()
                .and_then(|at| self.texts.get(at).copied())
                .ok_or_else(broken);
        }
        let length = usize::try_from(self.varint()?).map_err(|_| broken())?;
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| broken())?;
        self.texts.push(text);
        Ok(text)
    }

    fn usage(&mut self) -> Result<Usage> {
        let mask = self.byte()?;
        let mut parts = [None; 6];
        for (at, part) in parts.iter_mut().enumerate() {
            if mask & 1 << at != 0 {
                *part = Some(self.varint()?);
            }
        }
        let [input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, hour] =
            parts;
        Ok(Usage {
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            cache_write_1h_tokens: hour,
            reasoning_tokens,
        })
    }

    fn cost(&mut self, computed: bool) -> Result<Cost> {
        let source = if computed { CostSource::Computed } else { CostSource::Reported };
        Ok(Cost { usd: f64::from_le_bytes(self.array()?), source })
    }
}

#[cfg(test)]
mod tests;
