//! Where Temporal is, and how much of it is shown.

use std::fmt;
use std::time::Duration;

use temporalio_client::Url;

use super::{DEFAULT_TEMPORAL_RECENT, DEFAULT_TEMPORAL_TIMEOUT, MAX_TEMPORAL_RECENT, Temporal};

/// A setting of [`Temporal`] that cannot be used; the text says which and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidTemporal(pub(super) String);

/// How [`Temporal`] is reached and what of it is shown. Nothing is connected until somebody looks.
#[derive(Clone)]
#[must_use]
pub struct TemporalBuilder {
    address: String,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) task_queue: Option<String>,
    pub(super) api_key: Option<String>,
    pub(super) server_ca: Option<Vec<u8>>,
    pub(super) server_name: Option<String>,
    pub(super) client_certificate: Option<(Vec<u8>, Vec<u8>)>,
    pub(super) recent: usize,
    pub(super) timeout: Duration,
    pub(super) ask_workflows: bool,
}

/// Keys stay out of logs.
impl fmt::Debug for TemporalBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemporalBuilder")
            .field("address", &self.address)
            .field("namespace", &self.namespace)
            .field("task_queue", &self.task_queue)
            .field("recent", &self.recent)
            .field("timeout", &self.timeout)
            .field("ask_workflows", &self.ask_workflows)
            .finish_non_exhaustive()
    }
}

impl TemporalBuilder {
    pub(super) fn new(address: String) -> Self {
        Self {
            address,
            name: "temporal".to_owned(),
            namespace: "default".to_owned(),
            task_queue: None,
            api_key: None,
            server_ca: None,
            server_name: None,
            client_certificate: None,
            recent: DEFAULT_TEMPORAL_RECENT,
            timeout: DEFAULT_TEMPORAL_TIMEOUT,
            ask_workflows: true,
        }
    }

    /// What a person calls it, `temporal` if nothing is said; shown when it cannot be asked. Two of them want two names.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The namespace, `default` if nothing is said.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Only workflows of this task queue are listed.
    pub fn task_queue(mut self, task_queue: impl Into<String>) -> Self {
        self.task_queue = Some(task_queue.into());
        self
    }

    /// The key that is sent with every call. An address without a scheme is then reached by TLS.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// The certificate, as PEM, of the authority that signed the server's, when the system does not trust it already.
    pub fn server_ca(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.server_ca = Some(pem.into());
        self
    }

    /// The name in the server's certificate, when it is not the one in the address.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// The certificate and its key, both as PEM, with which this client shows who it is.
    pub fn client_certificate(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.client_certificate = Some((certificate.into(), key.into()));
        self
    }

    /// How many runs that go on, and how many that ended, are looked through for one page of the list:
    /// [`DEFAULT_TEMPORAL_RECENT`] each if nothing is said, at most [`MAX_TEMPORAL_RECENT`]; for a longer page as many as
    /// that has.
    pub fn recent(mut self, recent: usize) -> Self {
        self.recent = recent;
        self
    }

    /// How long one call of the inspector's may take in all, [`DEFAULT_TEMPORAL_TIMEOUT`] if nothing is said.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Whether workflows are asked by query what they wait for and which signals they take; yes, if nothing is said. With `no`
    /// the inspector gives workers nothing to do; a wait that is told in a memo is shown all the same.
    pub fn ask_workflows(mut self, ask: bool) -> Self {
        self.ask_workflows = ask;
        self
    }

    /// The registry, to be handed to [`registry`](crate::InspectorBuilder::registry).
    ///
    /// # Errors
    ///
    /// When the address is none, a key would be sent in the clear to another machine, or a number is out of bounds. That the
    /// service cannot be reached is no error: it may come later.
    pub fn build(self) -> Result<Temporal, InvalidTemporal> {
        let invalid = |what: &str| Err(InvalidTemporal(what.to_owned()));
        let target = self.target()?;
        let local = target.host_str().is_some_and(is_local);
        let secret = self.api_key.is_some() || self.client_certificate.is_some();
        if target.scheme() == "http" && secret && !local {
            return invalid("a key or certificate is sent to another machine by https only");
        }
        if self.namespace.is_empty() || self.name.is_empty() {
            return invalid("a namespace and a name must not be empty");
        }
        if !(1..=MAX_TEMPORAL_RECENT).contains(&self.recent) {
            return invalid("`recent` is a number from 1 to 1000");
        }
        if self.timeout < Duration::from_millis(100) {
            return invalid("a time-out below 100 ms leaves no time to ask");
        }
        Ok(Temporal::of(target, self))
    }

    /// The address as a URL. One without a scheme, as Temporal's own programs take it, is reached by TLS when something secret
    /// is sent, and plainly otherwise.
    fn target(&self) -> Result<Url, InvalidTemporal> {
        let invalid = |why: &str| {
            InvalidTemporal(format!("the address of Temporal is no `host:port` and no URL: {why}"))
        };
        let secret = self.api_key.is_some() || self.client_certificate.is_some() || self.server_ca.is_some();
        let text = match self.address.trim() {
            url if url.contains("://") => url.to_owned(),
            plain => format!("{}://{plain}", if secret { "https" } else { "http" }),
        };
        let target = Url::parse(&text).map_err(|error| invalid(&error.to_string()))?;
        if !matches!(target.scheme(), "http" | "https") {
            return Err(invalid("its scheme is http or https"));
        }
        if !target.username().is_empty() || target.password().is_some() {
            return Err(invalid("it holds a name or a password; `api_key` is where a key belongs"));
        }
        if target.host_str().is_none_or(str::is_empty) {
            return Err(invalid("it has no host"));
        }
        Ok(target)
    }
}

fn is_local(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(builder: TemporalBuilder) -> Result<String, String> {
        builder.build().map(|temporal| temporal.address()).map_err(|error| error.0)
    }

    fn at(address: &str) -> TemporalBuilder {
        Temporal::builder(address)
    }

    #[test]
    fn an_address_is_a_host_and_a_port_or_a_url() {
        assert_eq!(built(at("localhost:7233")).unwrap(), "http://localhost:7233");
        assert_eq!(built(at(" http://127.0.0.1:7233/ ")).unwrap(), "http://127.0.0.1:7233");
        assert_eq!(built(at("ns.tmprl.cloud:7233").api_key("k")).unwrap(), "https://ns.tmprl.cloud:7233");
        for bad in ["", "http://", "ftp://x:1", "http://me:secret@x:1", "a b"] {
            let error = built(at(bad)).unwrap_err();
            assert!(
                error.starts_with("the address of Temporal") && !error.contains("secret@"),
                "{bad}: {error}"
            );
        }
    }

    #[test]
    fn a_key_goes_in_the_clear_to_this_machine_only() {
        assert!(built(at("http://temporal.example:7233").api_key("k")).is_err());
        assert!(built(at("http://[::1]:7233").api_key("k")).is_ok());
        assert!(!format!("{:?}", at("x:1").api_key("hush")).contains("hush"));
    }

    #[test]
    fn numbers_have_bounds() {
        assert!(built(at("x:1").recent(0)).is_err());
        assert!(built(at("x:1").recent(MAX_TEMPORAL_RECENT + 1)).is_err());
        assert!(built(at("x:1").timeout(Duration::ZERO)).is_err());
        assert!(built(at("x:1").namespace("")).is_err());
    }
}
