//! Which session and span the running code belongs to.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use super::session::SessionHandle;
use crate::model::{SpanId, TraceId};

/// Where the running code stands: new spans are opened below this one.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) session: Option<SessionHandle>,
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
}

thread_local! {
    /// The innermost last. Sources push on entering and take out on leaving; with `tracing`, leaving need not be in
    /// order, so that the entry is looked for by its span.
    static STACK: RefCell<Vec<Context>> = const { RefCell::new(Vec::new()) };
}

/// Runs `read` on the innermost context. The thread may be about to end, when there is none any more.
pub(crate) fn with_current<T>(read: impl FnOnce(Option<&Context>) -> T) -> T {
    let mut read = Some(read);
    let found = STACK.try_with(|stack| {
        let stack = stack.borrow();
        read.take().map(|read| read(stack.last()))
    });
    match (found, read) {
        (Ok(Some(value)), _) => value,
        (_, Some(read)) => read(None),
        // `read` was taken exactly when it was called.
        (_, None) => unreachable!("the closure is called once"),
    }
}

pub(crate) fn push(context: Context) {
    let _ = STACK.try_with(|stack| stack.borrow_mut().push(context));
}

pub(crate) fn pop(span_id: SpanId) {
    let popped = STACK.try_with(|stack| {
        let mut stack = stack.borrow_mut();
        let at = stack.iter().rposition(|context| context.span_id == span_id)?;
        Some(stack.remove(at))
    });
    // Dropped only now: ending a session must not meet a borrowed stack.
    drop(popped);
}

/// Takes the context out again, also when the code in it panics.
pub(crate) struct Entered(SpanId);

pub(crate) fn enter(context: Context) -> Entered {
    let span_id = context.span_id;
    push(context);
    Entered(span_id)
}

impl Drop for Entered {
    fn drop(&mut self) {
        pop(self.0);
    }
}

/// The session that the running code belongs to.
#[must_use]
pub fn current_session() -> Option<SessionHandle> {
    with_current(|context| context?.session.clone())
}

/// Carries the current session and span into another task or thread's future:
/// `tokio::spawn(in_current_session(async { … }))`. Without a current session it is the future itself.
pub fn in_current_session<F: Future>(future: F) -> InSession<F> {
    InSession::new(with_current(|context| Some(context?.clone())), future)
}

/// A future that runs in a session, whichever thread polls it.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct InSession<F> {
    context: Option<Context>,
    future: Pin<Box<F>>,
}

impl<F> InSession<F> {
    /// Boxed, so that it can be polled without unsafe code; one allocation for a whole run.
    pub(crate) fn new(context: Option<Context>, future: F) -> Self {
        Self { context, future: Box::pin(future) }
    }
}

impl<F: Future> Future for InSession<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<F::Output> {
        let _entered = self.context.clone().map(enter);
        self.future.as_mut().poll(task)
    }
}
