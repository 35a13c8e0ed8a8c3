//! Plain data: sessions, spans, events, attributes, and their JSON wire form.
//!
//! Everything that leaves the inspector over HTTP, lies in the store or travels through the ring is one of
//! these types. The module does no I/O, reads no clock and knows neither tokio nor axum; every other module may
//! import it and it imports none of them.

mod activity;
mod attribute;
mod breakpoint;
mod content;
mod event;
mod event_key;
mod frame;
mod id;
mod query;
mod report;
mod search;
mod session;
mod shown;
mod span;
mod timestamp;
mod tree;
mod usage;
mod value;
mod wait;

pub use self::activity::{Activity, MAX_ACTIVITY_BUCKETS};
pub use self::attribute::{Attributes, Key};
pub use self::breakpoint::{Breakpoint, BreakpointRule, Comparison, Condition};
pub use self::content::{
    ContentField, ContentSource, DataPlace, Document, LeftOut, Media, Message, MessagePart, SpanContent,
    ToolDefinition,
};
pub use self::event::{Event, EventKind};
pub use self::event_key::EventKey;
pub use self::frame::EventFrame;
pub(crate) use self::frame::FrameWriter;
pub use self::id::{EventId, InstanceId, InvalidId, MAX_SESSION_ID_CHARS, SessionId, SpanId, TraceId};
pub use self::query::{Cursor, Degraded, EventQuery, SessionQuery};
pub(crate) use self::report::{Reported, ReportedEvent, ReportedOf, SessionChange, SessionReport};
pub use self::search::{Highlight, SearchMatch, SearchPlace, SearchedThing};
pub use self::session::{Control, Engine, IMPORTED_TAG, Session, SessionStatus, StatusCounts, WaitingOn};
pub use self::shown::shown;
pub use self::span::{
    DERIVED_SOURCES, Link, MAX_ERROR_CHARS, OtelKind, Scope, Span, SpanError, SpanEvent, SpanKind,
    SpanStatus, SpanSummary, StatusCode,
};
pub(crate) use self::span::{LONE_CALL, SUM_CALL};
pub use self::timestamp::Timestamp;
pub use self::tree::{SpanNode, pre_order};
pub use self::usage::{Cost, CostSource, CounterDeltas, Counters, Usage};
pub use self::value::AttributeValue;
#[cfg(feature = "control")]
pub(crate) use self::wait::WAIT_BY;
pub use self::wait::{StepPoint, Wait};
#[cfg(any(feature = "control", feature = "mcp"))]
pub(crate) use self::wait::{WAIT_ANSWER, WAIT_OUTCOME};
pub(crate) use self::wait::{WAIT_PROMPT, WAIT_SCHEMA, WAIT_SIGNAL};
