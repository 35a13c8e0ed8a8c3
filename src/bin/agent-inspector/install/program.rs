//! This program as a hook calls it.

use std::env;

use super::absolute;
use crate::Failure;
use crate::args::{Agent, Install};
use crate::target::{DEFAULT_URL, Target};

/// The arguments of a call of `send`, this program first.
pub(super) fn send_arguments(agent: Agent, args: &Install, target: &Target) -> Result<Vec<String>, Failure> {
    let program = env::current_exe().map_err(|error| format!("this program has no path: {error}"))?;
    let text = |path: std::path::PathBuf| {
        path.into_os_string().into_string().map_err(|path| format!("{} is no text", path.display()))
    };
    let mut arguments = vec![text(program)?, "send".to_owned(), agent.name().to_owned()];
    if target.url != DEFAULT_URL {
        arguments.extend(["--url".to_owned(), target.url.clone()]);
    }
    if let Some(file) = &args.inspector.token_file {
        arguments.extend(["--token-file".to_owned(), text(absolute(file)?)?]);
    }
    Ok(arguments)
}

/// The same as a line for a shell, as hooks want it.
pub(super) fn hook_command(agent: Agent, args: &Install, target: &Target) -> Result<String, Failure> {
    let arguments = send_arguments(agent, args, target)?;
    let mut command = arguments.iter().map(|argument| quoted(argument)).collect::<Vec<_>>().join(" ");
    // By this word it is known again, also when the program was given another name.
    if !command.contains("agent-inspector") {
        command += " # agent-inspector";
    }
    Ok(command)
}

fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else if cfg!(windows) {
        format!("\"{argument}\"")
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn what_a_shell_would_read_into_an_argument_is_quoted() {
        assert_eq!(quoted("/usr/bin/agent-inspector"), "/usr/bin/agent-inspector");
        assert_eq!(quoted("/home/a b/it's; rm -rf $HOME"), r"'/home/a b/it'\''s; rm -rf $HOME'");
    }
}
