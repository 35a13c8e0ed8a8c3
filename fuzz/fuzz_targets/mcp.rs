//! Any bytes as a request to an MCP server, and as the stream that answers it.
#![no_main]

use agent_inspector::fuzzing::mcp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (usize, &[u8])| {
    let (cut, body) = input;
    mcp(body, cut % (body.len() + 1));
});
