//! The builder.

mod build;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts as RequestParts;

use crate::bus::{DEFAULT_RING_BYTES, DEFAULT_RING_EVENTS};
use crate::capture::CaptureFilter;
use crate::error::Error;
use crate::http::{Access, AccessPolicy, BodyPatience, MAX_INGEST_TOKENS, PublicPath, Role, Token};
use crate::pipeline::{DEFAULT_ABANDON_AFTER, DEFAULT_STORE_BACKLOG_BYTES};
use crate::redact::Redactor;
use crate::registry::{RegistrySettings, SessionRegistry};
use crate::sink::{Sink, TraceFiles};
use crate::store::Store;

/// Where history goes.
#[derive(Debug)]
enum Place {
    /// The platform's data directory.
    Default,
    /// This directory.
    Dir(PathBuf),
    /// Memory.
    Memory,
    /// A store of the host's.
    Given(Arc<dyn Store>),
}

/// Settings of an [`Inspector`](crate::Inspector). Every one has a default.
#[derive(Debug)]
#[must_use = "an inspector is made by `build`"]
pub struct InspectorBuilder {
    place: Place,
    registries: Vec<Arc<dyn SessionRegistry>>,
    registry: RegistrySettings,
    filter: CaptureFilter,
    redactor: Redactor,
    prices: Option<PathBuf>,
    access: AccessPolicy,
    token_file: Option<PathBuf>,
    read_only: bool,
    #[cfg(feature = "control")]
    stepping: bool,
    body: BodyPatience,
    ring: (usize, usize),
    backlog_bytes: usize,
    abandon_after: Duration,
    sinks: Vec<Arc<dyn Sink>>,
    trace_files: Option<TraceFiles>,
    #[cfg(feature = "otlp")]
    pub(super) transcripts: super::agents::Transcripts,
}

impl InspectorBuilder {
    pub(super) fn new() -> Self {
        Self {
            place: Place::Default,
            registries: Vec::new(),
            registry: RegistrySettings::default(),
            filter: CaptureFilter::default(),
            redactor: Redactor::default(),
            prices: None,
            access: AccessPolicy::default(),
            token_file: None,
            read_only: false,
            #[cfg(feature = "control")]
            stepping: false,
            body: BodyPatience::default(),
            ring: (DEFAULT_RING_EVENTS, DEFAULT_RING_BYTES),
            backlog_bytes: DEFAULT_STORE_BACKLOG_BYTES,
            abandon_after: DEFAULT_ABANDON_AFTER,
            sinks: Vec::new(),
            trace_files: None,
            #[cfg(feature = "otlp")]
            transcripts: super::agents::Transcripts::default(),
        }
    }

