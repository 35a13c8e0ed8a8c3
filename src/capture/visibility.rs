//! Whether the host's own `tracing` filters hide agent spans from the layer.
//!
//! A filter that stands in the host's subscriber as a layer of its own (an `EnvFilter`, a `LevelFilter`) is asked for all
//! layers. One that says `warn` for the sake of the log also takes the agent's spans away, and nothing tells: they are simply
//! not there. So the subscriber is asked about spans that look like those of well-known libraries, and about the agent's
//! spans that really came by. A filter that belongs to another layer (`.with_filter(..)`) hides nothing.

use std::cell::Cell;
use std::fmt::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tracing_core::callsite::{Callsite, Identifier};
use tracing_core::dispatcher::WeakDispatch;
use tracing_core::field::FieldSet;
use tracing_core::metadata::Kind;
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Level, LevelFilter, Metadata};

/// How many subscribers are asked; a program has one, tests have one for each thread.
const MAX_WATCHED: usize = 16;

/// How many of the agent's own callsites are asked about.
const MAX_SEEN: usize = 256;

/// How long an answer is given again.
const ASK_ANEW_AFTER: Duration = Duration::from_secs(1);

/// How long the host's filters may take.
const PATIENCE: Duration = Duration::from_millis(250);

thread_local! {
    /// Whether the layer was asked for a callsite since this was last set to `false`.
    static REACHED: Cell<bool> = const { Cell::new(false) };
}

/// Notes that the layer was asked: no filter around it has said no.
pub(super) fn reached() {
    let _ = REACHED.try_with(|reached| reached.set(true));
}

/// The subscribers that the layer stands in, and the agent's callsites it was shown.
#[derive(Debug, Default)]
pub(crate) struct Visibility {
    watched: Mutex<Vec<WeakDispatch>>,
    seen: Mutex<Vec<&'static Metadata<'static>>>,
    /// An agent's span came by.
    came: AtomicBool,
    told: Mutex<Told>,
}

/// What was answered last.
#[derive(Debug, Default)]
struct Told {
    at: Option<Instant>,
    problem: Option<String>,
    /// An answer that is late. Nobody is asked anew before it is there: a filter that hangs costs one thread.
    late: Option<Receiver<Option<String>>>,
}

impl Told {
    fn tell(&mut self, problem: Option<String>) {
        *self = Self { at: Some(Instant::now()), problem, late: None };
    }
}

impl Visibility {
    /// The layer stands in this subscriber.
    pub(super) fn watch(&self, dispatch: WeakDispatch) {
        let mut watched = self.watched.lock();
        watched.retain(|known| known.upgrade().is_some());
        if watched.len() < MAX_WATCHED {
            watched.push(dispatch);
        }
        drop(watched);
        *self.told.lock() = Told::default();
    }

    /// Whether there is a layer that sees the spans of `tracing`.
    #[cfg(feature = "otel")]
    pub(super) fn is_watching(&self) -> bool {
        !self.watched.lock().is_empty()
    }

    /// The layer was shown a callsite of an agent's span that goes to a subscriber it stands in.
    pub(super) fn saw(&self, metadata: &'static Metadata<'static>) {
        if PROBES.iter().any(|probe| probe.callsite().metadata().callsite() == metadata.callsite()) {
            return;
        }
        let mut seen = self.seen.lock();
        if seen.len() < MAX_SEEN && !seen.iter().any(|known| known.callsite() == metadata.callsite()) {
            seen.push(metadata);
        }
    }

    /// Whether no agent's span came by yet.
    pub(super) fn waits(&self) -> bool {
        !self.came.load(Ordering::Relaxed)
    }

    /// A span of an agent's came by, whenever its callsite was shown, and to whom.
    pub(super) fn came_by(&self, metadata: &'static Metadata<'static>) {
        self.came.store(true, Ordering::Relaxed);
        self.saw(metadata);
    }

    /// What the host's filters hide, with what to do about it. May block for a moment: the filters are the host's code.
    pub(crate) fn problem(&self) -> Option<String> {
        let mut told = self.told.lock();
        match told.late.as_ref().map(Receiver::try_recv) {
            Some(Ok(problem)) => told.tell(problem),
            Some(Err(TryRecvError::Disconnected)) => told.tell(None),
            Some(Err(TryRecvError::Empty)) => return told.problem.clone(),
            None => {}
        }
        if told.at.is_none_or(|at| at.elapsed() >= ASK_ANEW_AFTER) {
            match self.ask().map(|answer| (answer.recv_timeout(PATIENCE), answer)) {
                Some((Ok(problem), _)) => told.tell(problem),
                Some((Err(RecvTimeoutError::Timeout), answer)) => told.late = Some(answer),
                // Without a thread, or when a filter panics, there is nothing to say.
                Some((Err(RecvTimeoutError::Disconnected), _)) | None => told.tell(None),
            }
        }
        told.problem.clone()
    }

