//! Which session and span the running code belongs to.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use super::carry::SessionContext;
use super::session::SessionHandle;
use crate::model::{SpanId, TraceId};

/// Where the running code stands: new spans are opened below this one.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) session: Option<SessionHandle>,
    /// The [address](super::Recorder::address) of the recorder that knows the span.
    pub(crate) recorder: usize,
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    /// The OpenTelemetry span that was active when this was entered; `None` without the feature `otel`.
    pub(crate) within: Option<SpanId>,
}

/// Under which name a context was entered, so that leaving finds it again without asking anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// By the session API.
    Span(SpanId),
    /// By `tracing`: the layer, because each registry counts its ids by itself, and the span's id there.
    Tracing { layer: usize, id: u64 },
}

thread_local! {
    /// The innermost last. Sources push on entering and take out on leaving; with `tracing`, leaving need not be in
    /// order, so that the entry is looked for by its span.
    static STACK: RefCell<Vec<(Entry, Context)>> = const { RefCell::new(Vec::new()) };
}

/// Runs `read` on the innermost context. The thread may be about to end, when there is none any more.
pub(crate) fn with_current<T>(read: impl FnOnce(Option<&Context>) -> T) -> T {
    with_stack(read, |stack| stack.last().map(|(_, context)| context))
}

/// As [`with_current`], of the contexts of one recorder: two inspectors in one process do not see each other.
pub(crate) fn with_current_of<T>(recorder: usize, read: impl FnOnce(Option<&Context>) -> T) -> T {
    with_stack(read, |stack| {
        stack.iter().rev().map(|(_, context)| context).find(|context| context.recorder == recorder)
    })
}

fn with_stack<T>(
    read: impl FnOnce(Option<&Context>) -> T,
    find: impl FnOnce(&[(Entry, Context)]) -> Option<&Context>,
) -> T {
    let mut read = Some(read);
    let found = STACK.try_with(|stack| {
        let stack = stack.borrow();
        read.take().map(|read| read(find(&stack)))
    });
    match (found, read) {
        (Ok(Some(value)), _) => value,
        (_, Some(read)) => read(None),
        // `read` was taken exactly when it was called.
        (_, None) => unreachable!("the closure is called once"),
    }
}

pub(crate) fn push(entry: Entry, context: Context) {
    #[cfg(feature = "otel")]
    let context = Context { within: super::otel::active(), ..context };
    let _ = STACK.try_with(|stack| stack.borrow_mut().push((entry, context)));
}

/// Takes the innermost entry of this name out; there is none when nothing was pushed under it.
pub(crate) fn pop(entry: Entry) {
    let popped = STACK.try_with(|stack| {
        let mut stack = stack.borrow_mut();
        let at = stack.iter().rposition(|(known, _)| *known == entry)?;
        Some(stack.remove(at))
    });
    // Dropped only now: ending a session must not meet a borrowed stack.
    drop(popped);
}

/// Takes the context out again, also when the code in it panics.
#[derive(Debug)]
pub(crate) struct Entered(Entry);

pub(crate) fn enter(context: Context) -> Entered {
    let entry = Entry::Span(context.span_id);
    push(entry, context);
    Entered(entry)
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
/// `tokio::spawn(in_current_session(async { … }))`. Without a current session it is the future itself. For code that is no
/// future, see [`SessionContext`].
pub fn in_current_session<F: Future>(future: F) -> InSession<F> {
    SessionContext::current().run(future)
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
