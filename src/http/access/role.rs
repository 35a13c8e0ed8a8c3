//! What a caller may do.

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

/// What a caller must be to do this. `path` is that below the mount.
pub(super) fn needed(method: &Method, path: &str) -> Role {
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let removes = *method == Method::DELETE && path.starts_with("/sessions/") && !path.ends_with("/pin");
    match (reads || path == "/auth", removes) {
        (true, _) => Role::Viewer,
        (_, true) => Role::Admin,
        _ => Role::Operator,
    }
}
