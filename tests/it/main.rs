//! Integration tests: through the mounted router, as a host and its visitors meet the inspector.

mod access;
mod capture;
mod faults;
mod live;
mod mount;
#[cfg(feature = "otlp")]
mod openapi;
#[cfg(feature = "otlp")]
mod otlp;
mod redaction;
mod restart;
mod serve;
mod support;
mod traces;
