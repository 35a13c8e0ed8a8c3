//! What the inspector shows of an agent whose tools are those of an MCP server; neither knows of it.

use frameworks_support::checks::{self, Tested};

const HOST: &str = env!("CARGO_BIN_EXE_mcp-host");

#[test]
fn a_run_shows_the_agent_its_model_calls_and_the_servers_tools_with_their_content() -> Tested {
    checks::a_run_is_shown_whole(HOST)
}

#[test]
fn under_a_span_of_the_hosts_the_calls_hang_below_it_in_one_session() -> Tested {
    checks::calls_hang_below_the_hosts_span(HOST)
}

#[test]
fn a_tool_of_the_server_that_fails_is_an_error_in_a_run_that_goes_on() -> Tested {
    checks::a_failed_tool_is_an_error(HOST)
}
