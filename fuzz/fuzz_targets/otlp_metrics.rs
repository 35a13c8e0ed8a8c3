//! Any bytes as the body of `POST /v1/metrics`: as JSON when they begin with `{`, otherwise as protobuf; plain and then as gzip.
#![no_main]

use agent_inspector::fuzzing::otlp_metrics;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    otlp_metrics(None, None, body);
    otlp_metrics(Some("application/json"), Some("gzip"), body);
});