    /// Keeps history in this directory, instead of one for this executable in the platform's data directory. It is made
    /// with mode 0700. When it cannot be written the inspector runs in memory and `/health` says so.
    pub fn data_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.place = Place::Dir(dir.into());
        self
    }

    /// Keeps history in memory only, at most [`DEFAULT_MEMORY_STORE_BYTES`](crate::store::DEFAULT_MEMORY_STORE_BYTES) of it.
    pub fn in_memory(mut self) -> Self {
        self.place = Place::Memory;
        self
    }

    /// Keeps history in a store of the host's own.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.place = Place::Given(store);
        self
    }

    /// Adds sessions that a framework of the host's knows, and with its
    /// [`control`](SessionRegistry::control) the means to answer and cancel them. May be called several times; where two
    /// know a session of the same id, the one added first is believed.
    pub fn registry(mut self, registry: Arc<dyn SessionRegistry>) -> Self {
        self.registries.push(registry);
        self
    }

    /// How long a registry may take to answer, unless it says so [itself](SessionRegistry::timeout);
    /// [`DEFAULT_REGISTRY_TIMEOUT`](crate::registry::DEFAULT_REGISTRY_TIMEOUT) unless said.
    pub fn registry_timeout(mut self, timeout: Duration) -> Self {
        self.registry.timeout = timeout;
        self
    }

    /// How long the answer of a registry is used again; [`DEFAULT_REGISTRY_CACHE`](crate::registry::DEFAULT_REGISTRY_CACHE)
    /// unless said. Zero asks it each time.
    pub fn registry_cache(mut self, reuse: Duration) -> Self {
        self.registry.reuse = reuse;
        self
    }

    /// Refuses to answer, cancel, keep or remove sessions: who may look can only look.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Lets a person stop sessions at their [checkpoints](crate::SessionHandle::checkpoint), by breakpoints that they set on the
    /// page. Off unless called, because a stopped agent keeps others waiting. A [read-only](Self::read_only) inspector has no
    /// breakpoints.
    #[cfg(feature = "control")]
    #[cfg_attr(docsrs, doc(cfg(feature = "control")))]
    pub fn allow_stepping(mut self) -> Self {
        self.stepping = true;
        self
    }

    /// What the `tracing` layer looks at, instead of [`CaptureFilter::default`].
    pub fn filter(mut self, filter: CaptureFilter) -> Self {
        self.filter = filter;
        self
    }

    /// What is masked before anything is published, instead of [`Redactor::default`].
    pub fn redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// Prices of the host's own, from a file that is read by [`build`](Self::build). They change the dated list that ships
    /// with the crate, or add to it. The file has the form of litellm's `model_prices_and_context_window.json`, or that of
    /// the shipped list:
    ///
    /// ```text
    /// [anthropic]
    /// claude-sonnet-4-5 in=2.4 out=12 read=0.24 write=3 write_1h=4.8
    /// [*]
    /// our-own-model in=0.1 out=0.4
    /// ```
    ///
    /// in US dollars for a million tokens; `[*]` is whoever runs the model. From a file that cannot be used nothing is
    /// taken, the shipped list goes on, and `/health` says why.
    pub fn prices(mut self, file: impl Into<PathBuf>) -> Self {
        self.prices = Some(file.into());
        self
    }

    /// The token that lets callers in whom the inspector cannot tell to be local; without this call a fresh one is made
    /// at each start.
    ///
    /// # Errors
    ///
    /// When the text is too short to be a secret.
    pub fn token(mut self, token: &str) -> Result<Self, Error> {
        self.access.token = Some(Token::new(token).ok_or_else(too_short)?);
        Ok(self)
    }

    /// A token for programs that only report: it is accepted by `POST /events`, `/v1/…` and `/hooks/…`, and refused with 403
    /// everywhere else. So what an exporter is configured with shows nobody a prompt and answers no question. May be called
    /// several times, to take one of them away without the others.
    ///
    /// # Errors
    ///
    /// When the text is too short to be a secret, or there are more than 64 of them.
    pub fn ingest_token(mut self, token: &str) -> Result<Self, Error> {
        let token = Token::new(token).ok_or_else(too_short)?;
        if self.access.ingest_tokens.len() >= MAX_INGEST_TOKENS {
            return Err(Error::Setting(format!("at most {MAX_INGEST_TOKENS} ingest tokens are taken")));
        }
        self.access.ingest_tokens.push(token);
        Ok(self)
    }

    /// Writes the token into this file as well, where programs of the same person find it: with mode 0600, in a directory that
    /// is made with 0700 if there is none, whole or not at all. It is written by [`build`](Self::build), and again by
    /// [`Inspector::rotate_token`](crate::Inspector::rotate_token); it stays when the inspector ends. A file that cannot be written is said in `/health`.
    pub fn token_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.token_file = Some(file.into());
        self
    }

    /// The host's own check, asked before the inspector's rules.
    pub fn access(mut self, check: impl Fn(&RequestParts) -> Access + Send + Sync + 'static) -> Self {
        self.access.hook = Some(Arc::new(check));
        self
    }

    /// Lets everybody in who can reach the inspector, without a token, to do what this role allows: for a demonstration, or a
    /// machine that nobody else reaches. Every prompt and every answer is then everybody's. It is said loudly when the inspector
    /// is built, on standard error and as a warning, and `/health` and the page say it too. Pages of other origins and rebound
    /// names are still refused, and the token still makes an admin.
    pub fn open_to_everyone(mut self, role: Role) -> Self {
        self.access.open_to_everyone = Some(role);
        self
    }

    /// Host names, with or without a port, by which the inspector is reached besides local ones.
    pub fn allow_hosts<I>(mut self, hosts: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.access.allow_hosts.extend(hosts.into_iter().map(Into::into));
        self
    }

    /// Origins (`https://host[:port]`) besides our own whose pages may ask.
    pub fn allow_origins<I>(mut self, origins: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.access.allow_origins.extend(origins.into_iter().map(Into::into));
        self
    }

    /// How the address that browsers use is told, when a proxy in front of the host changes paths.
    pub fn public_path(mut self, public: PublicPath) -> Self {
        self.access.public_path = public;
        self
    }

    /// Asks for the token from local callers too.
    pub fn require_token(mut self) -> Self {
        self.access.require_token = true;
        self
    }

    /// How long a sender may be silent within a body, and how long the whole body may take, before it is given up;
    /// [`DEFAULT_BODY_IDLE_TIMEOUT`](crate::DEFAULT_BODY_IDLE_TIMEOUT) and
    /// [`DEFAULT_BODY_TIMEOUT`](crate::DEFAULT_BODY_TIMEOUT) unless said.
    pub fn body_timeouts(mut self, idle: Duration, whole: Duration) -> Self {
        self.body = BodyPatience { idle, whole };
        self
    }

    /// How many events, and how many bytes of them, the live stream can repeat from memory; [`DEFAULT_RING_EVENTS`] and
    /// [`DEFAULT_RING_BYTES`] unless said.
    pub fn ring(mut self, events: usize, bytes: usize) -> Self {
        self.ring = (events, bytes);
        self
    }

    /// How many bytes may wait in memory while the store takes nothing; [`DEFAULT_STORE_BACKLOG_BYTES`] unless said.
    pub fn store_backlog(mut self, bytes: usize) -> Self {
        self.backlog_bytes = bytes;
        self
    }

    /// After which silence an outside session counts as abandoned; [`DEFAULT_ABANDON_AFTER`] unless said.
    pub fn abandon_after(mut self, silence: Duration) -> Self {
        self.abandon_after = silence;
        self
    }

    /// Writes each session's trace into `{dir}/{session}.jsonl.gz` too, and shows the sessions whose files other processes
    /// write there. Off unless this is called; [`default_trace_dir`](crate::sink::default_trace_dir) is where such files are
    /// by custom. A directory that cannot be written is said in `/health`.
    pub fn trace_files(mut self, files: impl Into<TraceFiles>) -> Self {
        self.trace_files = Some(files.into());
        self
    }

    /// Copies sessions to a place of the host's own. May be called several times.
    pub fn sink(mut self, sink: Arc<dyn Sink>) -> Self {
        self.sinks.push(sink);
        self
    }
}

fn too_short() -> Error {
    let why = "the token is too short: it needs at least 16 characters that can stand in a header";
    Error::Setting(why.to_owned())
}
