//! Any bytes as a trace file: read as another program's, looked through as one of ours after a crash.
#![no_main]

use agent_inspector::fuzzing::trace_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    trace_file(bytes);
    let ours = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff], bytes].concat();
    trace_file(&ours);
});
