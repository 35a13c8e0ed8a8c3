//! The shapes of secrets in texts.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memchr;
use regex::{Captures, Regex};

use super::name::{self, Sensitivity};

/// The shortest text that can hold a secret, such as `://:p@h`.
const SHORTEST: usize = 7;

/// Every secret that [`SHAPES`] describes holds one of these, but for a private key, which has spaces.
const SHAPE_TRIGGERS: &str = "sk-|sk_live_|sk_test_|rk_live_|rk_test_|AKIA|ASIA|ghp_|gho_|ghu_|ghs_|ghr_|github_pat_|glpat-|xox|AIza|eyJ";

/// Every other secret holds one of these, except a password in a URL. Only literals, so that a text without any, which is
/// nearly every text, is passed over by a vectorised search.
const TRIGGERS: &str = "PRIVATE KEY|Bearer|bearer|BEARER|api_key|api-key|api\\.key|apikey|apiKey|ApiKey|Api-Key|API_KEY|\
    API-KEY|APIKEY|Api_Key|access_key|access-key|accessKey|AccessKey|ACCESS_KEY|private_key|private-key|privateKey|\
    PrivateKey|PRIVATE_KEY|secret|Secret|SECRET|passw|Passw|PASSW|passphrase|Passphrase|PASSPHRASE|token|Token|TOKEN|\
    authorization|Authorization|AUTHORIZATION|cookie|Cookie|COOKIE|credential|Credential|CREDENTIAL";

/// Keys and tokens whose shape says what they are. A letter before a plain `sk-` makes it the end of a word, unless
/// the letter ends one of JSON's escapes.
const SHAPES: &str = r"(?:^|[^A-Za-z]|\\[nrtbf]|\\u[0-9A-Fa-f]{4})(sk-[A-Za-z0-9_-]{16,})|(sk-(?:ant|proj)-[A-Za-z0-9_-]{8,}|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|A[KS]IA[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{30,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?|-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|$))";

/// `Bearer …`.
const BEARER: &str = r"(?i-u:bearer)(?:[ \t\r\n]|\\[nrt])+(?<bearer>[A-Za-z0-9._~+/=-]+)";

/// A header that is secret to the end of its line or text.
const HEADER: &str = r#"(?i-u:authorization|cookie)\\*["']?[ \t]*[:=][ \t]*\\*["']?([^\r\n"'\\]*)"#;

/// The next word on a command line.
const OPTION: &str = r#"--[A-Za-z-]*(?i-u:api-?key|token|password|passphrase|secret)[ \t]+\\*["']?([^ \t\r\n"'\\=:-][^ \t\r\n"'\\]*)"#;

/// A sensitive name with its value: quoted within a quoted text, quoted, or bare. The value may be missing or may not
/// be text: the name alone is reason enough to look into JSON.
const ASSIGNMENT: &str = r#"(?<name>(?i-u:api[_.-]?key|access[_-]?key|private[_-]?key|secret(?:[_-]?key|s)?|passwords?|passwd|passphrase|token|credentials?|cookies))\\*["']?[ \t\r\n]*(?:=>|:=|[:=])[ \t\r\n]*(?:\\+"([^"\\]*)|"((?:[^"\\]|\\(?s:.))*)|\\+'([^'\\]*)|'((?:[^'\\]|\\(?s:.))*)|([^ \t\r\n"'\\,;&(){}\[\]<>][^ \t\r\n"'\\,;&)}\]]*))?"#;

/// A user's password in a URL, also with slashes as some writers of JSON escape them.
const URL: &str = r#"(?:://|:\\/\\/)[^/ \t\r\n:@"'<>\\]*:([^/ \t\r\n@"'<>\\]+)@"#;

static TRIGGER: LazyLock<Regex> = LazyLock::new(|| compiled(&[SHAPE_TRIGGERS, TRIGGERS].join("|")));
static SHAPE_TRIGGER: LazyLock<Regex> = LazyLock::new(|| compiled(SHAPE_TRIGGERS));
static SECRET: LazyLock<Regex> =
    LazyLock::new(|| compiled(&[SHAPES, BEARER, HEADER, OPTION, ASSIGNMENT].join("|")));
static PASSWORD_IN_URL: LazyLock<Regex> = LazyLock::new(|| compiled(URL));

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns are constants that a test compiles")
}

