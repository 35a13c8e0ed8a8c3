//! Any lines as payloads of hooks, printed lines, posted events and transcripts.
#![no_main]

use agent_inspector::fuzzing::agents;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|lines: &[u8]| {
    agents(lines);
});
