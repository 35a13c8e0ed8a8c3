//! The public door: an inspector, its builder, and the only wiring.

#[cfg(feature = "otlp")]
mod agents;
mod builder;

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use tokio::sync::watch;
use tracing_core::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

pub use self::builder::InspectorBuilder;
#[cfg(feature = "otel")]
use crate::capture::CaptureProcessor;
use crate::capture::record::Of;
use crate::capture::{CaptureFilter, CaptureLayer, Recorder, SessionBuilder};
use crate::error::Error;
use crate::http::{self, AppState, Events};
use crate::model::EventKind;
use crate::pipeline::Pipeline;

/// How long dropping the last handle waits for what was recorded to be stored. A host that wants certainty awaits
/// [`Inspector::shutdown`].
const DROP_PATIENCE: Duration = Duration::from_secs(2);

/// An inspector. Clones are handles on the same one.
///
/// ```
/// use agent_inspector::Inspector;
/// use axum::Router;
/// use tracing_subscriber::prelude::*;
///
/// let inspector = Inspector::builder().in_memory().build()?;
/// let _subscriber = tracing_subscriber::registry().with(inspector.layer());
/// let app: Router = Router::new().nest("/_inspector", inspector.router());
/// # Ok::<(), agent_inspector::Error>(())
/// ```
#[derive(Clone)]
pub struct Inspector {
    shared: Option<Arc<Shared>>,
}

struct Shared {
    recorder: Recorder,
    filter: CaptureFilter,
    pipeline: Pipeline,
    state: AppState,
    shutdown: watch::Sender<bool>,
    token_file: Option<PathBuf>,
}

impl Inspector {
    /// Begins to build one.
    pub fn builder() -> InspectorBuilder {
        InspectorBuilder::new()
    }

    /// An inspector that records nothing and answers nothing: its layer is no layer, its sessions cost a few nanoseconds,
    /// its router is empty. For hosts that switch the inspector off by configuration.
    #[must_use]
    pub const fn disabled() -> Self {
        Self { shared: None }
    }

