//! What happens in the host becomes records.
//!
//! Three doors lead here: the `tracing` layer ([`CaptureLayer`](layer::CaptureLayer)), the explicit session API
//! ([`SessionHandle`], [`SpanGuard`]) and events. All end in the [`Lane`](lane::Lane), which never waits: the host's
//! thread hands a record over and goes on. It neither serialises a span nor redacts it, takes no id and wakes nobody.

mod context;
mod fields;
mod filter;
pub(crate) mod flat;
pub(crate) mod lane;
mod layer;
pub(crate) mod record;
mod recorder;
mod session;
mod span;

pub use self::context::{InSession, current_session, in_current_session};
pub use self::filter::{CaptureFilter, DEFAULT_EXCLUDED_TARGETS};
pub(crate) use self::layer::CaptureLayer;
pub(crate) use self::recorder::Recorder;
pub use self::session::{SessionBuilder, SessionHandle};
pub use self::span::SpanGuard;
