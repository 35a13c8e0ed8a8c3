//! What a request says about its caller.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, UPGRADE, VIA};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Version};

use super::role::Needs;

/// Headers that only a proxy adds. With one of them the peer is the proxy, whoever the caller is.
const PROXY_HEADERS: [&str; 4] = ["forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip"];

/// What the decision rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts<'a> {
    /// Who is at the other end of the connection, when the host tells.
    pub(super) peer: Option<IpAddr>,
    /// Whether a proxy stands between.
    pub(super) proxied: bool,
    /// The host name and port that the caller used, in lower case.
    pub(super) host: Option<String>,
    /// The page that asks, when a browser says so.
    pub(super) origin: Option<&'a str>,
    /// Whether a browser says that a foreign page asks which sends no `Origin`: for an image, a script or a frame.
    pub(super) foreign: bool,
    /// Whether the request changes nothing, and its answer is hidden from a foreign page. A WebSocket's is not: no
    /// browser asks us whether a page may read it.
    pub(super) reads: bool,
    /// Whether the operation is open to everyone: the page without content, signing in, a sign of life.
    pub(super) open: bool,
}

impl<'a> Facts<'a> {
    pub(super) fn of(parts: &'a Parts, needs: Needs) -> Self {
        let named = |name: &str| name.starts_with("x-forwarded-") || PROXY_HEADERS.contains(&name);
        let headers = &parts.headers;
        Self {
            peer: parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical()),
            // A proxy that says nothing of itself often still speaks HTTP/1.0 (nginx by default); no browser does.
            proxied: parts.version < Version::HTTP_11
                || headers.contains_key(VIA)
                || headers.keys().any(|name| named(name.as_str())),
            host: host(parts),
            origin: headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or("null")),
            foreign: is_foreign(headers),
            reads: matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS)
                && !headers.contains_key(UPGRADE),
            open: needs == Needs::Nothing,
        }
    }
}

/// By the metadata that browsers send of a request (Fetch Metadata). Somebody who follows a link from elsewhere is no foreign
/// page; what is drawn within one is.
fn is_foreign(headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let elsewhere = matches!(said("sec-fetch-site"), "cross-site" | "same-site");
    let visits = said("sec-fetch-mode") == "navigate" && matches!(said("sec-fetch-dest"), "document" | "");
    elsewhere && !visits && !headers.contains_key(ORIGIN)
}

/// `Host`, or the authority that stands for it in HTTP/2. Two `Host` headers are none.
fn host(parts: &Parts) -> Option<String> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok()?,
        (None, _) => parts.uri.authority()?.as_str(),
        (Some(_), Some(_)) => return None,
    };
    Some(host.to_ascii_lowercase())
}

/// The name without the port; nothing when what follows the name is no port: `localhost:evil.example` is not this machine.
pub(super) fn host_name(host: &str) -> &str {
    let end = match host.strip_prefix('[') {
        Some(v6) => v6.find(']').map_or(host.len(), |end| end + 2),
        None => host.find(':').unwrap_or(host.len()),
    };
    let (name, rest) = host.split_at(end);
    let port = rest.strip_prefix(':').unwrap_or(rest);
    let whole = rest.is_empty() || (rest.starts_with(':') && port.bytes().all(|byte| byte.is_ascii_digit()));
    if whole { name } else { "" }
}

/// Whether a name always means this machine.
pub(super) fn is_local_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost"
        || name.ends_with(".localhost")
        || name == "[::1]"
        || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// `host[:port]` of an origin.
pub(super) fn origin_host(origin: &str) -> Option<&str> {
    origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))
}

/// The token that a program sends.
pub(super) fn offered_token(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    headers.get("x-inspector-token").and_then(|value| value.to_str().ok()).map(str::trim).or(bearer)
}

/// The values of the cookies of this name; a browser sends several when paths overlap.
pub(super) fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let pairs =
        headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|all| all.split(';'));
    pairs.filter_map(move |pair| {
        pair.trim().split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value)
    })
}

/// Cookies do not tell ports apart, and several hosts with an inspector may run on one machine: the name does.
pub(super) fn cookie_name(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match host[host_name(host).len()..].strip_prefix(':') {
        Some(port) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("agent_inspector_{port}")
        }
        _ => "agent_inspector".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_always_mean_this_machine_are_local() {
        for local in ["localhost", "localhost.", "app.localhost", "127.0.0.1", "127.8.9.1", "[::1]"] {
            assert!(is_local_name(local), "{local}");
        }
        for foreign in [
            "",
            "localhost.evil.example",
            "evil-localhost",
            "0.0.0.0",
            "127.0.0.1.nip.io",
            "[::2]",
            "128.0.0.1",
        ] {
            assert!(!is_local_name(foreign), "{foreign}");
        }
    }

    #[test]
    fn the_port_is_no_part_of_the_name() {
        for (host, name) in [
            ("localhost:evil.example", ""),
            ("localhost:1.evil.example", ""),
            ("[::1].evil.example", ""),
            ("[::1]:8x", ""),
            ("a:", "a"),
            ("a:80", "a"),
            ("a", "a"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("[::1", "[::1"),
            ("", ""),
        ] {
            assert_eq!(host_name(host), name);
        }
    }

    #[test]
    fn tokens_and_cookies_are_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, "bearer  abc".parse().unwrap());
        assert_eq!(offered_token(&headers), Some("abc"));
        headers.insert(
            COOKIE,
            "a=1; agent_inspector_80=x; agent_inspector_80=y; b=agent_inspector_80=z".parse().unwrap(),
        );
        headers.insert(HOST, "[::1]:80".parse().unwrap());
        assert_eq!(cookies(&headers, &cookie_name(&headers)).collect::<Vec<_>>(), ["x", "y"]);
    }
}
