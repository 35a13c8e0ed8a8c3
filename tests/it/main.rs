//! Integration tests: through the mounted router, as a host and its visitors meet the inspector.

mod capture;
mod restart;
mod support;
