//! A session that waits for a person.

use std::borrow::Cow;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use serde_json::Value;

use super::flat::Slice;
use super::record::{Details, Of, SpanChange, SpanStarted};
use super::recorder::{error_status, fresh_span_id};
use super::session::{Live, SessionHandle};
use crate::control::{
    Answer, AnswerSchema, Check, InvalidPart, MAX_OPEN_WAITS, Outcome, Question, Reply, Stopped, WaitError,
    Waiting,
};
use crate::model::{
    Attributes, EventKind, SpanId, SpanKind, Timestamp, TraceId, WAIT_ANSWER, WAIT_BY, WAIT_OUTCOME,
    WAIT_PROMPT, WAIT_SCHEMA, WAIT_SIGNAL,
};

/// A wait that begins when it is awaited.
///
/// Dropping the future ends the wait; a person who answers after that is told that nothing waits any more.
#[must_use = "nothing waits until it is awaited"]
pub struct WaitFor<T> {
    session: SessionHandle,
    signal: Cow<'static, str>,
    prompt: Option<String>,
    timeout: Option<Duration>,
    schema: Option<Value>,
    answer: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for WaitFor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitFor")
            .field("signal", &self.signal)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl SessionHandle {
    /// Waits for a person, who answers on the page or by `POST {mount}/signal/{session}`: `signal` is the name of what they
    /// send, such as `human_input`. While it waits the session is paused and says so; the pause is a span of it.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use agent_inspector::{Inspector, WaitError};
    /// use agent_inspector::schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// # async fn run(inspector: Inspector) -> Result<(), Box<dyn std::error::Error>> {
    /// #[derive(Deserialize, JsonSchema)]
    /// #[schemars(crate = "agent_inspector::schemars")]
    /// struct Approval {
    ///     /// May the file be deleted?
    ///     approved: bool,
    ///     comment: Option<String>,
    /// }
    ///
    /// let session = inspector.session("clean up").start();
    /// let answer = session
    ///     .wait_for::<Approval>("approve_deletion")
    ///     .prompt("Delete report.pdf?")
    ///     .timeout(Duration::from_secs(600))
    ///     .await;
    /// match answer {
    ///     Ok(answer) if answer.approved => { /* delete it */ }
    ///     Ok(_) | Err(WaitError::Denied(_) | WaitError::TimedOut) => { /* leave it */ }
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The answer fits the type's JSON [schema](Answer::schema) and was read as `T` before it was accepted, so a slip is the
    /// sender's to mend and not the host's. Of several answers exactly one is taken. Several waits may be open at once, also
    /// for the same signal: then the oldest is answered, unless the answer names one.
    pub fn wait_for<T: Answer>(&self, signal: impl Into<Cow<'static, str>>) -> WaitFor<T> {
        WaitFor {
            session: self.clone(),
            signal: signal.into(),
            prompt: None,
            timeout: None,
            schema: None,
            answer: PhantomData,
        }
    }
}

impl<T: Answer> WaitFor<T> {
    /// The question, for a person to read.
    pub fn prompt(mut self, question: impl Into<String>) -> Self {
        self.prompt = Some(question.into());
        self
    }

    /// Goes on with [`WaitError::TimedOut`] after this long; without it the wait has no end of its own. Needs a runtime with
    /// time.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// A JSON Schema in place of the type's own, such as one that lists the choices of the moment. What fits it and cannot be
    /// read as `T` is refused all the same.
    pub fn schema(mut self, schema: Value) -> Self {
        self.schema = Some(schema);
        self
    }

    async fn answered(self) -> Result<T, WaitError> {
        let Some(live) = self.session.live() else {
            return Err(WaitError::Unavailable("the inspector is disabled"));
        };
        let schema =
            AnswerSchema::new(self.schema.unwrap_or_else(T::schema)).map_err(WaitError::InvalidSchema)?;
        let check: Check = Box::new(|answer| read::<T>(answer).map(|_| ()).map_err(|part| vec![part]));
        let asked = Asked {
            signal: self.signal.into_owned(),
            prompt: self.prompt,
            schema: Some(schema),
            check: Some(check),
            timeout: self.timeout,
            step: None,
            attributes: Attributes::new(),
        };
        let mut open = Open::begin(&self.session, live, asked)?;
        match open.reply().await?.outcome {
            // It was read before it was taken; only a type that reads the same JSON in two ways comes here.
            Outcome::Answered(answer) => read(&answer).map_err(|part| WaitError::InvalidSchema(part.message)),
            Outcome::Denied(reason) => Err(WaitError::Denied(reason)),
            Outcome::Cancelled => Err(WaitError::Cancelled),
        }
    }
}

/// Reads what somebody sent as the host's type; says what is wrong with it.
pub(super) fn read<T: Answer>(answer: &Value) -> Result<T, InvalidPart> {
    T::deserialize(answer).map_err(|error| InvalidPart::new("", error.to_string()))
}

impl<T: Answer + 'static> IntoFuture for WaitFor<T> {
    type Output = Result<T, WaitError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.answered())
    }
}

/// What is asked, before the wait begins.
pub(super) struct Asked {
    pub(super) signal: String,
    pub(super) prompt: Option<String>,
    pub(super) schema: Option<AnswerSchema>,
    pub(super) check: Option<Check>,
    pub(super) timeout: Option<Duration>,
    pub(super) step: Option<Stopped>,
    /// More that its span is to say.
    pub(super) attributes: Attributes,
}

