//! The connection to the service: made when it is first needed, and anew after it broke.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use parking_lot::Mutex;
use temporalio_client::errors::ClientConnectError;
use temporalio_client::grpc::WorkflowService;
use temporalio_client::tonic::{Code, Request, Response, Status};
use temporalio_client::{ClientTlsOptions, Connection, ConnectionOptions, TlsOptions, Url};
use tokio::time::{Instant, timeout_at};

use super::settings::TemporalBuilder;

/// What is told of this client in histories and to the service.
pub(super) const IDENTITY: &str = "agent-inspector";

/// The longest message of a failed call that is shown, in characters.
const MAX_WORDS: usize = 300;

/// How much longer than we wait the service may work on a call: that it is late is for us to say.
const GRACE: Duration = Duration::from_millis(100);

/// A call that is under way.
pub(super) type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<Response<T>, Status>> + Send + 'a>>;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) code: Code,
    /// In words for a person.
    pub(super) words: String,
}

/// Whether a call that is answered too late says anything about the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    ByService,
    /// The service only hands it on, and the worker may be gone.
    ByWorker,
}

/// The connection.
///
/// It lives on the runtime of whoever connected it, the host's. When that is gone, or the service is, a call fails, and the
/// next one connects anew.
pub(super) struct Link {
    target: Url,
    options: ConnectionOptions,
    current: Mutex<Option<Connection>>,
    /// Held while somebody connects, so that not everybody does.
    connecting: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("target", &self.address()).finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(target: Url, settings: &TemporalBuilder) -> Self {
        let tls = (target.scheme() == "https").then(|| {
            let client = settings.client_certificate.clone().map(|(certificate, key)| {
                ClientTlsOptions::builder().client_cert(certificate).client_private_key(key).build()
            });
            TlsOptions::builder()
                .maybe_server_root_ca_cert(settings.server_ca.clone())
                .maybe_domain(settings.server_name.clone())
                .maybe_client_tls_options(client)
                .build()
        });
        let options = ConnectionOptions::new(target.clone())
            .identity(IDENTITY)
            .maybe_tls_options(tls)
            .maybe_api_key(settings.api_key.clone())
            .connect_timeout(settings.timeout)
            // It would ask for the host's addresses every half minute, also when nobody looks.
            .dns_load_balancing(None)
            .build();
        Self { target, options, current: Mutex::default(), connecting: tokio::sync::Mutex::default() }
    }

    /// Where the service is.
    pub(super) fn address(&self) -> String {
        self.target.as_str().trim_end_matches('/').to_owned()
    }

    /// Makes a call that ends by `until`.
    pub(super) async fn call<A, T>(
        &self,
        until: Instant,
        answered: Answered,
        argument: A,
        method: impl for<'s> FnOnce(&'s mut dyn WorkflowService, Request<A>) -> Reply<'s, T>,
    ) -> Result<T, Failed> {
        let connection = match timeout_at(until, self.connection()).await {
            Ok(connected) => connected?,
            Err(_) => return Err(self.too_late()),
        };
        let mut request = Request::new(argument);
        // The service gives up as well, a little later, and does not work for nobody.
        request.set_timeout(until.saturating_duration_since(Instant::now()) + GRACE);
        let mut service = connection.workflow_service();
        let failed = match timeout_at(until, method(&mut *service, request)).await {
            Ok(Ok(response)) => return Ok(response.into_inner()),
            Ok(Err(status)) if status.code() == Code::DeadlineExceeded => self.too_late(),
            Ok(Err(status)) => Failed { code: status.code(), words: self.words(&status) },
            Err(_) => self.too_late(),
        };
        let late = failed.code == Code::DeadlineExceeded;
        let broken =
            matches!(failed.code, Code::Unavailable | Code::Unknown | Code::Internal | Code::Cancelled);
        if broken || (late && answered == Answered::ByService) {
            self.forget(&connection);
        }
        Err(failed)
    }

    async fn connection(&self) -> Result<Connection, Failed> {
        let known = || self.current.lock().clone();
        if let Some(connection) = known() {
            return Ok(connection);
        }
        let _connecting = self.connecting.lock().await;
        if let Some(connection) = known() {
            return Ok(connection);
        }
        let connected = Connection::connect(self.options.clone()).await;
        let connection = connected.map_err(|error| match error {
            // The service answered, and what it said is no source of the error.
            ClientConnectError::SystemInfoCallError(status) => {
                Failed { code: status.code(), words: self.words(&status) }
            }
            error => Failed { code: Code::Unavailable, words: self.words(innermost(&error)) },
        })?;
        *self.current.lock() = Some(connection.clone());
        Ok(connection)
    }

    /// Unless somebody has connected anew already.
    fn forget(&self, broken: &Connection) {
        let mut current = self.current.lock();
        let same = |known: &Connection| known.worker_grouping_key() == broken.worker_grouping_key();
        if current.as_ref().is_some_and(same) {
            *current = None;
        }
    }

    fn too_late(&self) -> Failed {
        let words = format!("Temporal at {} did not answer in time", self.address());
        Failed { code: Code::DeadlineExceeded, words }
    }

    fn words(&self, error: &(dyn StdError + 'static)) -> String {
        let said = match error.downcast_ref::<Status>() {
            Some(status) if !status.message().is_empty() => status.message().to_owned(),
            Some(status) => status.code().description().to_owned(),
            None => error.to_string(),
        };
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let said: String = said.chars().take(MAX_WORDS).collect();
        format!("Temporal at {}: {said}", self.address())
    }
}

/// The cause at the bottom, which says more to a person than what it was wrapped in.
fn innermost<'e>(error: &'e (dyn StdError + 'static)) -> &'e (dyn StdError + 'static) {
    let mut at = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at
}
