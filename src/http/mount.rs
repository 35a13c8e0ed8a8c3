//! Where the inspector is mounted, per request.
//!
//! A router does not know where its host nests it, and one host may nest it twice. The prefix is what the host's
//! routers took off the path: the original path without the path that arrived here. It keeps its percent-encoding, so
//! that links built from it lead back to the same place.

use axum::Router;
use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use axum::response::Redirect;
use axum::routing::any;

use super::problem::Problem;

/// The longest prefix taken from a proxy's header.
const MAX_FORWARDED_PREFIX_BYTES: usize = 512;

/// How the public path of the mount is told when a proxy changes paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicPath {
    /// No proxy changes paths: the public path is the one that arrives.
    #[default]
    AsArrived,
    /// The mount's public path is always this one.
    Fixed(String),
    /// The proxy says in `X-Forwarded-Prefix` what it took off. Only for a proxy that sets or removes the header itself.
    ForwardedPrefix,
}

/// The mount's public path: empty at the root, otherwise with a leading and without a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount(String);

impl Mount {
    /// The mount of a request that arrived as `original`, of which `inner` reached us.
    pub(crate) fn of(public: &PublicPath, original: &str, inner: &str, headers: &HeaderMap) -> Self {
        if let PublicPath::Fixed(path) = public {
            return Self::tidy(path);
        }
        // A nested router gets `/` for its own path, with which the original need not end.
        let stripped = if inner == "/" { original.strip_suffix('/') } else { original.strip_suffix(inner) };
        let arrived = stripped.unwrap_or(if inner == "/" { original } else { "" });
        let before = match public {
            PublicPath::ForwardedPrefix => forwarded_prefix(headers).unwrap_or_default(),
            PublicPath::AsArrived | PublicPath::Fixed(_) => "",
        };
        Self::tidy(&format!("{}{arrived}", before.trim_end_matches('/')))
    }

    /// The mount of an inspector merged at the root.
    #[cfg(test)]
    pub(crate) const fn root() -> Self {
        Self(String::new())
    }

    /// One leading slash, never two: `//host/…` would be another machine. None at the end.
    fn tidy(path: &str) -> Self {
        let inner = path.trim_matches('/');
        if inner.is_empty() { Self(String::new()) } else { Self(format!("/{inner}")) }
    }

    /// The text to put before `/ui/`, `/sessions` and so on.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The mount as a path by itself, `/` at the root.
    pub(crate) fn path(&self) -> &str {
        if self.0.is_empty() { "/" } else { &self.0 }
    }

    /// The page.
    pub(crate) fn page(&self) -> Redirect {
        Redirect::temporary(&format!("{}/ui/", self.0))
    }
}

fn forwarded_prefix(headers: &HeaderMap) -> Option<&str> {
    let prefix = headers.get("x-forwarded-prefix")?.to_str().ok()?;
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%".contains(&byte);
    (prefix.starts_with('/')
        && !prefix.contains("//")
        && prefix.len() <= MAX_FORWARDED_PREFIX_BYTES
        && prefix.bytes().all(fit))
    .then_some(prefix)
}

/// The guard in front of every route puts it there.
impl<S: Send + Sync> FromRequestParts<S> for Mount {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::not_found)
    }
}

/// Nests `inspector` in `host` at `path` and answers `path/` too, which a plain `nest` leaves to the host (or to
/// nobody): it leads to the page.
///
/// # Panics
///
/// When `path` is taken, or is no path that `Router::nest` takes.
pub(crate) fn mount<S>(host: Router<S>, path: &str, inspector: Router<S>, public: PublicPath) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let path = path.trim_end_matches('/');
    if path.is_empty() {
        return host.merge(inspector);
    }
    let to_page = move |OriginalUri(original): OriginalUri, headers: HeaderMap| {
        let page = Mount::of(&public, original.path(), "/", &headers).page();
        async move { page }
    };
    host.nest(path, inspector).route(&format!("{path}/"), any(to_page))
}

/// The mount of a request.
pub(crate) fn of_request(public: &PublicPath, parts: (&Uri, Option<&OriginalUri>, &HeaderMap)) -> Mount {
    let (inner, original, headers) = parts;
    let original = original.map_or(inner, |original| &original.0);
    Mount::of(public, original.path(), inner.path(), headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(public: &PublicPath, original: &str, inner: &str, prefix: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-prefix", axum::http::HeaderValue::from_static(prefix));
        Mount::of(public, original, inner, &headers).0
    }

    #[test]
    fn the_prefix_is_what_the_hosts_routers_took_off() {
        let plain = &PublicPath::AsArrived;
        for (original, inner, expected) in [
            ("/_inspector", "/", "/_inspector"),
            ("/_inspector/", "/", "/_inspector"),
            ("/_inspector/ui/", "/ui/", "/_inspector"),
            ("/t/a%20b/_i/sessions/x", "/sessions/x", "/t/a%20b/_i"),
            ("/", "/", ""),
            ("/ui/", "/ui/", ""),
            ("//evil.example/ui/", "/ui/", "/evil.example"),
        ] {
            assert_eq!(mount(plain, original, inner, "/spoofed"), expected, "{original}");
        }
    }

    #[test]
    fn a_proxys_prefix_counts_only_when_configured_and_only_when_it_is_a_path() {
        let forwarded = &PublicPath::ForwardedPrefix;
        assert_eq!(mount(forwarded, "/_i/ui/", "/ui/", "/tools/"), "/tools/_i");
        assert_eq!(mount(forwarded, "/_i/ui/", "/ui/", "//evil.example"), "/_i");
        assert_eq!(mount(forwarded, "/_i/ui/", "/ui/", "/a\"><script>"), "/_i");
        assert_eq!(mount(&PublicPath::Fixed("/x/_i/".into()), "/_i/ui/", "/ui/", "/tools"), "/x/_i");
    }
}
