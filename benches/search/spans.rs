//! Spans like those of agents: conversations that grow, tool calls with arguments, ids, numbers.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use agent_inspector::model::{
    EventId, Session, SessionId, SessionStatus, Span, SpanError, SpanId, SpanKind, StatusCode, Timestamp,
    TraceId, Usage,
};
use agent_inspector::store::{ChunkBuilder, WriteBatch};
use serde_json::json;

/// Spans of one session, which is one trace.
pub(crate) const SPANS_OF_A_SESSION: u64 = 25;

/// Words from the most to the least frequent, as in a language.
const WORDS: usize = 20_000;
const TOPICS: usize = 20;
const SELDOM: usize = 1_000;

#[derive(Clone)]
pub(crate) struct Maker {
    words: Vec<String>,
    /// The sum of the weights up to each word.
    weights: Vec<f64>,
    topics: Vec<String>,
    seldom: Vec<String>,
    random: fastrand::Rng,
    now: Timestamp,
}

impl Default for Maker {
    fn default() -> Self {
        let mut random = fastrand::Rng::with_seed(7);
        let syllables =
            ["ba", "cor", "de", "fin", "gra", "hel", "in", "jo", "ka", "lum", "me", "nor", "os", "pri", "ra"];
        let mut word = |parts: Range<usize>| -> String {
            (0..random.usize(parts)).map(|_| *random.choice(&syllables).expect("some")).collect()
        };
        let words: Vec<String> = (0..WORDS).map(|at| word(if at < 200 { 1..3 } else { 2..5 })).collect();
        let (topics, seldom) = (
            (0..TOPICS).map(|_| word(3..5) + "q").collect(),
            (0..SELDOM).map(|at| format!("{}x{at}", word(2..4))).collect(),
        );
        let weights = (1..=WORDS).scan(0.0, |sum, rank| {
            *sum += 1.0 / (rank as f64 + 2.0);
            Some(*sum)
        });
        Self { weights: weights.collect(), words, topics, seldom, random, now: SystemTime::now().into() }
    }
}

impl Maker {
    /// The word that one span has.
    pub(crate) fn rare(&self, span: u64) -> String {
        format!("zz{:x}", span.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16)
    }

    pub(crate) fn call(&self, span: u64) -> u32 {
        (span.wrapping_mul(0xd6e8_feb8_6659_fd93) >> 32) as u32
    }

    pub(crate) fn topic(&self, at: u64) -> &str {
        &self.topics[at as usize % TOPICS]
    }

    pub(crate) fn seldom(&self, at: u64) -> &str {
        &self.seldom[at as usize % SELDOM]
    }

    pub(crate) fn common(&self, at: u64) -> &str {
        &self.words[20 + at as usize % 60]
    }

    fn text(&mut self, words: usize) -> String {
        let all = self.weights[WORDS - 1];
        let mut text = String::with_capacity(words * 8);
        for at in 0..words {
            let place = self.random.f64() * all;
            let word = self.weights.partition_point(|sum| *sum < place).min(WORDS - 1);
            text.push_str(if at == 0 { "" } else { " " });
            text.push_str(&self.words[word]);
        }
        text
    }

    /// The sessions of these numbers, as they stand.
    pub(crate) fn sessions(&self, numbers: Range<u64>, status: SessionStatus) -> WriteBatch {
        let session = |number| {
            let (at, id) = (self.at(number * SPANS_OF_A_SESSION), format!("session-{number}"));
            let mut session = Session::new(SessionId::parse(&id).expect("an id"), "otlp", "An agent", at);
            session.status = status;
            session
        };
        let mut batch = WriteBatch::default();
        batch.sessions = numbers.map(session).collect();
        batch
    }

