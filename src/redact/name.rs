//! Names whose values are secrets.

/// What a name says about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sensitivity {
    /// A secret, whatever it looks like.
    Secret,
    /// A secret, unless it looks like a word: models produce tokens of another kind.
    Token,
}

/// The ends of sensitive names, by their last byte, so that most names are compared with none.
fn endings(last: u8) -> &'static [&'static str] {
    match last {
        b'n' => &["token", "authorization"],
        b'y' => &[
            "api_key",
            "api-key",
            "apikey",
            "api.key",
            "access_key",
            "access-key",
            "accesskey",
            "private_key",
            "private-key",
            "privatekey",
            "secret_key",
            "secret-key",
            "secretkey",
        ],
        b't' => &["secret"],
        b'd' => &["password", "passwd"],
        b'e' => &["cookie", "passphrase"],
        b's' => &["cookies", "credentials", "passwords", "secrets"],
        b'l' => &["credential"],
        _ => &[],
    }
}

/// Tokens that are none: by these MCP tells which request a report of progress is about.
const NO_SECRETS: [&str; 3] = ["progress.token", "progressToken", "progress_token"];

/// Whether the value of `name` is a secret. Names end in what they are (`x-api-key`, `dbPassword`), so
/// `gen_ai.usage.input_tokens`, `token_count` and `secretary` are none.
pub(super) fn sensitivity(name: &str) -> Option<Sensitivity> {
    let name = name.as_bytes();
    let last = name.last()?.to_ascii_lowercase();
    let found = endings(last).iter().find(|ending| {
        name.len()
            .checked_sub(ending.len())
            .is_some_and(|at| name[at..].eq_ignore_ascii_case(ending.as_bytes()))
    })?;
    if NO_SECRETS.iter().any(|ending| name.ends_with(ending.as_bytes())) {
        return None;
    }
    Some(if *found == "token" { Sensitivity::Token } else { Sensitivity::Secret })
}

/// Whether `value` is a secret behind a name of this sensitivity.
pub(super) fn is_secret(sensitivity: Sensitivity, value: &str) -> bool {
    let value = value.trim();
    if matches!(value, "" | "null" | "None" | "undefined" | "true" | "false") || is_masked(value) {
        return false;
    }
    match sensitivity {
        Sensitivity::Secret => true,
        Sensitivity::Token => {
            let has = |test: fn(&u8) -> bool| value.as_bytes().iter().any(test);
            let number = value.parse::<f64>().is_ok();
            !number && (value.len() >= 12 || (has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)))
        }
    }
}

/// The longest mask; what is longer holds more than a mask.
const MAX_MASK_BYTES: usize = 32;

/// Whether somebody has masked the value already.
fn is_masked(value: &str) -> bool {
    (value.starts_with("[redacted") && value.len() <= MAX_MASK_BYTES)
        || value.bytes().all(|byte| byte == b'*')
        || value == "<REDACTED>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_names_of_counts() {
        for name in [
            "authorization",
            "http.request.header.authorization",
            "api_key",
            "OPENAI_API_KEY",
            "apiKey",
            "x-api-key",
            "X-Api-Key",
            "password",
            "dbPassword",
            "client_secret",
            "secret",
            "token",
            "access_token",
            "accessToken",
            "cookie",
            "Set-Cookie",
            "aws.secret_access_key",
        ] {
            assert!(sensitivity(name).is_some(), "{name} was not seen");
        }
        for name in [
            "",
            "key",
            "gen_ai.usage.input_tokens",
            "llm.token_count.prompt",
            "token_count",
            "max_tokens",
            "secretary",
            "tokenizer",
            "gen_ai.token.type",
            "password_required",
            "monkey",
            "mcp.progress.token",
            "progressToken",
        ] {
            assert_eq!(sensitivity(name), None, "{name}");
        }
    }

    #[test]
    fn a_token_that_a_model_wrote_is_none() {
        assert!(is_secret(Sensitivity::Token, "abc123") && is_secret(Sensitivity::Token, "averylongtoken"));
        assert!(!is_secret(Sensitivity::Token, " the") && !is_secret(Sensitivity::Token, "42"));
        assert!(is_secret(Sensitivity::Secret, "hunter") && !is_secret(Sensitivity::Secret, "****"));
    }
}