/// A wait that began: its place in the table, and its span.
pub(super) struct Open<'a> {
    live: &'a Live,
    waiting: Waiting,
    timeout: Option<Duration>,
    trace_id: TraceId,
    span_id: SpanId,
    /// Whether its span was taken, and is to be ended.
    recorded: bool,
    /// How it ended; nobody says so when its future is dropped.
    ended: Option<SpanChange>,
}

impl<'a> Open<'a> {
    pub(super) fn begin(session: &SessionHandle, live: &'a Live, asked: Asked) -> Result<Self, WaitError> {
        live.steering.listen();
        let (trace_id, parent) =
            session.here().map_or((live.trace_id, None), |(_, (trace, span))| (trace, Some(span)));
        let (span_id, since) = (fresh_span_id(), live.recorder.now());
        let until = asked.timeout.map(|timeout| since.plus(timeout));
        let (start, event) = told(&asked, (trace_id, span_id, parent), since);
        let Asked { signal, prompt, schema, check, timeout, step, .. } = asked;
        let question =
            Question { signal, prompt, schema, check, since, until, trace_id: Some(trace_id), step };
        // In the table first: whoever reads of it in the stream can answer it.
        let waiting = live.recorder.controls().waits().open(session.id(), span_id, question);
        let Some(waiting) = waiting else {
            tracing::warn!(target: "agent_inspector", "{MAX_OPEN_WAITS} waits are open; one more was refused");
            return Err(WaitError::Unavailable("too many waits are open"));
        };
        let recorded = live.recorder.wait_started(start);
        live.recorder.event(Of::Session(session.id().clone()), event);
        let open = Self { live, waiting, timeout, trace_id, span_id, recorded, ended: None };
        // Told before it stood in the table, it would not have heard of it.
        if live.steering.is_cancelled() || live.has_ended() { Err(WaitError::Cancelled) } else { Ok(open) }
    }

    /// Waits for the reply, at most as long as was asked for.
    pub(super) async fn reply(&mut self) -> Result<Reply, WaitError> {
        let reply = match self.timeout {
            None => Some((&mut self.waiting).await),
            Some(timeout) => match tokio::time::timeout(timeout, &mut self.waiting).await {
                Ok(reply) => Some(reply),
                Err(_) => self.waiting.give_up(),
            },
        };
        self.ended = Some(self.end_of(reply.as_ref()));
        reply.ok_or(WaitError::TimedOut)
    }

    fn end_of(&self, reply: Option<&Reply>) -> SpanChange {
        let mut change = SpanChange::new(self.trace_id, self.span_id);
        let Some(Reply { outcome, by }) = reply else {
            change.attributes.set(WAIT_OUTCOME, "timed_out");
            change.status = Some(error_status("nobody answered in time"));
            return change;
        };
        let (word, answer) = match outcome {
            Outcome::Answered(answer) => ("answered", Some(answer.to_string())),
            Outcome::Denied(reason) => {
                ("denied", reason.as_ref().map(|reason| Value::from(reason.as_str()).to_string()))
            }
            Outcome::Cancelled => ("cancelled", None),
        };
        change.attributes.set(WAIT_OUTCOME, word);
        if let Some(answer) = answer {
            change.attributes.set(WAIT_ANSWER, answer);
        }
        if let Some(by) = by {
            change.attributes.set(WAIT_BY, by.clone());
        }
        change
    }

    /// Says better how it ended.
    pub(super) fn decided(&mut self, word: &'static str) {
        if let Some(change) = &mut self.ended {
            change.attributes.set(WAIT_OUTCOME, word);
        }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.recorded {
            return;
        }
        let change = self.ended.take().unwrap_or_else(|| {
            let mut change = SpanChange::new(self.trace_id, self.span_id);
            let cancelled = self.live.steering.is_cancelled() || self.live.has_ended();
            change.attributes.set(WAIT_OUTCOME, if cancelled { "cancelled" } else { "dropped" });
            change
        });
        self.live.recorder.span_ended(self.trace_id, self.span_id, Some(Box::new(change)));
    }
}

/// The span of a wait and the event that tells of it.
fn told(
    asked: &Asked,
    (trace_id, span_id, parent): (TraceId, SpanId, Option<SpanId>),
    at: Timestamp,
) -> (SpanStarted, EventKind) {
    let schema = asked.schema.as_ref().map(AnswerSchema::source);
    let mut attributes = asked.attributes.clone();
    attributes.set(WAIT_SIGNAL, asked.signal.clone());
    if let Some(prompt) = &asked.prompt {
        attributes.set(WAIT_PROMPT, prompt.clone());
    }
    if let Some(schema) = schema {
        attributes.set(WAIT_SCHEMA, schema.to_string());
    }
    let event = match &asked.step {
        Some(Stopped { checkpoint, tool, agent, state, .. }) => EventKind::BeforeStep {
            wait_id: span_id,
            checkpoint: checkpoint.clone(),
            tool: tool.clone(),
            agent: agent.clone(),
            state: state.clone(),
        },
        None => EventKind::WaitingOnSignal {
            wait_id: Some(span_id),
            signal_name: asked.signal.clone(),
            prompt: asked.prompt.clone(),
            schema: schema.cloned(),
        },
    };
    let name = asked.step.as_ref().map_or(&asked.signal, |step| &step.checkpoint).clone();
    let details = Details {
        name: Some(name.into()),
        kind: SpanKind::Human,
        attributes,
        waits: true,
        ..Details::default()
    };
    let start = SpanStarted {
        trace_id,
        span_id,
        parent,
        at,
        callsite: None,
        details: Some(Box::new(details)),
        attributes: Slice::default(),
    };
    (start, event)
}
