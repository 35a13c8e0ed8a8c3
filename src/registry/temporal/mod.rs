//! Workflows of a [Temporal](https://temporal.io) service as sessions, with their history as spans, answered by signals and
//! cancelled (feature `temporal`).
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use agent_inspector::Inspector;
//! use agent_inspector::registry::Temporal;
//!
//! # fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let temporal = Temporal::builder("127.0.0.1:7233").namespace("default").build()?;
//! let inspector = Inspector::builder().registry(Arc::new(temporal)).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! Every run of a workflow is a session: its id is made of the workflow's id and the run's. Nothing is copied: the service is
//! asked while somebody looks, and what it does not answer in time costs the list only its workflows.

mod control;
mod env;
mod history;
mod kept;
mod link;
mod look;
mod payload;
mod run;
mod service;
mod settings;
mod status;
mod tree;
mod visibility;
mod wait;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use temporalio_client::Url;
use temporalio_client::tonic::Code;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeWorkflowExecutionResponse;
use tokio::time::Instant;

use self::history::{History, kind_of};
use self::kept::Kept;
use self::link::{Failed, Link};
use self::look::{Known, Looked};
use self::run::{Named, Run, named};
use self::service::Service;
use self::tree::Tree;
use super::{RegistryError, RegistryFuture, SessionControl, SessionRegistry};
use crate::model::{Session, SessionId, SessionQuery, Span};

pub use self::look::TEMPORAL_ASKED_PER_LIST;
pub use self::settings::{InvalidTemporal, TemporalBuilder};
pub use self::wait::WAITING_ON;

/// How long one call of the inspector's to Temporal may take in all; a person waits for the list meanwhile.
pub const DEFAULT_TEMPORAL_TIMEOUT: Duration = Duration::from_secs(2);

/// How many runs that go on, and how many that ended, are looked through for one page of the list: some pages of what a person
/// reads, and one answer of the service.
pub const DEFAULT_TEMPORAL_RECENT: usize = 200;

/// The most of them: as many as the service gives in one answer.
pub const MAX_TEMPORAL_RECENT: usize = 1000;

/// How many events of a history are read. What comes after them is left out, and the workflow's span says so.
pub const MAX_TEMPORAL_EVENTS: usize = 20_000;

/// Of how many runs the workflow's id is remembered that does not fit into the session's.
const LONG_IDS: usize = 1024;

/// The workflows of one namespace of a Temporal service, as a [registry](SessionRegistry).
///
/// It connects when it is first asked, and again when the connection broke. What a workflow waits for is shown when it says so
/// ([`WAITING_ON`]).
pub struct Temporal {
    name: String,
    service: Arc<Service>,
    known: Arc<Known>,
    long_ids: Kept<String>,
    /// Held by whoever gives a signal.
    answering: tokio::sync::Mutex<()>,
    task_queue: Option<String>,
    recent: usize,
    timeout: Duration,
    ask_workflows: bool,
}

impl fmt::Debug for Temporal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Temporal")
            .field("name", &self.name)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

impl Temporal {
    /// The service at this address: `host:port` or a URL, `https` for one that is reached by TLS.
    pub fn builder(address: impl Into<String>) -> TemporalBuilder {
        TemporalBuilder::new(address.into())
    }

    /// The service that the environment names, as Temporal's own programs read it: `TEMPORAL_ADDRESS` (without it
    /// `127.0.0.1:7233`), `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS`, `TEMPORAL_TLS_SERVER_NAME`, and, each with
    /// `_PATH` or `_DATA` behind it, `TEMPORAL_TLS_SERVER_CA_CERT`, `TEMPORAL_TLS_CLIENT_CERT` and `TEMPORAL_TLS_CLIENT_KEY`.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or two of the variables do not go together.
    pub fn from_env() -> Result<TemporalBuilder, InvalidTemporal> {
        env::read(|name| std::env::var(name).ok())
    }

    fn of(target: Url, settings: TemporalBuilder) -> Self {
        let link = Link::new(target, &settings);
        Self {
            name: settings.name,
            service: Arc::new(Service { link, namespace: settings.namespace }),
            known: Arc::default(),
            long_ids: Kept::new(LONG_IDS),
            answering: tokio::sync::Mutex::default(),
            task_queue: settings.task_queue,
            recent: settings.recent,
            timeout: settings.timeout,
            ask_workflows: settings.ask_workflows,
        }
    }

    #[cfg(test)]
    fn address(&self) -> String {
        self.service.link.address()
    }

    /// When the service must have answered, so that there is time left to say that it has not.
    fn until(&self) -> Instant {
        Instant::now() + self.timeout * 3 / 4
    }

    /// The answer to the inspector. One that is late stays away for as long as the inspector waits at most, which then waits less
    /// for the next one: a person who looks at a list is not kept waiting by a service that hangs, again and again.
    async fn answer<T>(
        &self,
        asked: impl Future<Output = Result<T, Failed>> + Send,
    ) -> Result<T, RegistryError> {
        match asked.await {
            Ok(answer) => Ok(answer),
            Err(failed) => {
                if failed.code == Code::DeadlineExceeded {
                    tokio::time::sleep(self.timeout / 2).await;
                }
                Err(RegistryError::new(failed.words))
            }
        }
    }

    /// When what would only be nice to know must be there.
    fn extra(&self) -> Instant {
        Instant::now() + self.timeout / 5
    }