    /// The sessions of these numbers with their spans, and how many bytes the spans' lines have.
    pub(crate) fn batch(&mut self, numbers: Range<u64>, status: SessionStatus) -> (WriteBatch, u64) {
        let mut batch = self.sessions(numbers.clone(), status);
        let mut bytes = 0;
        for number in numbers {
            let trace = TraceId::from_bytes(
                (u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
                    .to_be_bytes(),
            );
            let trace = trace.expect("an id");
            let mut builder = ChunkBuilder::new(trace);
            let mut conversation = vec![json!({ "role": "system", "content": self.text(60) })];
            for at in 0..SPANS_OF_A_SESSION {
                let span = self.span(trace, number * SPANS_OF_A_SESSION + at, &mut conversation);
                let summary = span.summary(EventId(number * SPANS_OF_A_SESSION + at + 1));
                builder.push(&span, summary).expect("a line");
            }
            let chunks = builder.finish();
            bytes += chunks.iter().map(|chunk| chunk.block.plain_bytes).sum::<u64>();
            batch.traces.push((trace, SessionId::parse(&format!("session-{number}")).expect("an id")));
            batch.chunks.extend(chunks);
        }
        (batch, bytes)
    }

    /// When a span began: 50 a second, the first ones a long time ago.
    fn at(&self, span: u64) -> Timestamp {
        self.now.minus(Duration::from_secs(24 * 3_600)).plus(Duration::from_millis(20 * span))
    }

    fn span(&mut self, trace: TraceId, number: u64, conversation: &mut Vec<serde_json::Value>) -> Span {
        let id = SpanId::from_bytes((number + 1).wrapping_mul(0x2545_f491_4f6c_dd1d).to_be_bytes())
            .expect("an id");
        let tool = number % 2 == 1;
        let mut span = Span::new(
            trace,
            id,
            if tool { "execute_tool get_weather" } else { "chat gpt-5" },
            self.at(number),
        );
        span.kind = if tool { SpanKind::Tool } else { SpanKind::Llm };
        span.end_time = Some(span.start_time.plus(Duration::from_millis(self.random.u64(10..30_000))));
        span.resource.set("service.name", "travel-agent");
        span.scope.name = "opentelemetry.instrumentation.agents".into();
        span.source = "otlp".into();
        span.agent = Some("Trip Planner".into());
        let topic = self.random.u64(0..TOPICS as u64);
        let outcome = if number.is_multiple_of(2) { "succeeded" } else { "failed" };
        let (before, after) = (self.text(30), self.text(20));
        let said = format!("{before} {} {outcome}, took {} ms {after}", self.topic(topic), number % 997);
        if tool {
            let arguments = json!({ "city": self.text(3), "query": said, "limit": number % 50, "page_token": self.rare(number) });
            let result = json!({ "items": (0..3).map(|_| json!({ "title": self.text(8), "score": self.random.u32(0..1000) })).collect::<Vec<_>>(),
                "summary": self.text(110), "note": self.seldom(number) });
            span.attributes.set("gen_ai.operation.name", "execute_tool");
            span.attributes.set("gen_ai.tool.name", "get_weather");
            span.attributes.set("gen_ai.tool.call.id", format!("call_{:08x}", self.call(number)));
            span.attributes.set("gen_ai.tool.call.arguments", arguments.to_string());
            span.attributes.set("gen_ai.tool.call.result", result.to_string());
            span.tool = Some("get_weather".into());
            if number.is_multiple_of(401) {
                span.status.code = StatusCode::Error;
                let mut error = SpanError::new(self.text(12));
                error.kind = Some("TimeoutError".into());
                span.error = Some(error);
            }
        } else {
            conversation.push(json!({ "role": "user", "content": said, "id": self.rare(number) }));
            let from = conversation.len().saturating_sub(3);
            let model = if number.is_multiple_of(10) { "gpt-5-mini" } else { "gpt-5" };
            span.attributes.set("gen_ai.operation.name", "chat");
            span.attributes.set("gen_ai.request.model", model);
            span.attributes
                .set("gen_ai.conversation.id", format!("{:016x}", number / SPANS_OF_A_SESSION * 77_773));
            span.attributes.set("gen_ai.usage.input_tokens", self.random.i64(100..9_000));
            span.attributes.set("gen_ai.input.messages", json!(conversation[from..]).to_string());
            let answer = self.text(60);
            span.attributes.set(
                "gen_ai.output.messages",
                json!([{ "role": "assistant", "content": answer, "note": self.seldom(number) }]).to_string(),
            );
            span.model = Some(model.into());
            span.provider = Some("openai".into());
            span.usage = Some(Usage::default().input_tokens(self.random.u64(100..9_000)).output_tokens(300));
        }
        span
    }

    /// A span with a word of its own, of a session of its own.
    pub(crate) fn marked(&mut self, number: u64, mark: &str) -> WriteBatch {
        let trace = TraceId::from_bytes(u128::from(number).to_be_bytes()).expect("an id");
        let mut span = self.span(trace, number, &mut Vec::new());
        span.start_time = SystemTime::now().into();
        span.attributes.set("mark", mark);
        let mut builder = ChunkBuilder::new(trace);
        let summary = span.summary(EventId(number));
        builder.push(&span, summary).expect("a line");
        let mut batch = WriteBatch::default();
        batch.chunks = builder.finish();
        batch
    }
}
