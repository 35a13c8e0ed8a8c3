//! Any text: masking does not panic and JSON stays JSON.
#![no_main]

use agent_inspector::redact::redact_text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let masked = redact_text(text);
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        assert!(serde_json::from_str::<serde::de::IgnoredAny>(&masked).is_ok());
    }
});
