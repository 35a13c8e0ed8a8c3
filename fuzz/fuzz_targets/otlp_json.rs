//! Any bytes as the JSON body of `POST /v1/traces`, plain and then as gzip.
#![no_main]

use agent_inspector::fuzzing::otlp_traces;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    otlp_traces(Some("application/json"), None, body);
    otlp_traces(Some("application/json"), Some("gzip"), body);
});
