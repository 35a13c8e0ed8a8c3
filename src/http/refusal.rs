//! Refusals as a person meets them who opens an address in a browser: a small page in place of a problem's JSON.
//!
//! It needs nothing but itself, since whoever is refused is refused the page's files as well. Programs get the problem.

use axum::extract::OriginalUri;
use axum::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, HOST};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Response};

use super::mount::Mount;
use super::problem::Problem;

/// The longest host name or origin that is repeated. Names have at most 253 characters.
const MAX_NAME_BYTES: usize = 260;

/// In the colours and sizes of the page (`ui/src/styles/tokens.css`).
const STYLE: &str = include_str!("refusal.css");

/// The same picture as the page's.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' \
     r='6' fill='none' stroke='%235b7cfa' stroke-width='2'/%3E%3Ccircle cx='8' cy='8' r='2.5' fill='%235b7cfa'/%3E%3C/svg%3E";

/// Answers a request that was refused in the form that its sender reads.
pub(super) fn refuse(problem: Problem, parts: &Parts, mount: &Mount) -> Response {
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    if !reads || !prefers_html(&parts.headers) {
        return problem.into_response();
    }
    // It admits our style and nobody's; without a random number there is no style, and the text all the same.
    let nonce = getrandom::u64().map(|number| format!("{number:016x}")).unwrap_or_default();
    let html = page(&problem, &advice(&problem, parts, mount), &nonce);
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    let mut response = problem.with_body("text/html; charset=utf-8", html.into_bytes());
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Whether HTML is asked for by name, and nothing that a program reads is wanted as much.
fn prefers_html(headers: &HeaderMap) -> bool {
    let (mut html, mut json) = (0.0, 0.0);
    for range in
        headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|all| all.split(','))
    {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let quality: f32 = quality.map_or(1.0, |quality| quality.parse().unwrap_or(0.0));
        match &*name {
            "text/html" | "application/xhtml+xml" => html = quality.max(html),
            "application/json" | "application/problem+json" | "application/*" => json = quality.max(json),
            _ => {}
        }
    }
    html > json
}

/// What to do, beyond what a program is told.
#[derive(Debug, Default)]
struct Advice {
    words: &'static str,
    /// A line of code that mends it.
    code: Option<String>,
    /// An address, and what stands for it.
    link: Option<(String, &'static str)>,
}

fn advice(problem: &Problem, parts: &Parts, mount: &Mount) -> Advice {
    let again = |words| Advice { words, code: None, link: Some((String::new(), "Try again")) };
    let page =
        |words, link| Advice { words, code: None, link: Some((format!("{}/ui/", mount.as_str()), link)) };
    match problem.code {
        "forbidden_host" => Advice {
            words: "A page that pretends to be this machine would look the same, so that only names that always mean it are \
                 taken. Open the page by localhost, or, when the name is the program’s own, have the program allow it:",
            code: Some(allow("allow_hosts", host_name(&parts.headers))),
            link: by_localhost(parts).map(|address| (address, "Open by localhost")),
        },
        "forbidden_origin" => Advice {
            words: "The request came from a page of another place, or something between changes the name that the program is \
                 asked by. Open the address itself; behind a proxy, have it pass “Host” on, or have the program allow the \
                 public origin:",
            code: Some(allow("allow_origins", None)),
            link: Some((String::new(), "Open the address")),
        },
        "access_denied" => again(
            "The program that runs the inspector decides who may see it, and said no. Sign in to that program, or ask whoever \
             runs it.",
        ),
        "sign_in_required" => {
            page("This address shows something only to those who are signed in.", "Sign in")
        }
        "role_needed" | "ingest_token" => {
            page("Whoever runs the program decides who may do what.", "To the page")
        }
        "head_too_large" => again("Remove the cookies of this site, or open the page in a private window."),
        _ => again("If it stays like this, ask whoever runs the program."),
    }
}

/// The line that allows a name. One that cannot be a name is not repeated.
fn allow(method: &str, name: Option<&str>) -> String {
    format!(".{method}([\"{}\"])", name.unwrap_or("…"))
}

/// The name in `Host`, without its port, if it can be one.
fn host_name(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(HOST)?.to_str().ok().filter(|host| host.len() <= MAX_NAME_BYTES)?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (!name.is_empty() && name.bytes().all(fits)).then_some(name)
}

/// The same address at this machine's own name: who is refused for a name is on this machine.
fn by_localhost(parts: &Parts) -> Option<String> {
    let host = parts.headers.get(HOST)?.to_str().ok()?;
    let port = host.parse::<Authority>().ok()?.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    let original = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    Some(format!("//localhost{port}{}", original.path()))
}

fn page(problem: &Problem, advice: &Advice, nonce: &str) -> String {
    let mut body = String::with_capacity(512);
    let mut element = |before: &str, text: &str, after: &str| {
        body.push_str(before);
        escape(text, &mut body);
        body.push_str(after);
    };
    element("<h1>", problem.title, "</h1>");
    element("<p>", advice.words, "</p>");
    if let Some(code) = &advice.code {
        element("<pre><code>", code, "</code></pre>");
    }
    if let Some((address, words)) = &advice.link {
        element("<p><a class=\"button\" href=\"", address, "\">");
        element("", words, "</a></p>");
    }
    element("<p class=\"small\">", problem.status.as_str(), " · ");
    element("<code>", problem.code, "</code></p>");
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{} · agent-inspector</title><link rel=\"icon\" href=\"{ICON}\">\
         <style nonce=\"{nonce}\">{STYLE}</style></head><body><main>{body}</main></body></html>",
        problem.title
    )
}

/// Text that comes from outside must stay text in a page.
pub(super) fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&'static str]) -> HeaderMap {
        let name = axum::http::HeaderName::from_static(name);
        values.iter().map(|value| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_browser_prefers_html_and_a_program_does_not() {
        let prefers = |values: &[&'static str]| prefers_html(&headers("accept", values));
        assert!(prefers(&["text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"]));
        assert!(prefers(&["application/json;q=0.5", "TEXT/HTML; charset=utf-8; q=0.9"]));
        for program in
            ["*/*", "application/json", "text/html;q=0.5,application/json", "text/html,application/json", ""]
        {
            assert!(!prefers(&[program]), "{program}");
        }
        assert!(
            !prefers(&["text/event-stream"])
                && !prefers(&["text/html;q=0"])
                && !prefers(&["text/html;q=many"])
        );
        assert!(!prefers(&[]));
    }

    #[test]
    fn a_name_is_repeated_when_it_can_be_one() {
        let name = |host: &'static str| host_name(&headers("host", &[host])).map(str::to_owned);
        assert_eq!(name("box.example:3000").as_deref(), Some("box.example"));
        assert_eq!(name("my_box").as_deref(), Some("my_box"));
        for none in ["", ":80", "a\"])</code><b>:80", "a b", "[::1]:80", "a:b:c"] {
            assert_eq!(name(none), None, "{none}");
        }
    }

    #[test]
    fn no_text_leaves_its_place() {
        let mut out = String::new();
        escape("<a href='\"'>&", &mut out);
        assert_eq!(out, "&lt;a href=&#39;&quot;&#39;&gt;&amp;");
    }
}
