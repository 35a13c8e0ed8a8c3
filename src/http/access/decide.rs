//! The rules, as one pure function.

use super::facts::{Facts, host_name, is_local_name, origin_host};
use super::role::Role;
use super::{Access, AccessPolicy};

/// What the rules say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// The caller may use everything.
    Trusted,
    /// The caller may use everything with the token; without it, this.
    Token(Without),
    /// A page of another origin asks.
    ForbiddenOrigin,
    /// The host's own check said no.
    Denied,
}

/// What a caller without the token gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Without {
    /// The answer: it is open to everyone.
    Open,
    /// What somebody of this role gets: the host opened the inspector to all.
    As(Role),
    /// The request to sign in.
    SignIn,
    /// A refusal: the name the caller used is not ours, as after DNS rebinding.
    ForbiddenHost,
}

/// Decides about one request. `verdict` is what the host's own check said.
pub(super) fn decide(policy: &AccessPolicy, facts: &Facts<'_>, verdict: &Access) -> Decision {
    if facts.foreign || !origin_may_ask(policy, facts) {
        return Decision::ForbiddenOrigin;
    }
    match verdict {
        Access::Granted | Access::As(_) => return Decision::Trusted,
        Access::Denied => return Decision::Denied,
        Access::Default => {}
    }
    let same_machine = !facts.proxied && facts.peer.is_some_and(|peer| peer.is_loopback());
    let our_name = facts.host.as_deref().is_some_and(|host| is_our_host(policy, host));
    match (same_machine && !policy.require_token, our_name) {
        (true, true) => Decision::Trusted,
        // A page that rebound its name to this machine looks exactly like that, and it holds no token.
        (true, false) => Decision::Token(Without::ForbiddenHost),
        (false, _) => Decision::Token(match policy.open_to_everyone {
            Some(role) => Without::As(role),
            None if facts.open => Without::Open,
            None => Without::SignIn,
        }),
    }
}

fn is_our_host(policy: &AccessPolicy, host: &str) -> bool {
    let name = host_name(host);
    is_local_name(name) || policy.allow_hosts.iter().any(|allowed| allowed == host || allowed == name)
}