/// How many bytes may be searched in one text. A hostile text can make every search look at all that is left of it;
/// an honest one has room for a secret in every 30 bytes up to 64 KiB, of which no more than 30 KiB is kept.
const MAX_WORK: usize = 1 << 27;

/// The fewest matches looked at, however long the text is.
const MIN_MATCHES: usize = 64;

/// Whether a text may hold a secret, or a sensitive name before something that is not plain text.
pub(super) fn is_suspicious(text: &str) -> bool {
    text.len() >= SHORTEST
        && ((has_trigger(text) && SECRET.is_match(text))
            || (may_be_url_of_user(text) && PASSWORD_IN_URL.is_match(text)))
}

/// Whether a text holds what every secret holds, except a password in a URL. A sensitive name is none without something
/// between it and a value, so that `gen_ai.usage.input_tokens` and a value of one word are passed over as well.
fn has_trigger(text: &str) -> bool {
    let between = |byte| matches!(byte, b':' | b'=' | b' ' | b'\t' | b'\r' | b'\n' | b'\\');
    if text.bytes().any(between) { TRIGGER.is_match(text) } else { SHAPE_TRIGGER.is_match(text) }
}

/// Whether [`PASSWORD_IN_URL`] may match: looking for a byte is ten times as fast as asking an expression.
fn may_be_url_of_user(text: &str) -> bool {
    memchr(b'@', text.as_bytes()).is_some()
}

/// Where the secrets of a text are, in order and apart. A text that holds very many is secret from there to its end.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    find_within(text, MAX_WORK)
}

fn find_within(text: &str, work: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if text.len() < SHORTEST {
        return found;
    }
    if has_trigger(text) {
        secrets(text, work, &mut found);
    }
    if may_be_url_of_user(text) {
        let passwords = PASSWORD_IN_URL.captures_iter(text).filter_map(|captures| captures.get(1));
        found.extend(passwords.map(|password| password.range()));
    }
    if found.len() > 1 {
        apart(&mut found);
    }
    found
}

fn secrets(text: &str, work: usize, found: &mut Vec<Range<usize>>) {
    let mut from = 0;
    for _ in 0..(work / text.len()).max(MIN_MATCHES) {
        if from >= text.len() {
            return;
        }
        let Some(captures) = SECRET.captures_at(text, from) else { return };
        let Some(whole) = captures.get(0) else { return };
        if let Some(range) = secret(&captures) {
            from = whole.end();
            found.push(range);
        } else {
            // What was refused may hold something that is none the less a secret, so the search goes on within it.
            from = whole.start() + text[whole.start()..].chars().next().map_or(1, char::len_utf8);
        }
    }
    if from < text.len() {
        found.push(from..text.len());
    }
}

/// The part of a match that is secret, if it is.
fn secret(captures: &Captures<'_>) -> Option<Range<usize>> {
    let (name, bearer) = (captures.name("name"), captures.name("bearer"));
    let value = captures.iter().skip(1).flatten().find(|group| Some(*group) != name)?;
    let is_secret = if bearer.is_some() {
        // "Bearer of bad news" is none.
        let token = value.as_str();
        token.len() >= 16 || (token.len() >= 6 && token.bytes().any(|byte| byte.is_ascii_digit()))
    } else {
        let sensitivity = name.and_then(|name| name::sensitivity(name.as_str()));
        name::is_secret(sensitivity.unwrap_or(Sensitivity::Secret), value.as_str())
    };
    is_secret.then(|| value.range())
}