    async fn sessions(&self, query: &SessionQuery) -> Result<Vec<Session>, Failed> {
        let until = self.until();
        let asked = visibility::questions(query, self.task_queue.as_deref());
        let most = self.recent.max(query.limit).min(MAX_TEMPORAL_RECENT);
        let ask = async |question: Option<String>| match question {
            Some(question) => self.service.list(question, most, until).await,
            None => Ok(Vec::new()),
        };
        let (open, ended) = tokio::join!(ask(asked.open), ask(asked.ended));
        // One that ended between the two answers is in both.
        let mut met = HashSet::new();
        let both = ended?.into_iter().chain(open?).filter_map(Looked::new);
        let mut runs: Vec<_> = both.filter(|looked| met.insert(looked.session.id.clone())).collect();
        runs.sort_unstable_by_key(|looked| Reverse(looked.session.started_at));
        for looked in &runs {
            self.remember(&looked.run, &looked.session.id);
        }
        self.known.complete(&self.service, &mut runs, self.ask_workflows, self.extra()).await;
        Ok(query.select(runs.into_iter().map(|looked| looked.session)))
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, Failed> {
        let found = self.find(id, self.until()).await?;
        let looked = found.and_then(|found| found.workflow_execution_info).and_then(Looked::new);
        let Some(looked) = looked else { return Ok(None) };
        let mut runs = [looked];
        self.known.complete(&self.service, &mut runs, self.ask_workflows, self.extra()).await;
        Ok(Some(runs).map(|[looked]| looked.session))
    }

    async fn told(&self, id: &SessionId) -> Result<Option<Vec<Span>>, Failed> {
        let until = self.until();
        let Some(found) = self.find(id, until).await? else { return Ok(None) };
        let Some(looked) = found.workflow_execution_info.clone().and_then(Looked::new) else {
            return Ok(None);
        };
        let kind = kind_of(looked.info.r#type.as_ref()).to_owned();
        let started = looked.session.started_at;
        let Some(tree) = Tree::new(&looked.run, &kind, started, &self.service.namespace) else {
            return Ok(None);
        };
        let run = looked.run.clone();
        let goes_on = !looked.session.status.is_ended();
        let metadata = async {
            if goes_on && self.ask_workflows { self.service.metadata(&run, self.extra()).await } else { None }
        };
        let wait = async {
            let mut runs = [looked];
            self.known.complete(&self.service, &mut runs, goes_on && self.ask_workflows, self.extra()).await;
            let [looked] = runs;
            looked.session.waiting_on.is_some().then(|| self.known.wait_of(&looked)).flatten().flatten()
        };
        let (read, metadata, wait) = tokio::join!(self.read(&run, History::new(tree), until), metadata, wait);
        let (mut history, unread) = read?;
        found.pending_activities.iter().for_each(|pending| history.pending(pending));
        let wait = wait.map(|wait| (self.known.since(&run, &wait), wait)).map(|(since, wait)| (wait, since));
        Ok(Some(history.finish(metadata.as_ref(), wait, unread)))
    }

    /// Reads the history page by page. What is read by then is shown, if the first page was.
    async fn read(
        &self,
        run: &Run,
        mut history: History,
        until: Instant,
    ) -> Result<(History, Option<&'static str>), Failed> {
        let (mut token, mut read) = (Vec::new(), 0);
        loop {
            let (events, next) = match self.service.history(run, token, until).await {
                Ok(page) => page,
                Err(failed) if read == 0 => return Err(failed),
                Err(_) => {
                    return Ok((
                        history,
                        Some("the service did not answer in time with the rest of the history"),
                    ));
                }
            };
            read += events.len();
            events.iter().for_each(|event| history.event(event));
            if next.is_empty() {
                return Ok((history, None));
            }
            if read >= MAX_TEMPORAL_EVENTS {
                return Ok((history, Some("the history has more events than are read")));
            }
            token = next;
        }
    }

    /// The run of a session, as the service describes it now.
    async fn find(
        &self,
        id: &SessionId,
        until: Instant,
    ) -> Result<Option<DescribeWorkflowExecutionResponse>, Failed> {
        let run = match named(id) {
            None => return Ok(None),
            Some(Named::Whole(run)) => run,
            Some(Named::RunOnly(run_id)) => match self.long_ids.get(&run_id) {
                Some((_, workflow_id)) => Run { workflow_id, run_id },
                None => {
                    let found = self.service.list(visibility::one_run(&run_id), 1, until).await?;
                    let Some(run) = found.first().and_then(status::run) else { return Ok(None) };
                    self.remember(&run, id);
                    run
                }
            },
        };
        self.service.describe(&run, until).await
    }

    fn remember(&self, run: &Run, id: &SessionId) {
        if matches!(named(id), Some(Named::RunOnly(_))) {
            self.long_ids.put(&run.run_id, run.workflow_id.clone());
        }
    }
}

impl SessionRegistry for Temporal {
    fn name(&self) -> &str {
        &self.name
    }

    fn list<'a>(&'a self, query: &'a SessionQuery) -> RegistryFuture<'a, Vec<Session>> {
        Box::pin(async move { self.answer(Box::pin(self.sessions(query))).await })
    }

    fn get<'a>(&'a self, id: &'a SessionId) -> RegistryFuture<'a, Option<Session>> {
        Box::pin(async move { self.answer(Box::pin(self.session(id))).await })
    }

    fn spans<'a>(&'a self, id: &'a SessionId) -> RegistryFuture<'a, Option<Vec<Span>>> {
        Box::pin(async move { self.answer(Box::pin(self.told(id))).await })
    }

    fn control(&self) -> Option<&dyn SessionControl> {
        Some(self)
    }

    fn timeout(&self) -> Option<Duration> {
        Some(self.timeout)
    }
}
