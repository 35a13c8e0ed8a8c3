//! What the layer looks at.

use tracing_core::subscriber::Interest;
use tracing_core::{Level, LevelFilter, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

/// The targets whose spans and events are noise in an agent's trace, with everything below them: the plumbing of HTTP,
/// TLS, databases and the runtime. A span of theirs that carries agent fields is seen all the same.
pub const DEFAULT_EXCLUDED_TARGETS: &[&str] = &[
    "agent_inspector",
    "h2",
    "hyper",
    "hyper_util",
    "log",
    "mio",
    "opentelemetry",
    "opentelemetry_sdk",
    "reqwest",
    "runtime",
    "rustls",
    "sqlx",
    "tokio",
    "tonic",
    "tower",
    "tower_http",
    "tungstenite",
    "want",
];

/// The fields by which an agent's span is known, whatever its target and level.
const AGENT_PREFIXES: [&str; 3] = ["gen_ai.", "mcp.", "openinference."];

/// Whether a callsite has a field of an agent's span.
pub(super) fn has_agent_fields(metadata: &Metadata<'_>) -> bool {
    metadata.fields().iter().any(|field| is_agent_field(field.name()))
}

/// Whether a name is that of an agent's field.
pub(super) fn is_agent_field(name: &str) -> bool {
    AGENT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// What the layer looks at; what it records of that is said at [`Inspector::layer`](crate::Inspector::layer).
///
/// Decides by callsite, once: spans with `gen_ai.*`, `mcp.*` or `openinference.*` fields always; other spans and events
/// from [`max_level`](Self::max_level) up, unless their target is excluded.
#[derive(Clone, Debug)]
pub struct CaptureFilter {
    max_level: Level,
    excluded: Vec<String>,
}

impl Default for CaptureFilter {
    fn default() -> Self {
        Self {
            max_level: Level::INFO,
            excluded: DEFAULT_EXCLUDED_TARGETS.iter().map(ToString::to_string).collect(),
        }
    }
}

impl CaptureFilter {
    /// The default filter: `INFO` and up, without [`DEFAULT_EXCLUDED_TARGETS`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sees spans and events up to this verbosity.
    #[must_use]
    pub fn max_level(mut self, level: Level) -> Self {
        self.max_level = level;
        self
    }

    /// Leaves out a target and everything below it.
    #[must_use]
    pub fn exclude(mut self, target: impl Into<String>) -> Self {
        self.excluded.push(target.into());
        self
    }

    /// Sees a target that is excluded by default.
    #[must_use]
    pub fn include(mut self, target: &str) -> Self {
        self.excluded.retain(|excluded| excluded != target);
        self
    }

    pub(super) fn sees(&self, metadata: &Metadata<'_>) -> bool {
        // Never itself: a trace of the tracing would not end.
        if is_below(metadata.target(), "agent_inspector") {
            return false;
        }
        if metadata.is_span() && has_agent_fields(metadata) {
            return true;
        }
        *metadata.level() <= self.max_level
            && !self.excluded.iter().any(|target| is_below(metadata.target(), target))
    }
}

fn is_below(target: &str, root: &str) -> bool {
    target.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

impl<S: Subscriber> Filter<S> for CaptureFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.sees(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.sees(metadata) { Interest::always() } else { Interest::never() }
    }

    /// Agent spans are written at `DEBUG` at the most verbose; asking for `TRACE` would cost the host's other callsites.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(self.max_level.max(Level::DEBUG)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_excluded_with_everything_below_it_and_nothing_beside_it() {
        assert!(is_below("hyper", "hyper") && is_below("hyper::client", "hyper"));
        assert!(!is_below("hyperion", "hyper"));
    }
}
