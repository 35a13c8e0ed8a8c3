//! From settings to a running inspector.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::super::{Inspector, Shared};
use super::{InspectorBuilder, Place};
use crate::bus::Bus;
use crate::capture::Recorder;
use crate::capture::lane::{DEFAULT_LANE_BYTES, DEFAULT_LANE_RECORDS, DEFAULT_OPEN_SPANS, Lane};
use crate::capture::record::Of;
use crate::clock::Clock;
use crate::error::Error;
#[cfg(feature = "control")]
use crate::http::OwnControls;
use crate::http::{
    AccessPolicy, AppState, Bounds, ControlDoor, Guard, HiddenSpans, Limits, Publish, Role, write_token_file,
};
use crate::import::Import;
use crate::model::InstanceId;
use crate::pipeline::{Parts, Pipeline, StartError};
use crate::pricing::Prices;
use crate::registry::{MemoryRegistry, MergedRegistry};
use crate::sink::{Changed, Feed, Sink};
use crate::store::{DEFAULT_MEMORY_STORE_BYTES, MemoryStore, Store};
use crate::work::Work;

impl InspectorBuilder {
    /// Builds the inspector and starts its threads: three, one more with a sink, and one more with trace files.
    ///
    /// # Errors
    ///
    /// When a setting cannot be used, or the system gives no thread or no random bytes. An unusable data directory is
    /// no error: the inspector then runs in memory, and says so in `/health` and on the page.
    pub fn build(self) -> Result<Inspector, Error> {
        let mut problems: Vec<(&'static str, String)> = Vec::new();
        let bounds = self.bounds();
        let guard = guard(self.access, self.token_file.as_deref(), &mut problems)?;
        let instance = InstanceId::generate();
        let store = open_store(self.place, instance, &mut problems);
        let lane = Arc::new(Lane::new(DEFAULT_LANE_RECORDS, DEFAULT_LANE_BYTES, DEFAULT_OPEN_SPANS));
        let clock = Clock::new();
        let memory = Arc::new(MemoryRegistry::default());
        let redactor = Arc::new(self.redactor);
        let prices = Arc::new(load_prices(self.prices.as_deref(), &mut problems));
        let files = self.trace_files.map(Arc::new);
        let mut sinks = self.sinks;
        sinks.extend(files.clone().map(|files| files as Arc<dyn Sink>));
        let changed = (!sinks.is_empty()).then(|| Arc::new(Changed::default()));
        let work = Arc::new(Work::new().map_err(Error::Thread)?);
        let parts = |store| Parts {
            lane: Arc::clone(&lane),
            clock: clock.clone(),
            store,
            registry: Arc::clone(&memory),
            redactor: Arc::clone(&redactor),
            prices: Arc::clone(&prices),
            work: Arc::clone(&work),
            ring: self.ring,
            backlog_bytes: self.backlog_bytes,
            abandon_after: self.abandon_after,
            changed: changed.clone(),
        };
        let (store, pipeline, bus) = start(store, parts, &mut problems)?;
        let feed = |changed| Feed::start(sinks, changed, Arc::clone(&store), instance);
        let feed = changed.map(feed).transpose().map_err(Error::Thread)?.map(Arc::new);
        let read = files.filter(|files| files.reads_others());
        let import = |files| Import::start(files, &store, &pipeline, instance);
        let import = read.map(import).transpose().map_err(Error::Thread)?.map(Arc::new);
        #[cfg(feature = "otlp")]
        let hooks = super::super::agents::start(self.transcripts, &store, &pipeline)?;
        let recorder = Recorder::new(lane, clock.clone(), Arc::new(pipeline.clone()));
        let shutdown = watch::Sender::new(false);
        let state = AppState {
            store,
            bus,
            registries: Arc::new(MergedRegistry::new(
                memory,
                self.registries,
                self.registry,
                &pipeline.outside(),
            )),
            pipeline: pipeline.clone(),
            shutdown: shutdown.subscribe(),
            instance,
            started: Instant::now(),
            start_problems: problems.into(),
            feed,
            import,
            #[cfg(feature = "otlp")]
            hooks,
            guard: Arc::new(guard),
            trees: Arc::default(),
            work,
            limits: Arc::new(Limits::new(bounds)),
            control: ControlDoor {
                read_only: self.read_only,
                publish: publisher(&recorder),
                #[cfg(feature = "control")]
                own: OwnControls::new(Arc::clone(recorder.controls()), self.stepping, redactor, clock),
            },
            hidden: HiddenSpans::new({
                let recorder = recorder.clone();
                move || recorder.visibility().problem()
            }),
        };
        let shared =
            Shared { recorder, filter: self.filter, pipeline, state, shutdown, token_file: self.token_file };
        Ok(Inspector { shared: Some(Arc::new(shared)) })
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            ring_events: self.ring.0,
            ring_bytes: self.ring.1,
            lane_records: DEFAULT_LANE_RECORDS,
            lane_bytes: DEFAULT_LANE_BYTES,
            open_spans: DEFAULT_OPEN_SPANS,
            store_backlog_bytes: self.backlog_bytes,
            body: self.body,
            #[cfg(feature = "mcp")]
            mcp: crate::capture::mcp_bounds(),
        }
    }
}

