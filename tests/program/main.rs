//! The built program, as a person, a hook or an agent starts it.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "what a test cannot do fails it")]

mod doctor;
mod install_claude_code;
mod install_codex;
mod run;
mod send;
mod serve;
mod support;
mod transfer;
mod words;
