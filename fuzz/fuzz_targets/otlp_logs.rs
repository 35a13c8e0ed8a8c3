//! Any bytes as the body of `POST /v1/logs`: as JSON when they begin with `{`, otherwise as protobuf; plain and then as gzip.
#![no_main]

use agent_inspector::fuzzing::otlp_logs;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    otlp_logs(None, None, body);
    otlp_logs(Some("application/json"), Some("gzip"), body);
});
