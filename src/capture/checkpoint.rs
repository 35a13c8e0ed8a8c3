//! Places at which a session may be stopped and looked at.

use std::fmt;
use std::future::{IntoFuture, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::session::{Live, SessionHandle};
use super::wait::{Asked, Open, read};
use crate::control::{
    Answer, AnswerSchema, Command, InvalidPart, Outcome, Place, STEP_SIGNAL, Stopped, patched,
};
use crate::model::{Attributes, Key};

/// How a session goes on from a checkpoint.
//
// Closed: a host that did not know one of them could only guess what its agent is to do. Another way to go on would be another
// kind of checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a person may have said that it is not to go on"]
pub enum Step {
    /// As it meant to. A changed state has been put in place.
    Continue,
    /// Without what it was about to do.
    Skip,
    /// Not at all: a person said so, or the session was cancelled.
    Abort,
}

/// What a checkpoint knows of the state.
trait State: Sync {
    fn json(&self) -> Value;
}

impl<S: Serialize + Sync> State for S {
    fn json(&self) -> Value {
        super::fields::to_value(self)
    }
}

/// What a checkpoint does with a state that may be changed.
trait Editable: Send {
    fn json(&self) -> Value;
    fn schema(&self) -> Value;
    fn read(&self) -> fn(&Value) -> Result<(), InvalidPart>;
    fn replace(&mut self, state: &Value);
}

impl<S: Serialize + Answer + Send> Editable for S {
    fn json(&self) -> Value {
        super::fields::to_value(self)
    }

    fn schema(&self) -> Value {
        S::schema()
    }

    fn read(&self) -> fn(&Value) -> Result<(), InvalidPart> {
        |state| read::<S>(state).map(|_| ())
    }

    fn replace(&mut self, state: &Value) {
        // It was read before it was taken.
        if let Ok(state) = read(state) {
            *self = state;
        }
    }
}

enum StateRef<'a> {
    Shown(&'a dyn State),
    Edited(&'a mut dyn Editable),
}

impl StateRef<'_> {
    fn json(&self) -> Value {
        match self {
            Self::Shown(state) => state.json(),
            Self::Edited(state) => state.json(),
        }
    }
}

/// A checkpoint, which is reached when it is awaited.
#[must_use = "a checkpoint is reached when it is awaited"]
pub struct Checkpoint<'a> {
    session: &'a SessionHandle,
    name: &'a str,
    tool: Option<&'a str>,
    agent: Option<&'a str>,
    timeout: Option<Duration>,
    state: StateRef<'a>,
}

impl fmt::Debug for Checkpoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint")
            .field("name", &self.name)
            .field("tool", &self.tool)
            .finish_non_exhaustive()
    }
}

impl SessionHandle {
    /// A place at which a person may stop the session, look at `state`, and say how it goes on: by a breakpoint set on the
    /// page, or step by step. While nobody does, it costs some ten nanoseconds and `state` is not even looked at.
    ///
    /// ```
    /// # async fn run(session: agent_inspector::SessionHandle, plan: Vec<String>) {
    /// use agent_inspector::Step;
    ///
    /// match session.checkpoint("before_tool", &plan).tool("search_web").await {
    ///     Step::Continue => { /* call the tool */ }
    ///     Step::Skip => { /* go on without it */ }
    ///     Step::Abort => return,
    /// }
    /// # }
    /// ```
    ///
    /// Breakpoints are there only when the host allows them with
    /// [`allow_stepping`](crate::InspectorBuilder::allow_stepping). A session that was [cancelled](Self::cancelled) gets
    /// [`Step::Abort`] from every checkpoint.
    pub fn checkpoint<'a, S: Serialize + Sync>(&'a self, name: &'a str, state: &'a S) -> Checkpoint<'a> {
        self.reach(name, StateRef::Shown(state))
    }

    /// As [`checkpoint`](Self::checkpoint), where a person may change the state before the session goes on. What they make of
    /// it fits the type's [schema](Answer::schema).
    pub fn editable_checkpoint<'a, S: Serialize + Answer + Send>(
        &'a self,
        name: &'a str,
        state: &'a mut S,
    ) -> Checkpoint<'a> {
        self.reach(name, StateRef::Edited(state))
    }

    /// Has the session stop at its next checkpoint, whichever that is: for a run that is to be looked at from its beginning.
    /// Without [`allow_stepping`](crate::InspectorBuilder::allow_stepping) too, for it is the host that says so; a
    /// [read-only](crate::InspectorBuilder::read_only) inspector lets nobody say how it goes on.
    pub fn stop_at_next_checkpoint(&self) {
        if let Some(live) = self.live() {
            live.steering.stop_next(true);
        }
    }

    fn reach<'a>(&'a self, name: &'a str, state: StateRef<'a>) -> Checkpoint<'a> {
        Checkpoint { session: self, name, tool: None, agent: None, timeout: None, state }
    }
}

