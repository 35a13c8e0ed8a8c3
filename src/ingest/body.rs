//! The content encoding of a body.

use std::borrow::Cow;
use std::io::Read;

use flate2::bufread::MultiGzDecoder;

use super::IngestError;

/// The largest body after decompression: what the OTLP specification recommends.
pub(crate) const MAX_DECODED_BYTES: usize = 64 * 1024 * 1024;

/// The body without its content encoding. Reading stops at [`MAX_DECODED_BYTES`], so a compressed bomb costs no more
/// than an honest body.
pub(super) fn decoded<'a>(
    content_encoding: Option<&str>,
    body: &'a [u8],
) -> Result<Cow<'a, [u8]>, IngestError> {
    let mut codings = content_encoding
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"));
    match (codings.next(), codings.next()) {
        (None, _) if body.len() > MAX_DECODED_BYTES => Err(IngestError::TooLarge),
        (None, _) => Ok(body.into()),
        (Some(coding), None) if ["gzip", "x-gzip"].iter().any(|name| coding.eq_ignore_ascii_case(name)) => {
            gunzipped(body, MAX_DECODED_BYTES).map(Cow::Owned)
        }
        _ => Err(IngestError::UnsupportedEncoding),
    }
}

/// Several members count as one body (RFC 1952), as some proxies write them.
fn gunzipped(body: &[u8], most: usize) -> Result<Vec<u8>, IngestError> {
    // Span bodies shrink to about a quarter; a wrong guess only costs a reallocation.
    let mut plain = Vec::with_capacity(body.len().saturating_mul(4).min(most));
    let limit = most as u64 + 1;
    MultiGzDecoder::new(body)
        .take(limit)
        .read_to_end(&mut plain)
        .map_err(|error| IngestError::Malformed(format!("the body is not valid gzip: {error}")))?;
    if plain.len() > most {
        return Err(IngestError::TooLarge);
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_and_identity_are_taken_under_every_name() {
        for name in ["gzip", "GZIP", "x-gzip", "identity, gzip"] {
            assert_eq!(decoded(Some(name), &gzip(b"hello")).unwrap().as_ref(), b"hello", "{name}");
        }
        for name in [None, Some(""), Some("identity")] {
            assert_eq!(decoded(name, b"hello").unwrap().as_ref(), b"hello");
        }
    }

    #[test]
    fn several_gzip_members_are_one_body() {
        let body = [gzip(b"hel"), gzip(b"lo")].concat();
        assert_eq!(decoded(Some("gzip"), &body).unwrap().as_ref(), b"hello");
    }

    #[test]
    fn a_gzip_bomb_stops_at_the_bound() {
        let bomb = gzip(&[0; 100_000]);
        assert!(bomb.len() < 1_000);
        assert_eq!(gunzipped(&bomb, 99_999), Err(IngestError::TooLarge));
        assert_eq!(gunzipped(&bomb, 100_000).unwrap().len(), 100_000);
    }

    #[test]
    fn a_body_that_is_cut_off_or_not_gzip_is_malformed() {
        let whole = gzip(b"hello hello hello");
        for body in [&whole[..whole.len() - 9], b"hello", b""] {
            assert!(matches!(decoded(Some("gzip"), body), Err(IngestError::Malformed(_))), "{body:?}");
        }
    }

    #[test]
    fn other_encodings_are_refused() {
        for name in ["br", "deflate", "zstd", "gzip, gzip"] {
            assert_eq!(decoded(Some(name), b""), Err(IngestError::UnsupportedEncoding), "{name}");
        }
    }
}