    /// Whether it records.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.shared.is_some()
    }

    /// The `tracing` layer: `tracing_subscriber::registry().with(inspector.layer())`.
    ///
    /// It sees what its [`CaptureFilter`] lets through and records of that the spans in a session and, wherever they
    /// stand, spans with `gen_ai.*`, `mcp.*` or `openinference.*` fields and what is below them. The filter is the layer's
    /// own: it neither shows nor hides anything for the host's other layers.
    ///
    /// When the first agent span in it begins, a span around it is recorded too, also one that the filter leaves out: with
    /// its name, target and beginning (or `inspector.start_unknown`, when the layer did not see it begin), and fields that
    /// are recorded from then on.
    ///
    /// A filter of the host's that stands in the subscriber by itself hides from all layers what it does not let through;
    /// `GET /health` then says what is missing. Give such a filter to the layer that it is meant for.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        // An `Option` of a layer does not learn which subscriber it stands in; a boxed one does.
        let layer: Box<dyn Layer<S> + Send + Sync> = match &self.shared {
            Some(shared) => {
                let filter = shared.filter.clone();
                Box::new(CaptureLayer::new(shared.recorder.clone(), filter.clone()).with_filter(filter))
            }
            None => Box::new(None::<CaptureLayer>),
        };
        layer
    }

    /// For a host on the OpenTelemetry SDK: a span processor, to be added to its tracer provider beside its own.
    ///
    /// ```
    /// use agent_inspector::Inspector;
    /// use opentelemetry_sdk::trace::SdkTracerProvider;
    ///
    /// let inspector = Inspector::builder().in_memory().build()?;
    /// let provider = SdkTracerProvider::builder().with_span_processor(inspector.span_processor()).build();
    /// # Ok::<(), agent_inspector::Error>(())
    /// ```
    ///
    /// It records spans when they start, with the attributes they start with, and again when they end, with their events,
    /// links, status, resource and scope. Which spans it records is in the table at the [crate's root](crate). It never
    /// waits; what it keeps is bounded as for the [layer](Self::layer).
    ///
    /// A host whose OpenTelemetry spans come from `tracing`, by `tracing-opentelemetry`, takes either this or the layer.
    /// With both, the spans of `tracing` are recorded by the layer alone; they are known by the attribute `target`, which
    /// `tracing-opentelemetry` writes unless told otherwise (`with_target(false)`).
    #[cfg(feature = "otel")]
    #[cfg_attr(docsrs, doc(cfg(feature = "otel")))]
    pub fn span_processor(&self) -> impl opentelemetry_sdk::trace::SpanProcessor + use<> {
        CaptureProcessor::new(self.shared.as_ref().map(|shared| shared.recorder.clone()))
    }

    /// A tower layer for an MCP server of the host's (streamable HTTP, any revision): what it is asked becomes sessions.
    #[cfg(feature = "mcp")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mcp")))]
    #[must_use]
    pub fn mcp_layer(&self) -> crate::capture::McpLayer {
        crate::capture::McpLayer::new(self.shared.as_ref().map(|shared| shared.recorder.clone()))
    }

    /// Names a session that the host is about to run.
    pub fn session(&self, title: impl Into<String>) -> SessionBuilder {
        SessionBuilder::new(self.shared.as_ref().map(|shared| shared.recorder.clone()), title.into())
    }

    /// Publishes an event of the host's own kind that belongs to no session. Costs the caller about a hundred nanoseconds
    /// whoever reads.
    pub fn emit(&self, name: impl Into<Cow<'static, str>>, data: serde_json::Value) {
        if let Some(shared) = &self.shared {
            shared.recorder.event(Of::Nobody, EventKind::Custom { name: name.into(), data });
        }
    }

    /// The routes, to be nested: `app.nest("/_inspector", inspector.router())`. They learn at run time where they are
    /// mounted. Under a plain `nest` nobody but the host can answer `/_inspector/`; link to the address without the slash,
    /// or use [`mount`](Self::mount).
    pub fn router<S>(&self) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        match &self.shared {
            Some(shared) => http::router(shared.state.clone()).with_state(()),
            None => Router::new(),
        }
    }

    /// Nests the routes into `router` at `path`, and answers `{path}/` too.
    ///
    /// # Panics
    ///
    /// As [`Router::nest`] does: when `path` is no route or already taken.
    pub fn mount<S>(&self, router: Router<S>, path: &str) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        match &self.shared {
            Some(shared) => {
                http::mount(router, path, self.router(), shared.state.guard.public_path().clone())
            }
            None => router,
        }
    }

    /// The routes under `/v1/` alone, at the root: for a listener of its own on port 4318, where OpenTelemetry exporters send
    /// unless told otherwise. Everything else there is a 404. Who is let in is decided as for [`router`](Self::router).
    #[cfg(feature = "otlp")]
    #[cfg_attr(docsrs, doc(cfg(feature = "otlp")))]
    pub fn otlp_router<S>(&self) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        match &self.shared {
            Some(shared) => http::otlp_router(shared.state.clone()).with_state(()),
            None => Router::new(),
        }
    }

    /// The live stream from now on, for a reader in the host's own process: what `GET /events` sends, without HTTP.
    ///
    /// ```no_run
    /// # async fn run(inspector: agent_inspector::Inspector) {
    /// let mut events = inspector.events();
    /// while let Some(event) = events.next().await {
    ///     println!("{}", String::from_utf8_lossy(event.json()));
    /// }
    /// # }
    /// ```
    pub fn events(&self) -> Events {
        Events::new(self.shared.as_ref().map(|shared| shared.state.clone()))
    }

    /// The link that opens the page of an inspector mounted at `url` (such as `http://127.0.0.1:3000/_inspector`) and signs
    /// in with the token, which stands in the fragment and so reaches no log. Only needed where the inspector cannot tell
    /// that the caller is local.
    #[must_use]
    pub fn sign_in_url(&self, url: &str) -> String {
        let url = url.trim_end_matches('/');
        match &self.shared {
            Some(shared) => format!("{url}/ui/#token={}", shared.state.guard.token().as_str()),
            None => url.to_owned(),
        }
    }

    /// Takes a fresh token in place of the present one, and gives the link that signs in with it, as
    /// [`sign_in_url`](Self::sign_in_url) does from then on. Whoever signed in before, or came with the old token, is out at
    /// once, with the streams that are open; ingest tokens stay. The [token's file](InspectorBuilder::token_file) is written
    /// anew.
    ///
    /// # Errors
    ///
    /// When the system gives no random bytes: then nothing has changed. When the file cannot be written: then the token has.
    pub fn rotate_token(&self, url: &str) -> Result<String, Error> {
        let Some(shared) = &self.shared else { return Ok(self.sign_in_url(url)) };
        let token = shared.state.guard.rotate().map_err(|error| Error::Random(error.to_string()))?;
        if let Some(file) = &shared.token_file {
            let failed = |error| {
                let file = file.display();
                Error::Setting(format!("the token was changed, and could not be written to {file}: {error}"))
            };
            http::write_token_file(file, &token).map_err(failed)?;
        }
        Ok(self.sign_in_url(url))
    }

    /// Waits until everything handed over before this call is in the live stream and the store, and the sinks were told.
    pub async fn settle(&self) {
        if let Some(shared) = &self.shared {
            #[cfg(feature = "otlp")]
            shared.state.hooks.settle().await;
            shared.pipeline.settle().await;
            if let Some(feed) = &shared.state.feed {
                feed.settle().await;
            }
        }
    }

    /// Looks at the trace files of other processes now, instead of within two seconds, and waits until what is new there was
    /// read and stored. Without [`trace_files`](InspectorBuilder::trace_files) it does nothing.
    pub async fn read_trace_files(&self) {
        if let Some(import) = self.shared.as_ref().and_then(|shared| shared.state.import.as_ref()) {
            import.look().await;
        }
    }

    /// Ends every stream and stores what was recorded. Await it in the host's graceful shutdown, which otherwise waits for
    /// ever for the pages that are open: `axum::serve(..).with_graceful_shutdown(async move { signal.await;
    /// inspector.shutdown().await })`.
    pub async fn shutdown(&self) {
        let Some(shared) = &self.shared else { return };
        shared.shutdown.send_replace(true);
        shared.state.bus.close();
        if let Some(import) = &shared.state.import {
            import.stop();
        }
        #[cfg(feature = "otlp")]
        shared.state.hooks.stop().await;
        shared.pipeline.stop().await;
        if let Some(import) = &shared.state.import {
            import.ended().await;
        }
        if let Some(feed) = &shared.state.feed {
            feed.ended().await;
        }
    }

    /// Completes when [`shutdown`](Self::shutdown) was called: for streams of the host's own that should end with ours.
    pub async fn closed(&self) {
        if let Some(shared) = &self.shared {
            let mut shutdown = shared.shutdown.subscribe();
            // The sender lives as long as `shared`.
            let _ = shutdown.wait_for(|closed| *closed).await;
        } else {
            std::future::pending::<()>().await;
        }
    }
}

impl fmt::Debug for Inspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspector").field("enabled", &self.is_enabled()).finish_non_exhaustive()
    }
}

impl Drop for Shared {
    /// The last handle is gone; routers, layers and sessions may live on and be served. What was recorded until now is
    /// stored, because often the end of `main` comes next.
    fn drop(&mut self) {
        let begun = Instant::now();
        self.pipeline.settle_within(DROP_PATIENCE);
        if let Some(feed) = &self.state.feed {
            feed.settle_within(DROP_PATIENCE.saturating_sub(begun.elapsed()));
        }
    }
}
