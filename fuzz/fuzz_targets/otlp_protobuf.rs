//! Any bytes as the protobuf body of `POST /v1/traces`, with and without a content type.
#![no_main]

use agent_inspector::fuzzing::otlp_traces;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    otlp_traces(Some("application/x-protobuf"), None, body);
    otlp_traces(None, None, body);
});