    /// Asks on a thread of its own: a subscriber keeps on each thread what it answered last, for the span that follows.
    fn ask(&self) -> Option<Receiver<Option<String>>> {
        let dispatches: Vec<Dispatch> =
            self.watched.lock().iter().filter_map(WeakDispatch::upgrade).collect();
        if dispatches.is_empty() {
            return None;
        }
        let seen = self.seen.lock().clone();
        let (answer, wait) = sync_channel(1);
        let thread = std::thread::Builder::new().name("inspector-probe".to_owned());
        thread.spawn(move || _ = answer.try_send(hidden(&dispatches, &seen))).ok()?;
        Some(wait)
    }
}

/// What is hidden, in words.
fn hidden(dispatches: &[Dispatch], seen: &[&'static Metadata<'static>]) -> Option<String> {
    let shown = |metadata: &'static Metadata<'static>| {
        *metadata.level() <= tracing::level_filters::STATIC_MAX_LEVEL
            && *metadata.level() <= LevelFilter::current()
            && dispatches.iter().any(|dispatch| shows(dispatch, metadata))
    };
    let (visible, mut missing): (Vec<_>, Vec<_>) = seen.iter().copied().partition(|metadata| shown(metadata));
    if visible.is_empty() && missing.is_empty() {
        // Nothing came by. As long as that is so, it may be because of a filter.
        missing =
            PROBES.iter().map(|probe| probe.callsite().metadata()).filter(|probe| !shown(probe)).collect();
    }
    if missing.is_empty() {
        return None;
    }
    let mut directives: Vec<String> = missing.iter().map(|metadata| directive(metadata)).collect();
    directives.sort_unstable();
    directives.dedup();
    let mut targets: Vec<&str> = missing.iter().map(|metadata| metadata.target()).collect();
    targets.sort_unstable();
    targets.dedup();
    let mut words = format!("the host's own tracing filter hides agent spans of {}", targets.join(", "));
    if missing.iter().any(|metadata| *metadata.level() > tracing::level_filters::STATIC_MAX_LEVEL) {
        // Writing to a string cannot fail.
        let _ = write!(
            words,
            "; a feature of the crate `tracing` (max_level_..) leaves them out when it is compiled"
        );
    } else {
        let _ = write!(
            words,
            "; add `{}` to the filter, or give it to the layer it is meant for with `.with_filter(..)`",
            directives.join(",")
        );
    }
    Some(words)
}

fn directive(metadata: &Metadata<'_>) -> String {
    let target = metadata.target().split("::").next().unwrap_or_default();
    format!("{target}={}", metadata.level().as_str().to_ascii_lowercase())
}

/// Whether a span from this callsite would reach the layer.
fn shows(dispatch: &Dispatch, metadata: &'static Metadata<'static>) -> bool {
    // Filters that look at names and fields decide when a callsite is registered.
    if dispatch.register_callsite(metadata).is_never() {
        return false;
    }
    REACHED.set(false);
    dispatch.enabled(metadata) && REACHED.get()
}

/// A callsite that no span comes from.
#[derive(Debug)]
struct Probe {
    /// Its target; empty for the program's own crate.
    target: &'static str,
    name: &'static str,
    /// Where it lies among [`PROBES`].
    at: usize,
    metadata: OnceLock<Metadata<'static>>,
}

/// Spans as rig and genai write them, and as the host's own code would.
static PROBES: [Probe; 4] = [
    Probe { target: "rig::agent_chat", name: "chat", at: 0, metadata: OnceLock::new() },
    Probe { target: "rig_agent::agent::telemetry", name: "invoke_agent", at: 1, metadata: OnceLock::new() },
    Probe { target: "genai::otel", name: "chat", at: 2, metadata: OnceLock::new() },
    Probe { target: "", name: "invoke_agent", at: 3, metadata: OnceLock::new() },
];

impl Probe {
    fn callsite(&self) -> &'static dyn Callsite {
        &PROBES[self.at]
    }
}

impl Callsite for Probe {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        self.metadata.get_or_init(|| {
            let target = if self.target.is_empty() { own_crate() } else { self.target };
            let fields = FieldSet::new(&["gen_ai.operation.name"], Identifier(self.callsite()));
            Metadata::new(self.name, target, Level::INFO, None, None, None, fields, Kind::SPAN)
        })
    }
}

/// The crate that the program is built from, as its file is called.
fn own_crate() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let program = std::env::current_exe().ok();
        let stem = program.as_deref().and_then(|path| path.file_stem()).map(|stem| stem.to_string_lossy());
        stem.map_or_else(|| "app".to_owned(), |stem| stem.replace('-', "_"))
    })
}
