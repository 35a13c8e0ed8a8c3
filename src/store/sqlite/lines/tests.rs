use proptest::prelude::*;

use super::*;

fn of() -> TraceId {
    TraceId::from_bytes([7; 16]).unwrap()
}

fn lines() -> impl Strategy<Value = Vec<ChunkSpan>> {
    let id = || (1_u64..20).prop_map(|id| SpanId::from_bytes(id.to_be_bytes()).unwrap());
    let text = || prop::option::of("[a-c]{0,3}|ü");
    let ids = (id(), prop::option::of(id()), any::<u64>());
    let times = (any::<i64>(), prop::option::of(any::<i64>()));
    let codes = (0..SpanKind::ALL.len(), 0..STATUSES.len(), any::<bool>(), any::<bool>());
    let texts = ("[a-c]{0,3}", text(), text(), text(), text(), text());
    let usage = prop::option::of(prop::array::uniform6(prop::option::of(any::<u64>())));
    let cost = prop::option::of((-1e9..1e9, any::<bool>()));
    let other_trace = prop::option::of((1_u8..4).prop_map(|id| TraceId::from_bytes([id; 16]).unwrap()));
    let call = (text(), other_trace, any::<bool>(), any::<bool>(), any::<bool>());
    let line = (ids, times, codes, texts, usage, cost, call, (any::<u32>(), any::<u32>()));
    let line = line.prop_map(|(ids, times, codes, texts, usage, cost, call, (offset, length))| ChunkSpan {
        summary: SpanSummary {
            trace_id: of(),
            span_id: ids.0,
            parent_span_id: ids.1,
            event_id: EventId(ids.2),
            start_time: Timestamp::from_nanos(times.0),
            end_time: times.1.map(Timestamp::from_nanos),
            kind: SpanKind::ALL[codes.0],
            status: STATUSES[codes.1],
            abandoned: codes.2,
            placeholder: codes.3,
            name: texts.0,
            error: texts.1,
            model: texts.2,
            provider: texts.3,
            agent: texts.4,
            tool: texts.5,
            usage: usage.map(
                |[
                    input_tokens,
                    output_tokens,
                    cache_read_tokens,
                    cache_write_tokens,
                    cache_write_1h_tokens,
                    reasoning_tokens,
                ]| {
                    Usage {
                        input_tokens,
                        output_tokens,
                        cache_read_tokens,
                        cache_write_tokens,
                        cache_write_1h_tokens,
                        reasoning_tokens,
                    }
                },
            ),
            cost: cost.map(|(usd, computed)| Cost {
                usd,
                source: if computed { CostSource::Computed } else { CostSource::Reported },
            }),
            call_id: call.0,
            parent_trace_id: call.1,
            inferred_parent: call.2,
            detail: call.3,
            derived: call.4,
        },
        offset,
        length,
    });
    prop::collection::vec(line, 0..12)
}

fn comparable(lines: &[ChunkSpan]) -> Vec<(SpanSummary, u32, u32)> {
    lines.iter().map(|line| (line.summary.clone(), line.offset, line.length)).collect()
}

proptest! {
    #[test]
    fn lines_come_back_as_they_were(lines in lines()) {
        let again = decode(of(), &encode(&lines)).unwrap();
        prop_assert_eq!(comparable(&again), comparable(&lines));
    }

    #[test]
    fn damaged_lines_are_refused_or_read_but_never_a_panic(lines in lines(), at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut bytes = encode(&lines);
        let _ = decode(of(), &bytes[..at.index(bytes.len())]);
        let at = at.index(bytes.len());
        bytes[at] = with;
        let _ = decode(of(), &bytes);
    }
}

#[test]
fn a_block_that_was_written_before_lifetimes_of_caches_were_known_can_be_read() {
    let mut span = crate::model::Span::new(of(), SpanId::from_bytes([1; 8]).unwrap(), "c", Timestamp::EPOCH);
    span.usage = Some(Usage { cache_write_tokens: Some(5), reasoning_tokens: Some(6), ..Usage::default() });
    let line = ChunkSpan { summary: span.summary(EventId(1)), offset: 0, length: 9 };
    let bytes = encode(std::slice::from_ref(&line));
    // Which parts are there, the two of them, and nothing behind.
    assert_eq!(bytes[bytes.len() - 3..], [0b1_1000, 5, 6]);
    assert_eq!(comparable(&decode(of(), &bytes).unwrap()), comparable(&[line]));
}