impl<'a> Checkpoint<'a> {
    /// The tool that is about to be called.
    pub const fn tool(mut self, tool: &'a str) -> Self {
        self.tool = Some(tool);
        self
    }

    /// The agent that is about to act.
    pub const fn agent(mut self, agent: &'a str) -> Self {
        self.agent = Some(agent);
        self
    }

    /// Goes on by itself when the session was stopped here for this long. Needs a runtime with time.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Whether the session is to stop here. The way of those that nobody stops.
    fn stops(&self, live: &Live) -> bool {
        let breakpoints = live.recorder.controls().breakpoints();
        if !breakpoints.any() && !live.steering.stops_next() {
            return false;
        }
        let place =
            Place { session: self.session.id(), checkpoint: self.name, tool: self.tool, agent: self.agent };
        live.steering.take_stop() || breakpoints.stops(place, || self.state.json())
    }

    async fn stopped(self) -> Step {
        let Self { session, name, tool, agent, timeout, mut state } = self;
        let Some(live) = session.live() else { return Step::Continue };
        let shown = state.json();
        let mut attributes = Attributes::new();
        attributes.set(Key::Owned(format!("mcp.state.{name}_json")), shown.to_string());
        let (editable, schema) = match &state {
            StateRef::Edited(state) => (Some(state.read()), AnswerSchema::new(state.schema()).ok()),
            StateRef::Shown(_) => (None, None),
        };
        let before = shown.clone();
        let stopped = Stopped {
            checkpoint: name.to_owned(),
            tool: tool.map(str::to_owned),
            agent: agent.map(str::to_owned),
            state: shown,
            editable: editable.is_some(),
            schema: schema.as_ref().map(|schema| schema.source().clone()),
        };
        let asked = Asked {
            signal: STEP_SIGNAL.to_owned(),
            prompt: Some(match tool {
                Some(tool) => format!("Stopped at {name}, before {tool}"),
                None => format!("Stopped at {name}"),
            }),
            schema: None,
            check: Some(Box::new(move |payload| {
                let Command::Edit { patch } = Command::read(payload).map_err(|part| vec![part])? else {
                    return Ok(());
                };
                let Some(read) = editable else {
                    return Err(vec![InvalidPart::new("/action", "the state cannot be changed here")]);
                };
                let changed = patched(&before, &patch).map_err(|part| vec![part])?;
                schema.as_ref().map_or(Ok(()), |schema| schema.check(&changed))?;
                read(&changed).map_err(|part| vec![part])
            })),
            timeout,
            step: Some(stopped),
            attributes,
        };
        let Ok(mut open) = Open::begin(session, live, asked) else {
            return if live.steering.is_cancelled() { Step::Abort } else { Step::Continue };
        };
        let Ok(reply) = open.reply().await else { return Step::Continue };
        let Outcome::Answered(payload) = reply.outcome else { return Step::Abort };
        let Ok(command) = Command::read(&payload) else { return Step::Continue };
        open.decided(command.as_str());
        match command {
            Command::Continue => Step::Continue,
            Command::Skip => Step::Skip,
            Command::Abort => Step::Abort,
            Command::Step => {
                live.steering.stop_next(true);
                Step::Continue
            }
            Command::Edit { patch } => {
                if let StateRef::Edited(state) = &mut state
                    && let Ok(changed) = patched(&state.json(), &patch)
                {
                    state.replace(&changed);
                }
                Step::Continue
            }
        }
    }
}

/// The way through a checkpoint.
#[must_use = "futures do nothing unless polled"]
pub struct Reaching<'a>(Way<'a>);

enum Way<'a> {
    Free(Ready<Step>),
    Stopped(Pin<Box<dyn Future<Output = Step> + Send + 'a>>),
}

impl fmt::Debug for Reaching<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reaching").field("stopped", &matches!(self.0, Way::Stopped(_))).finish()
    }
}

impl Future for Reaching<'_> {
    type Output = Step;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Step> {
        match &mut self.0 {
            Way::Free(step) => Pin::new(step).poll(cx),
            Way::Stopped(stopped) => stopped.as_mut().poll(cx),
        }
    }
}

impl<'a> IntoFuture for Checkpoint<'a> {
    type Output = Step;
    type IntoFuture = Reaching<'a>;

    fn into_future(self) -> Reaching<'a> {
        let Some(live) = self.session.live() else { return Reaching(Way::Free(ready(Step::Continue))) };
        live.steering.pass_checkpoint();
        if live.steering.is_cancelled() {
            return Reaching(Way::Free(ready(Step::Abort)));
        }
        if self.stops(live) {
            Reaching(Way::Stopped(Box::pin(self.stopped())))
        } else {
            Reaching(Way::Free(ready(Step::Continue)))
        }
    }
}