/// What changes something is asked by no page but ours; what only reads may also be asked by a page on this machine
/// (which cannot see the answer unless the host allows it by CORS).
fn origin_may_ask(policy: &AccessPolicy, facts: &Facts<'_>) -> bool {
    let Some(origin) = facts.origin.map(str::to_ascii_lowercase) else { return true };
    if policy.allow_origins.contains(&origin) {
        return true;
    }
    let Some(asking) = origin_host(&origin) else { return false };
    // Whether the public scheme is http or https is not known behind a proxy that ends TLS; the name is.
    let ours = facts.host.as_deref() == Some(asking);
    ours || (facts.reads && is_local_name(host_name(asking)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Decision::{Denied, ForbiddenOrigin, Trusted};

    const SIGN_IN: Decision = Decision::Token(Without::SignIn);
    const OPEN: Decision = Decision::Token(Without::Open);
    const FORBIDDEN_HOST: Decision = Decision::Token(Without::ForbiddenHost);

    /// A read of the API by a program on the same machine.
    fn local() -> Facts<'static> {
        Facts {
            peer: "127.0.0.1".parse().ok(),
            proxied: false,
            host: Some("localhost:3000".into()),
            origin: None,
            foreign: false,
            reads: true,
            open: false,
        }
    }

    fn policy() -> AccessPolicy {
        AccessPolicy {
            allow_hosts: vec!["box.example".into(), "other.example:8080".into()],
            allow_origins: vec!["https://box.example".into()],
            ..AccessPolicy::default()
        }
    }

    #[test]
    fn the_table_of_callers() {
        let write = Facts { reads: false, ..local() };
        let from = |origin| Facts { origin: Some(origin), ..local() };
        let write_from = |origin| Facts { reads: false, ..from(origin) };
        let host = |host: &str| Facts { host: Some(host.into()), ..local() };
        let peer = |peer: &str| Facts { peer: peer.parse().ok(), ..local() };
        let table = [
            ("a local program", local(), Trusted),
            ("a local program that writes", write.clone(), Trusted),
            ("IPv6", Facts { peer: "::1".parse().ok(), ..host("[::1]:3000") }, Trusted),
            ("our page", write_from("http://localhost:3000"), Trusted),
            ("our page reads", from("http://localhost:3000"), Trusted),
            ("a development server reads", from("http://127.0.0.1:5173"), Trusted),
            ("a development server writes", write_from("http://127.0.0.1:5173"), ForbiddenOrigin),
            ("our name at another port writes", write_from("http://localhost:3001"), ForbiddenOrigin),
            ("a foreign page reads", from("https://evil.example"), ForbiddenOrigin),
            ("a foreign page writes", write_from("https://evil.example"), ForbiddenOrigin),
            ("an image in a foreign page", Facts { foreign: true, ..local() }, ForbiddenOrigin),
            ("a page without origin", write_from("null"), ForbiddenOrigin),
            ("a page in another scheme", write_from("file://localhost:3000"), ForbiddenOrigin),
            ("an allowed origin in any case", write_from("https://Box.example"), Trusted),
            ("a rebound name", host("evil.example:3000"), FORBIDDEN_HOST),
            ("a rebound page", Facts { open: true, ..host("evil.example:3000") }, FORBIDDEN_HOST),
            (
                "a rebound page that writes",
                Facts { host: Some("evil.example".into()), ..write_from("http://evil.example") },
                FORBIDDEN_HOST,
            ),
            ("no host", Facts { host: None, ..local() }, FORBIDDEN_HOST),
            ("an allowed name", host("box.example:3000"), Trusted),
            ("an allowed name and port", host("other.example:8080"), Trusted),
            ("an allowed name at another port", host("other.example"), FORBIDDEN_HOST),
            ("another machine", peer("192.168.1.7"), SIGN_IN),
            ("another machine that says localhost", Facts { open: true, ..peer("10.0.0.1") }, OPEN),
            ("a host that does not tell the peer", Facts { peer: None, ..local() }, SIGN_IN),
            ("behind a proxy", Facts { proxied: true, ..local() }, SIGN_IN),
            ("behind a proxy, the page", Facts { proxied: true, open: true, ..local() }, OPEN),
            (
                "behind a proxy under a public name",
                Facts { proxied: true, ..host("inspect.example") },
                SIGN_IN,
            ),
        ];
        for (who, facts, expected) in table {
            assert_eq!(decide(&policy(), &facts, &Access::Default), expected, "{who}");
        }
    }

    #[test]
    fn the_hosts_check_comes_before_our_rules_but_after_the_origin() {
        let foreign = Facts { peer: None, host: Some("public.example".into()), ..local() };
        assert_eq!(decide(&policy(), &foreign, &Access::Granted), Trusted);
        assert_eq!(decide(&policy(), &local(), &Access::Denied), Denied);
        let page = Facts { origin: Some("https://evil.example"), reads: false, ..foreign };
        assert_eq!(decide(&policy(), &page, &Access::Granted), ForbiddenOrigin);
    }

    #[test]
    fn what_is_open_to_everyone_is_still_not_open_to_foreign_pages_and_rebound_names() {
        let policy = AccessPolicy { open_to_everyone: Some(Role::Viewer), ..policy() };
        let afar = Facts { peer: "192.168.1.7".parse().ok(), host: Some("any.example".into()), ..local() };
        let as_viewer = Decision::Token(Without::As(Role::Viewer));
        assert_eq!(decide(&policy, &afar, &Access::Default), as_viewer);
        assert_eq!(decide(&policy, &Facts { peer: None, ..afar.clone() }, &Access::Default), as_viewer);
        assert_eq!(decide(&policy, &local(), &Access::Default), Trusted);
        assert_eq!(decide(&policy, &afar, &Access::Denied), Denied);
        let page = Facts { origin: Some("https://evil.example"), ..afar };
        assert_eq!(decide(&policy, &page, &Access::Default), ForbiddenOrigin);
        let rebound = Facts { host: Some("evil.example".into()), ..local() };
        assert_eq!(decide(&policy, &rebound, &Access::Default), FORBIDDEN_HOST);
    }

    #[test]
    fn a_required_token_is_required_of_local_callers_too() {
        let policy = AccessPolicy { require_token: true, ..policy() };
        assert_eq!(decide(&policy, &local(), &Access::Default), SIGN_IN);
        assert_eq!(decide(&policy, &Facts { open: true, ..local() }, &Access::Default), OPEN);
    }
}
