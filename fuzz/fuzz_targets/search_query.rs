//! Any search: reading it does not panic, neither does looking for it, and what is shown lies within the text.
#![no_main]

use agent_inspector::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|parts: (&str, &str)| {
    fuzzing::search(parts.0, parts.1);
});
