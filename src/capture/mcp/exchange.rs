//! One HTTP exchange: the calls in its request, and what its answer says of them.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::call::Call;
use super::message::{Message, Outcome};
use super::scope::Scope;
use super::sessions::Sessions;
use super::talk::Within;
use super::wait::{Wait, signal_of};
use crate::capture::SpanGuard;
use crate::capture::flat::Flat;
use crate::capture::record::Details;

/// What one HTTP exchange is about.
#[derive(Debug)]
pub(super) struct Exchange {
    sessions: Arc<Sessions>,
    within: Within,
    scope: Arc<Scope>,
    calls: Vec<Arc<Call>>,
    /// Above several calls in one request.
    batch: Option<SpanGuard>,
    /// Questions in its answer, which nobody can answer when that is over.
    asked: Vec<String>,
    over: bool,
    /// The client ends a request by closing its answer, as from 2026-07-28 on.
    closing_cancels: bool,
    /// The rest of the answer can be fetched by another request.
    resumable: bool,
    /// It has a name by which another request can find what is open.
    named: bool,
    /// The session that the server does not know any more.
    gone: Option<String>,
    /// It is no answer but what the server says of itself.
    listens: bool,
}

impl Exchange {
    pub(super) fn new(sessions: &Arc<Sessions>, within: Within, scope: Option<Arc<Scope>>) -> Self {
        Self {
            sessions: Arc::clone(sessions),
            within,
            named: scope.is_some(),
            scope: scope.unwrap_or_default(),
            calls: Vec::new(),
            batch: None,
            asked: Vec::new(),
            over: false,
            closing_cancels: false,
            resumable: false,
            gone: None,
            listens: false,
        }
    }

    /// The answer to a GET: nothing in it belongs to a request of its own.
    pub(super) fn listening(mut self) -> Self {
        self.listens = true;
        self
    }

    pub(super) fn closing_cancels(mut self, cancels: bool) -> Self {
        self.closing_cancels = cancels;
        self
    }

    pub(super) fn in_batch(mut self, batch: Option<SpanGuard>) -> Self {
        self.batch = batch;
        self
    }

    pub(super) fn add(&mut self, call: Call) {
        let call = Arc::new(call);
        self.scope.add(&call);
        self.calls.push(call);
    }

    /// The client's session of this name is over when the answer is: the server says that it knows it not.
    pub(super) fn last_of(&mut self, session: &str) {
        self.gone = self.named.then(|| session.to_owned());
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// The stream's events have ids: when it breaks off, the client can ask for the rest.
    pub(super) fn resumable(&mut self) {
        self.resumable = self.named;
    }

    /// What the server says, as one body or one event.
    pub(super) fn said(&mut self, data: &Bytes) {
        let Ok(messages) = Message::read(data) else { return };
        for message in &messages {
            self.heard(message);
        }
    }

    fn heard(&mut self, message: &Message<'_>) {
        let id = message.id.map(RawValue::get);
        match (message.method.as_deref(), id) {
            (None, Some(id)) => {
                let own = self.calls.iter().find(|call| call.id() == id).cloned();
                if let Some(call) = own.or_else(|| self.scope.call(id)) {
                    self.answered(&call, message);
                }
            }
            (Some("notifications/progress"), None) => {
                let params = message.params();
                let Some(token) = params.progress_token else { return };
                let own = self.calls.iter().find(|call| call.has_token(token)).cloned();
                if let Some(call) = own.or_else(|| self.scope.find(|call| call.has_token(token))) {
                    call.progress(&params);
                }
            }
            (Some(method), Some(id)) => {
                let Some(signal) = signal_of(method) else { return };
                let wait = Wait::begin(signal, &message.params(), |details| self.below(details));
                if self.scope.ask(id, wait) && !self.listens {
                    self.asked.push(id.to_owned());
                }
            }
            _ => {}
        }
    }

    /// Opens a span where a question of the server's belongs: below the request in whose answer it stands, else in the
    /// session.
    fn below(&self, details: Details) -> SpanGuard {
        match self.calls.iter().find(|call| call.is_open()) {
            Some(call) => call.child(details),
            None => self.within.handle().place_for(None).map_or_else(SpanGuard::disabled, |(live, place)| {
                self.within.handle().span_with(place, (details, &Flat::default()), live.recorder.now())
            }),
        }
    }

    fn answered(&self, call: &Arc<Call>, message: &Message<'_>) {
        self.scope.remove(call);
        if let Some(error) = message.error {
            return call.refused(error);
        }
        let Some(result) = message.result else {
            return call.broken("no_result", "the answer has neither a result nor an error");
        };
        let outcome: Outcome<'_> = serde_json::from_str(result.get()).unwrap_or_default();
        // Before the end of the call: the questions stand below it.
        let waits: HashMap<_, _> = outcome
            .input_requests
            .iter()
            .flatten()
            .filter_map(|(key, asked)| {
                let signal = signal_of(asked.method.as_deref()?)?;
                let wait = Wait::begin(signal, &asked.params(), |details| call.child(details));
                Some((key.to_string(), wait))
            })
            .collect();
        if !waits.is_empty() {
            let keys = outcome.input_requests.iter().flatten().map(|(key, _)| &**key);
            let key = self.sessions.question(call.method(), outcome.request_state.as_deref(), keys);
            self.sessions.ask(key, self.within.again(), waits);
        }
        call.answered(result, &outcome);
    }

    /// The answer came to its end: what has no result yet gets none, or it was not looked at.
    pub(super) fn ended(&mut self, error: Option<&str>, unread: Option<&'static str>) {
        self.over = true;
        // Its client may fetch the rest; that request then says how it ended.
        if self.resumable && error.is_none() {
            return;
        }
        for call in std::mem::take(&mut self.calls) {
            self.scope.remove(&call);
            match unread {
                Some(unread) => call.unread(error.map(str::to_owned), unread),
                None => call.broken("no_result", error.unwrap_or("the answer has no result")),
            }
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let Some(session) = self.gone.take() {
            self.sessions.end(&session);
        } else if self.resumable && !self.closing_cancels {
            return;
        }
        for id in self.asked.drain(..) {
            drop(self.scope.asked(&id));
        }
        if self.over {
            return;
        }
        for call in std::mem::take(&mut self.calls) {
            self.scope.remove(&call);
            match call.method() {
                // A subscription has no other end.
                "subscriptions/listen" => call.closed(),
                _ if self.closing_cancels => call.cancelled("the client closed the answer"),
                _ => call.broken("disconnected", "the connection closed before the result"),
            }
        }
    }
}
