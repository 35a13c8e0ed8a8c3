//! The page: embedded files, served at whatever mount the host chose.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, OnceLock};

use axum::extract::RawPathParams;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;

use super::mount::Mount;
use super::problem::Problem;
use super::refusal::escape;
use super::traces::{accepts_gzip, has_already};

/// What the page may do: load and ask its own origin, nothing else. Prompts and tool output are hostile text.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; font-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";

/// What a script may do that runs on its own, as the shared worker that holds the event stream does: it obeys the policy
/// of its own file and not the page's.
const SCRIPT_POLICY: &str = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'";

/// For a file whose address holds its hash: it never changes.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// For everything else: ask each time, which costs a 304.
const REVALIDATE: &str = "no-cache";

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

#[derive(RustEmbed)]
#[folder = "ui-dist/"]
#[allow_missing = true]
struct Dist;

/// A file as it is served.
#[derive(Debug)]
struct File {
    plain: Bytes,
    /// Compressed once, when that makes it smaller.
    gzip: Option<Bytes>,
    content_type: &'static str,
    hash: String,
}

type Files = HashMap<String, File>;

/// Compressing takes a moment: the first request waits for it, off the runtime's threads.
async fn files() -> Result<Arc<Files>, Problem> {
    static FILES: OnceLock<Arc<Files>> = OnceLock::new();
    if let Some(files) = FILES.get() {
        return Ok(Arc::clone(files));
    }
    let loaded = tokio::task::spawn_blocking(|| Arc::clone(FILES.get_or_init(|| Arc::new(load()))));
    loaded.await.map_err(|_| Problem::page_not_built("the page could not be unpacked"))
}

fn load() -> Files {
    Dist::iter()
        .filter_map(|name| {
            let embedded = Dist::get(&name)?;
            let hash =
                embedded.metadata.sha256_hash().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            let plain = Bytes::from(embedded.data.into_owned());
            let gzip = compress(&plain).filter(|gzip| gzip.len() < plain.len()).map(Bytes::from);
            Some((name.to_string(), File { plain, gzip, content_type: content_type(&name), hash }))
        })
        .collect()
}

fn compress(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => JAVASCRIPT,
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

/// The page, and the files it is made of.
pub(super) async fn page(
    mount: Mount,
    path: Result<RawPathParams, axum::extract::rejection::RawPathParamsRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let files = files().await?;
    let params = path.map_err(|_| Problem::not_found())?;
    let path = params.iter().filter(|(name, _)| *name == "path").last().map_or("", |(_, path)| path);
    // Names are looked up among the embedded files; nothing is read from a disk.
    match files.get(path).filter(|_| path != "index.html") {
        Some(file) => Ok(asset(file, uri.query(), &headers)),
        // A missing asset must not become a page: a browser would try to run it.
        None if path.starts_with("assets/") => Err(Problem::not_found()),
        None => index(&files, &mount, &headers),
    }
}

fn asset(file: &File, query: Option<&str>, headers: &HeaderMap) -> Response {
    let (body, coding) = match &file.gzip {
        Some(gzip) if accepts_gzip(headers) => (gzip, "-gz"),
        _ => (&file.plain, ""),
    };
    let version = query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("v="));
    let cache = if version == Some(file.hash.as_str()) { IMMUTABLE } else { REVALIDATE };
    let mut response =
        tagged(headers, &format!("\"{}{coding}\"", file.hash), file.content_type, body.clone());
    let out = response.headers_mut();
    out.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if file.content_type == JAVASCRIPT {
        out.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SCRIPT_POLICY));
    }
    if !coding.is_empty() && !body.is_empty() {
        out.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// The page with the addresses of its files made absolute, so that it works at any depth below the mount.
fn index(files: &Files, mount: &Mount, headers: &HeaderMap) -> Result<Response, Problem> {
    let missing = || Problem::page_not_built("the folder `ui-dist` was missing when this crate was built");
    let file = files.get("index.html").ok_or_else(missing)?;
    let source = std::str::from_utf8(&file.plain).map_err(|_| missing())?;
    let html = rewrite(source, mount.as_str(), |name| files.get(name).map(|file| file.hash.as_str()));
    let etag = format!("\"{:08x}-{:x}\"", crc32fast::hash(html.as_bytes()), html.len());
    let mut response = tagged(headers, &etag, file.content_type, html.into());
    let out = response.headers_mut();
    out.insert(CACHE_CONTROL, HeaderValue::from_static(REVALIDATE));
    out.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    Ok(response)
}

/// `./assets/x` in quotes becomes `{mount}/ui/assets/x?v={hash}`.
fn rewrite<'a>(html: &str, mount: &str, hash: impl Fn(&str) -> Option<&'a str>) -> String {
    const MARK: &str = "\"./assets/";
    let mut rewritten = String::with_capacity(html.len() + 256);
    let mut rest = html;
    while let Some((before, after)) = rest.split_once(MARK) {
        let (name, tail) = after.split_at(after.find('"').unwrap_or(after.len()));
        rewritten.push_str(before);
        rewritten.push('"');
        escape(mount, &mut rewritten);
        rewritten.push_str("/ui/assets/");
        rewritten.push_str(name);
        if let Some(hash) = hash(&format!("assets/{name}")) {
            rewritten.push_str("?v=");
            rewritten.push_str(hash);
        }
        rest = tail;
    }
    rewritten.push_str(rest);
    rewritten
}

fn tagged(headers: &HeaderMap, etag: &str, content_type: &'static str, body: Bytes) -> Response {
    let mut response = if has_already(headers, etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, HeaderValue::from_static(content_type))], body).into_response()
    };
    if let Ok(etag) = HeaderValue::try_from(etag) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_absolute_and_carry_the_hash() {
        let html = r#"<script src="./assets/app.js"></script><link href="./assets/gone.css"><a href="x">"#;
        let rewritten = rewrite(html, "/t/a'b\"/_i", |name| (name == "assets/app.js").then_some("cafe"));
        assert_eq!(
            rewritten,
            r#"<script src="/t/a&#39;b&quot;/_i/ui/assets/app.js?v=cafe"></script><link href="/t/a&#39;b&quot;/_i/ui/assets/gone.css"><a href="x">"#
        );
    }
}
