//! What agents send, for benchmarks: spans of some 2.4 KB, mostly text.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

/// How many spans a usual trace has.
pub const SPANS_OF_TRACE: usize = 25;

/// When the first session began: 2026-01-01.
const BEGAN: u64 = 1_767_225_600_000_000_000;

/// Text as people and models write it: few words often, many seldom.
#[derive(Debug)]
pub struct Text {
    words: Vec<String>,
    random: fastrand::Rng,
}

impl Text {
    /// Always the same texts for a `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(7);
        let words = (0..4_000).map(|_| {
            let length = random.usize(2..11);
            (0..length).map(|_| random.lowercase()).collect()
        });
        Self { words: words.collect(), random: fastrand::Rng::with_seed(seed) }
    }

    /// About so many bytes.
    pub fn of(&mut self, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes + 16);
        while text.len() < bytes {
            // The logarithm of an even number: the hundredth word is a hundred times rarer than the first.
            let place = (self.words.len() as f64).powf(self.random.f64()) as usize - 1;
            text.push_str(&self.words[place.min(self.words.len() - 1)]);
            text.push(' ');
        }
        text
    }
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn span(trace: u64, number: usize, text: &mut Text) -> Span {
    let id = |number: usize| (number as u64 + 1).to_be_bytes().to_vec();
    let start = BEGAN + trace % 10_000_000 * 1_000_000_000 + number as u64 * 1_000_000;
    let mut attributes = Vec::new();
    let words = |value: String| Value::StringValue(value);
    match number % 3 {
        0 => {
            attributes.push(attribute("gen_ai.operation.name", words("invoke_agent".to_owned())));
            attributes.push(attribute("gen_ai.agent.name", words("coder".to_owned())));
            attributes.push(attribute("input.value", words(text.of(2_150))));
        }
        1 => {
            attributes.push(attribute("gen_ai.operation.name", words("chat".to_owned())));
            attributes.push(attribute("gen_ai.request.model", words("gpt-5".to_owned())));
            attributes.push(attribute("gen_ai.usage.input_tokens", Value::IntValue(1_000 + number as i64)));
            attributes.push(attribute("gen_ai.usage.output_tokens", Value::IntValue(70)));
            let asked =
                format!(r#"[{{"role":"user","parts":[{{"type":"text","content":"{}"}}]}}]"#, text.of(1_300));
            attributes.push(attribute("gen_ai.input.messages", words(asked)));
            let said = format!(
                r#"[{{"role":"assistant","parts":[{{"type":"text","content":"{}"}}]}}]"#,
                text.of(500)
            );
            attributes.push(attribute("gen_ai.output.messages", words(said)));
        }
        _ => {
            attributes.push(attribute("gen_ai.operation.name", words("execute_tool".to_owned())));
            attributes.push(attribute("gen_ai.tool.name", words("read_file".to_owned())));
            attributes.push(attribute(
                "gen_ai.tool.call.arguments",
                words(format!(r#"{{"path":"{}"}}"#, text.of(60))),
            ));
            attributes.push(attribute("gen_ai.tool.call.result", words(text.of(1_950))));
        }
    }
    Span {
        trace_id: u128::from(trace + 1).to_be_bytes().to_vec(),
        span_id: id(number),
        parent_span_id: if number == 0 { Vec::new() } else { id((number - 1) / 3) },
        name: format!("step {number}"),
        start_time_unix_nano: start,
        end_time_unix_nano: start + 900_000,
        attributes,
        ..Span::default()
    }
}

/// A request with the traces from `first` on, encoded as exporters do it, and how many spans it has.
pub fn request(first: u64, traces: usize, spans: usize, text: &mut Text) -> (Vec<u8>, usize) {
    let numbers = (0..traces as u64).flat_map(|trace| (0..spans).map(move |number| (first + trace, number)));
    let spans: Vec<_> = numbers.map(|(trace, number)| span(trace, number, text)).collect();
    let count = spans.len();
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }],
    };
    (request.encode_to_vec(), count)
}

/// A request that is sent again and again with other traces, so that who sends it costs little.
#[derive(Debug)]
pub struct Template {
    bytes: Vec<u8>,
    /// Where the ids of its traces stand, in their order.
    places: Vec<Vec<usize>>,
}

impl Template {
    /// A request with so many traces, of [`SPANS_OF_TRACE`] spans each.
    pub fn new(traces: usize, text: &mut Text) -> Self {
        // No text has such bytes.
        let first = u64::MAX - 1_000_000;
        let (bytes, _) = request(first, traces, SPANS_OF_TRACE, text);
        let places = (0..traces as u64).map(|trace| {
            memchr::memmem::find_iter(&bytes, &u128::from(first + trace + 1).to_be_bytes()).collect()
        });
        Self { places: places.collect(), bytes }
    }

    /// The request with the traces from `first` on.
    #[must_use]
    pub fn with_traces(&self, first: u64) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        for (number, places) in (first..).zip(&self.places) {
            for at in places {
                bytes[*at..*at + 16].copy_from_slice(&u128::from(number + 1).to_be_bytes());
            }
        }
        bytes
    }
}

/// The session that a trace makes.
#[must_use]
pub fn session(trace: u64) -> String {
    format!("trace-{:032x}", u128::from(trace + 1))
}