/// Decides who may ask, and makes the token known to those who are to have it.
fn guard(
    access: AccessPolicy,
    token_file: Option<&Path>,
    problems: &mut Vec<(&'static str, String)>,
) -> Result<Guard, Error> {
    if access.token.as_ref().is_some_and(|token| access.ingest_tokens.contains(token)) {
        let why = "the inspector's token is an ingest token too: what only reports must not open everything";
        return Err(Error::Setting(why.to_owned()));
    }
    if let Some(role) = access.open_to_everyone {
        if access.require_token {
            let why = "the inspector cannot require the token and be open to everyone";
            return Err(Error::Setting(why.to_owned()));
        }
        say_open(role);
    }
    let guard = Guard::new(access).map_err(|error| Error::Random(error.to_string()))?;
    if let Some(file) = token_file
        && let Err(error) = write_token_file(file, &guard.token())
    {
        problems.push(("token_file", format!("{}: {error}", file.display())));
    }
    Ok(guard)
}

/// Said where it is heard whatever the host does with its logs: often they are set up after the inspector.
fn say_open(role: Role) {
    let warning = format!(
        "WARNING: the inspector is open to everyone who can reach it, as {}: prompts, tool output and secrets in them",
        role.as_str()
    );
    eprintln!("agent-inspector: {warning}");
    tracing::warn!(target: "agent_inspector", "{warning}");
}

/// Makes what a person does known.
fn publisher(recorder: &Recorder) -> Publish {
    let recorder = recorder.clone();
    Arc::new(move |session, kind| recorder.event(session.map_or(Of::Nobody, Of::Session), kind))
}

/// The shipped prices, with those of a file if it can be used.
fn load_prices(file: Option<&Path>, problems: &mut Vec<(&'static str, String)>) -> Prices {
    match file.map(Prices::with_file) {
        None => Prices::default(),
        Some(Ok(prices)) => prices,
        Some(Err(why)) => {
            problems.push(("prices", why));
            Prices::default()
        }
    }
}

type Started = (Arc<dyn Store>, Pipeline, Arc<Bus>);

/// Starts the pipeline on `store`, or in memory when that store cannot even give event ids.
fn start(
    store: Arc<dyn Store>,
    parts: impl Fn(Arc<dyn Store>) -> Parts,
    problems: &mut Vec<(&'static str, String)>,
) -> Result<Started, Error> {
    let failed = |error| match error {
        StartError::Thread(error) => error,
        StartError::Store(error) => Error::Setting(error.to_string()),
    };
    match Pipeline::start(parts(Arc::clone(&store))) {
        Ok((pipeline, bus)) => Ok((store, pipeline, bus)),
        Err(StartError::Store(error)) => {
            problems.push(("history", format!("history is kept in memory only: {error}")));
            let store: Arc<dyn Store> = Arc::new(MemoryStore::new(DEFAULT_MEMORY_STORE_BYTES));
            let (pipeline, bus) = Pipeline::start(parts(Arc::clone(&store))).map_err(failed)?;
            Ok((store, pipeline, bus))
        }
        Err(error) => Err(failed(error)),
    }
}

fn open_store(
    place: Place,
    instance: InstanceId,
    problems: &mut Vec<(&'static str, String)>,
) -> Arc<dyn Store> {
    let dir = match place {
        Place::Given(store) => return store,
        Place::Memory => None,
        Place::Dir(dir) => Some(dir),
        Place::Default => default_dir(problems),
    };
    if let Some(dir) = dir
        && let Some(store) = open_sqlite(&dir, instance, problems)
    {
        return store;
    }
    Arc::new(MemoryStore::new(DEFAULT_MEMORY_STORE_BYTES))
}

#[cfg(feature = "sqlite")]
fn default_dir(problems: &mut Vec<(&'static str, String)>) -> Option<PathBuf> {
    crate::store::default_data_dir()
        .map_err(|error| problems.push(("history", format!("history is kept in memory only: {error}"))))
        .ok()
}

#[cfg(not(feature = "sqlite"))]
fn default_dir(_: &mut Vec<(&'static str, String)>) -> Option<PathBuf> {
    None
}

#[cfg(feature = "sqlite")]
fn open_sqlite(
    dir: &Path,
    instance: InstanceId,
    problems: &mut Vec<(&'static str, String)>,
) -> Option<Arc<dyn Store>> {
    match crate::store::SqliteStore::open(dir, instance) {
        Ok(store) => {
            problems.extend(store.notices().into_iter().map(|notice| ("history", notice)));
            Some(Arc::new(store))
        }
        Err(error) => {
            problems.push(("history", format!("history is kept in memory only: {error}")));
            None
        }
    }
}

#[cfg(not(feature = "sqlite"))]
fn open_sqlite(
    _: &Path,
    _: InstanceId,
    problems: &mut Vec<(&'static str, String)>,
) -> Option<Arc<dyn Store>> {
    problems
        .push(("history", "history is kept in memory only: built without the feature `sqlite`".to_owned()));
    None
}
