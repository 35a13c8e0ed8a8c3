//! Integration tests: through the mounted router, as a host and its visitors meet the inspector.

mod capture;
mod faults;
#[cfg(feature = "otlp")]
mod openapi;
#[cfg(feature = "otlp")]
mod otlp;
mod redaction;
mod restart;
mod support;
