//! Any attributes and events of a span: its content can be read and written.
#![no_main]

use agent_inspector::fuzzing::messages;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|parts: (u8, &str, Vec<(&str, &str, bool)>)| {
    messages(parts.0, parts.1, &parts.2);
});