/// Puts ranges in order and joins those that overlap.
fn apart(ranges: &mut Vec<Range<usize>>) {
    ranges.sort_by_key(|range| range.start);
    ranges.dedup_by(|later, earlier| {
        let overlap = later.start < earlier.end;
        if overlap {
            earlier.end = earlier.end.max(later.end);
        }
        overlap
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        find(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn every_shape_of_secret_is_found_where_it_is() {
        for (text, secret) in [
            ("key sk-abcdefghijklmnop1234 end", "sk-abcdefghijklmnop1234"),
            ("sk-ant-api03-AbCdEf_123-x", "sk-ant-api03-AbCdEf_123-x"),
            (r#"{"x":"line\nsk-abcdefghijklmnop1234"}"#, "sk-abcdefghijklmnop1234"),
            ("OpenAISettings(api_key='hunter2', x=1)", "hunter2"),
            (r#"OPENAI_API_KEY="a \" b" next"#, r#"a \" b"#),
            (r#"{\"password\": \"hunter2\"}"#, "hunter2"),
            ("api_key=hunter2&next=1", "hunter2"),
            ("curl -H 'Authorization: Basic dXNlcjpwYXNz' x", "Basic dXNlcjpwYXNz"),
            ("Cookie: a=b; c=d\nnext", "a=b; c=d"),
            ("say Bearer abc.DEF-123 now", "abc.DEF-123"),
            ("Bearer password=correcthorse", "password=correcthorse"),
            ("login --token abc123def --fast", "abc123def"),
            ("id AKIAIOSFODNN7EXAMPLE.", "AKIAIOSFODNN7EXAMPLE"),
            ("ghp_0123456789abcdefghij0123456789abcdef", "ghp_0123456789abcdefghij0123456789abcdef"),
            ("github_pat_11ABCDEFG0123456789_abc", "github_pat_11ABCDEFG0123456789_abc"),
            ("xoxb-1234567890-abcdef", "xoxb-1234567890-abcdef"),
            ("AIzaSyA-1234567890_abcdefghijklmnopqrst", "AIzaSyA-1234567890_abcdefghijklmnopqrst"),
            ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.sig_nature end", "eyJhbGciOiJI.eyJzdWIiOiIx.sig_nature"),
            ("postgres://user:p%40ss@db/x", "p%40ss"),
            (r"redis:\/\/:pass@h", "pass"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY----- x",
                "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
            ),
            ("-----BEGIN PRIVATE KEY-----\ncut off", "-----BEGIN PRIVATE KEY-----\ncut off"),
        ] {
            assert_eq!(found(text), [secret], "in {text}");
        }
    }

    #[test]
    fn ordinary_texts_are_left_alone() {
        for text in [
            "the task-force-of-many-words and the disk-space-is-running-low",
            "max_tokens=100, token: 5, input_tokens: 7, token_count=9",
            "bearer of bad news",
            "{\"token\": \" the\", \"logprob\": -0.5}",
            "https://example.com:8080/a@b and mailto:a@b.c",
            "a secret is a secret; no password needed",
            "api_key=[redacted] password: ****",
            "tokens are counted, cookies are eaten",
        ] {
            assert_eq!(found(text), [""; 0], "in {text}");
        }
    }

    #[test]
    fn a_text_with_very_many_secrets_is_secret_from_there_to_its_end() {
        let text = "eyJAAAAAAAAAKIAAAAAAAAAAAAAAAAA".repeat(MIN_MATCHES + 10);
        let found = find_within(&text, 0);
        assert_eq!(found.len(), MIN_MATCHES + 1);
        assert_eq!(found.last().map(|range| range.end), Some(text.len()));
        assert_eq!(find(&text).len(), MIN_MATCHES + 10);
    }

    /// What the looks before the expressions pass over, the expressions find nothing in.
    fn is_found_also_without_looking_first(text: &str) -> bool {
        let any = {
            let mut found = Vec::new();
            secrets(text, MAX_WORK, &mut found);
            !found.is_empty()
        };
        find(text).is_empty() != (any || PASSWORD_IN_URL.is_match(text))
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_passed_over_that_holds_a_secret(
            parts in proptest::collection::vec(
                proptest::sample::select(vec![
                    "sk-", "ghp_", "github_pat_", "AKIA", "eyJ", "xoxb-", "token", "api_key", "Bearer", "cookie",
                    "authorization", "--password", "0123456789abcdef", "ABCDEFGHIJKLMNOP", "a1b2", ":", "=", "=>", "\"",
                    "'", "\\", "\\n", " ", "\n", "\t", ".", "://", ":\\/\\/", "@", "u", "PRIVATE KEY-----", "-----BEGIN ",
                ]),
                0..9,
            ),
        ) {
            let text = parts.concat();
            if text.len() >= SHORTEST {
                proptest::prop_assert!(is_found_also_without_looking_first(&text), "in {text:?}");
            }
        }
    }

    #[test]
    fn a_refused_match_does_not_hide_a_secret_within_it() {
        assert_eq!(found("bearer password=hunter"), ["hunter"]);
        assert_eq!(found("token: null, token=abc123"), ["abc123"]);
    }
}
