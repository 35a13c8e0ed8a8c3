//! What a caller may do, and what each operation asks for: the one table.

use std::sync::Arc;

use axum::http::Method;

/// What a caller may do, each more than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Role {
    /// See everything, change nothing.
    Viewer,
    /// Answer, cancel and step sessions, keep them, and report to the inspector, too.
    Operator,
    /// Remove sessions, too.
    Admin,
}

impl Role {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

/// Whom the host's own check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub(super) role: Role,
    pub(super) name: Option<Arc<str>>,
}

impl Identity {
    /// Somebody with this role.
    #[must_use]
    pub const fn new(role: Role) -> Self {
        Self { role, name: None }
    }

    /// By this name in what is told of what they do.
    #[must_use]
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// What an operation asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing: it shows no content, or is how one signs in.
    Nothing,
    /// To be somebody who may see everything.
    Viewer,
    /// To be somebody who may act, or to have a token that may report and nothing else.
    Reporter,
    /// To be somebody who may act on sessions. A read-only inspector refuses it to all.
    Operator,
    /// To be somebody who may also destroy what is known. A read-only inspector refuses it to all.
    Admin,
}

impl Needs {
    /// The least role that may; `None` where nobody has to be anybody.
    pub(crate) const fn role(self) -> Option<Role> {
        match self {
            Self::Nothing => None,
            Self::Viewer => Some(Role::Viewer),
            Self::Reporter | Self::Operator => Some(Role::Operator),
            Self::Admin => Some(Role::Admin),
        }
    }

    /// Whether it changes sessions, which a read-only inspector does not.
    pub(crate) const fn controls(self) -> bool {
        matches!(self, Self::Operator | Self::Admin)
    }
}

/// Every operation. `{…}` stands for one part of a path, `{*…}` for all that is left of it.
const OPERATIONS: &[(&str, &str, Needs)] = &[
    ("GET", "/", Needs::Nothing),
    ("GET", "/ui", Needs::Nothing),
    ("GET", "/ui/", Needs::Nothing),
    ("GET", "/ui/{*path}", Needs::Nothing),
    ("GET", "/health", Needs::Nothing),
    ("POST", "/auth", Needs::Nothing),
    ("DELETE", "/auth", Needs::Nothing),
    ("GET", "/openapi.json", Needs::Viewer),
    ("GET", "/metrics", Needs::Viewer),
    ("GET", "/events", Needs::Viewer),
    ("GET", "/ws", Needs::Viewer),
    ("GET", "/search", Needs::Viewer),
    ("GET", "/sessions", Needs::Viewer),
    ("GET", "/sessions/{id}", Needs::Viewer),
    ("GET", "/sessions/{id}/spans", Needs::Viewer),
    ("GET", "/sessions/{id}/spans/{span_id}", Needs::Viewer),
    ("GET", "/sessions/{id}/events", Needs::Viewer),
    ("GET", "/sessions/{id}/otlp", Needs::Viewer),
    ("GET", "/sessions/{id}/waits", Needs::Viewer),
    ("GET", "/trace/{id}", Needs::Viewer),
    ("GET", "/breakpoints", Needs::Viewer),
    ("POST", "/events", Needs::Reporter),
    ("POST", "/hooks/claude-code", Needs::Reporter),
    ("POST", "/hooks/codex", Needs::Reporter),
    ("POST", "/v1/traces", Needs::Reporter),
    ("POST", "/v1/logs", Needs::Reporter),
    ("POST", "/v1/metrics", Needs::Reporter),
    ("POST", "/signal/{id}", Needs::Operator),
    ("POST", "/cancel/{id}", Needs::Operator),
    ("POST", "/breakpoints", Needs::Operator),
    ("DELETE", "/breakpoints/{breakpoint_id}", Needs::Operator),
    ("PUT", "/sessions/{id}/pin", Needs::Operator),
    ("DELETE", "/sessions/{id}/pin", Needs::Operator),
    ("DELETE", "/sessions/{id}", Needs::Admin),
];

/// What an operation needs, by its method and its path in the API's document; `None` for one that nobody has thought about.
pub(crate) fn listed(method: &str, template: &str) -> Option<Needs> {
    let same = |(known, path, _): &&(&str, &str, Needs)| *known == method && *path == template;
    OPERATIONS.iter().find(same).map(|(_, _, needs)| *needs)
}

/// What a request needs. `path` is that below the mount. What nobody has thought about is shown to those who may see
/// everything, and done for those who may do everything.
pub(super) fn needed(method: &Method, path: &str) -> Needs {
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let method = if reads { "GET" } else { method.as_str() };
    let this = |(known, template, _): &&(&str, &str, Needs)| *known == method && matches(template, path);
    match OPERATIONS.iter().find(this) {
        Some((_, _, needs)) => *needs,
        None if reads => Needs::Viewer,
        None => Needs::Admin,
    }
}

fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut parts) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), parts.next()) {
            (None, None) => return true,
            (Some(rest), Some(_)) if rest.starts_with("{*") => return true,
            (Some(any), Some(part)) if any.starts_with('{') && !part.is_empty() => {}
            (Some(wanted), Some(part)) if wanted == part => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_needs_what_its_operation_needs_and_one_that_is_none_what_is_safest() {
        for (method, path, needs) in [
            ("GET", "/", Needs::Nothing),
            ("HEAD", "/health", Needs::Nothing),
            ("GET", "/ui/assets/app.js", Needs::Nothing),
            ("GET", "/ui/a/../sessions", Needs::Nothing),
            ("POST", "/auth", Needs::Nothing),
            ("GET", "/auth", Needs::Viewer),
            ("GET", "/sessions/a/spans/b", Needs::Viewer),
            ("GET", "/uix", Needs::Viewer),
            ("POST", "/events", Needs::Reporter),
            ("POST", "/events/", Needs::Admin),
            ("POST", "/signal/a", Needs::Operator),
            ("DELETE", "/sessions/a/pin", Needs::Operator),
            ("DELETE", "/sessions/a", Needs::Admin),
            ("DELETE", "/sessions/pin", Needs::Admin),
            ("DELETE", "/sessions//pin", Needs::Admin),
            ("PATCH", "/sessions/a", Needs::Admin),
            ("POST", "/health", Needs::Admin),
            ("GET", "/nothing", Needs::Viewer),
        ] {
            assert_eq!(needed(&method.parse().unwrap(), path), needs, "{method} {path}");
        }
    }
}
