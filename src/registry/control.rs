//! Answering a session that waits, and cancelling one that runs.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::model::SessionId;

/// A named message to a session that waits for it: an approval, an answer, a correction.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Signal {
    /// The name that the session's `waiting_on` says.
    pub name: String,
    /// What is said: any JSON, `null` when nothing was sent. Somebody outside sent it, so it is to be checked.
    pub payload: serde_json::Value,
}

impl Signal {
    /// A signal of this name.
    pub fn new(name: impl Into<String>, payload: serde_json::Value) -> Self {
        Self { name: name.into(), payload }
    }
}

/// One thing that is wrong with the payload of a signal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidPart {
    /// Where: a JSON Pointer (RFC 6901) into the payload, such as `/approved`; empty for the payload as a whole.
    pub pointer: String,
    /// What is wanted there, in words for a person.
    pub message: String,
}

impl InvalidPart {
    /// At this place, this is wanted.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into() }
    }
}

/// Why a session was not answered or cancelled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// There is no such session here.
    #[error("there is no such session")]
    NotFound,
    /// The session does not wait for this signal: it never did, or it was answered before.
    #[error("the session does not wait for this signal")]
    NothingWaits,
    /// The session has ended.
    #[error("the session has ended")]
    AlreadyEnded,
    /// The payload is not what the session waits for; the parts say where and why.
    #[error("the payload is not what the session waits for")]
    Invalid(Vec<InvalidPart>),
    /// The engine cannot be reached or is overloaded; in words for a person, who may try again.
    #[error("{0}")]
    Unavailable(String),
    /// The session's engine does not do this.
    #[error("the session's engine does not do this")]
    Unsupported,
}

impl ControlError {
    /// One wrong part of the payload.
    pub fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![InvalidPart::new(pointer, message)])
    }
}

/// What became of a control action. `Ok` means that it was taken, not that it has had its effect.
pub type ControlFuture<'a> = Pin<Box<dyn Future<Output = Result<(), ControlError>> + Send + 'a>>;

/// Answers and cancels the sessions of a registry, which returns it from
/// [`control`](super::SessionRegistry::control).
///
/// Two people may press the same button: only one answer to a wait may be taken, the other gets
/// [`NothingWaits`](ControlError::NothingWaits). An engine that does only one of both implements only that.
/// A call that takes too long is dropped, and the person is told that its
/// outcome is not known; an action that was taken is published as an event by the inspector.
pub trait SessionControl: Send + Sync + fmt::Debug {
    /// Gives a signal to a session that waits for it. [`Unsupported`](ControlError::Unsupported), unless implemented.
    fn signal<'a>(&'a self, id: &'a SessionId, signal: &'a Signal) -> ControlFuture<'a> {
        let _ = (id, signal);
        Box::pin(async { Err(ControlError::Unsupported) })
    }

    /// Asks a session to end. It may need a while, and ends as [`Cancelled`](crate::model::SessionStatus::Cancelled).
    /// [`Unsupported`](ControlError::Unsupported), unless implemented.
    fn cancel<'a>(&'a self, id: &'a SessionId) -> ControlFuture<'a> {
        let _ = id;
        Box::pin(async { Err(ControlError::Unsupported) })
    }
}
