//! JSON-RPC messages, read without building trees: what is recorded of arguments and results is their text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

/// One message of either side. What is not known is not looked at.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub(super) id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
}

/// What is looked at of a message's parameters, whatever its method.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Params<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) uri: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) protocol_version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) client_info: Option<Client<'a>>,
    #[serde(borrow)]
    pub(super) request_id: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) reason: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) progress_token: Option<&'a RawValue>,
    pub(super) progress: Option<f64>,
    pub(super) total: Option<f64>,
    #[serde(borrow)]
    pub(super) message: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) requested_schema: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) messages: Option<&'a RawValue>,
    /// From 2026-07-28 on: what the client was asked for by the answer to its request before this one.
    #[serde(borrow)]
    pub(super) input_responses: Option<BTreeMap<Cow<'a, str>, &'a RawValue>>,
    #[serde(borrow)]
    pub(super) request_state: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "_meta")]
    pub(super) meta: Option<Meta<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Meta<'a> {
    #[serde(borrow)]
    pub(super) traceparent: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) tracestate: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "progressToken")]
    pub(super) progress_token: Option<&'a RawValue>,
    #[serde(borrow, rename = "io.modelcontextprotocol/protocolVersion")]
    pub(super) protocol_version: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "io.modelcontextprotocol/clientInfo")]
    pub(super) client_info: Option<Client<'a>>,
}

/// Who calls.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Client<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) version: Cow<'a, str>,
}

/// What is looked at of a result.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Outcome<'a> {
    pub(super) is_error: bool,
    #[serde(borrow)]
    pub(super) action: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) protocol_version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) contents: Option<&'a RawValue>,
    /// From 2026-07-28 on: `complete`, or `input_required`.
    #[serde(borrow)]
    pub(super) result_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) input_requests: Option<BTreeMap<Cow<'a, str>, Message<'a>>>,
    #[serde(borrow)]
    pub(super) request_state: Option<Cow<'a, str>>,
}

/// A part of a resource, of which only the type and the size are looked at.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    #[serde(borrow, default)]
    mime_type: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    blob: Option<Cow<'a, str>>,
}

/// The most of a failed tool's own words that become the error's, in characters.
const MAX_ERROR_WORDS: usize = 500;

impl Outcome<'_> {
    /// The first text in a tool's result: what a failed one says of its failure.
    pub(super) fn words(&self) -> Option<String> {
        let parts: Vec<Part<'_>> = serde_json::from_str(self.content?.get()).ok()?;
        let text = parts.into_iter().find_map(|part| part.text)?;
        Some(text.trim().chars().take(MAX_ERROR_WORDS).collect()).filter(|words: &String| !words.is_empty())
    }

    /// The type of a resource's first part, and the bytes of all of them.
    pub(super) fn resource(&self) -> (Option<String>, Option<u64>) {
        let parts = self.contents.and_then(|given| serde_json::from_str::<Vec<Part<'_>>>(given.get()).ok());
        let Some(parts) = parts else { return (None, None) };
        let size = |part: &Part<'_>| {
            let blob = part.blob.as_deref().map(|blob| blob.trim_end_matches('=').len() * 3 / 4);
            (part.text.as_deref().map_or(0, str::len) + blob.unwrap_or(0)) as u64
        };
        let mime_type = parts.first().and_then(|part| part.mime_type.as_deref().map(str::to_owned));
        (mime_type, Some(parts.iter().map(size).sum()))
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct RpcError<'a> {
    #[serde(default)]
    pub(super) code: i64,
    #[serde(borrow, default)]
    pub(super) message: Cow<'a, str>,
}

impl<'a> Message<'a> {
    /// The messages of a body: one, or a batch.
    pub(super) fn read(body: &'a [u8]) -> Result<Vec<Self>, serde_json::Error> {
        // Checked whole, because what is only passed over in `RawValue`s must be text as well.
        if body.trim_ascii_start().starts_with(b"[") {
            serde_json::from_slice(body)
        } else {
            serde_json::from_slice(body).map(|one| vec![one])
        }
    }

    /// Its parameters; none when they are no object or not as the protocol says.
    pub(super) fn params(&self) -> Params<'a> {
        self.params.and_then(|params| serde_json::from_str(params.get()).ok()).unwrap_or_default()
    }
}

/// A JSON-RPC id as the attribute `jsonrpc.request.id` has it.
pub(super) fn id_text(id: &RawValue) -> Cow<'_, str> {
    let text = id.get();
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
        Some(_) => serde_json::from_str(text).map_or(Cow::Borrowed(text), Cow::Owned),
        None => Cow::Borrowed(text),
    }
}

/// A header's text; `=?base64?…?=` is decoded, as revision 2026-07-28 writes what is not ASCII.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Cow<'a, str>> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    match text.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok().map(Cow::Owned),
        None => Some(Cow::Borrowed(text)).filter(|text| !text.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::capture::mcp::headers::MCP_NAME;

    #[test]
    fn a_batch_and_a_single_message_are_read_and_rubbish_is_refused() {
        let one =
            br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":1}}}"#;
        let read = Message::read(one).unwrap();
        let params = read[0].params();
        assert_eq!((params.name.as_deref(), params.arguments.unwrap().get()), (Some("add"), r#"{"a":1}"#));
        assert_eq!(Message::read(br#"[{"id":"a","method":"ping"},{"method":"x"}]"#).unwrap().len(), 2);
        for bad in [&b"{"[..], b"7", b"", b"\xff\xfe", br#"{"method":"\xff"}"#] {
            assert!(Message::read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_id_is_shown_as_its_text_or_its_number() {
        for (id, text) in
            [("7", "7"), (r#""a-1""#, "a-1"), (r#""a\"b""#, "a\"b"), ("null", "null"), (r#""""#, "")]
        {
            assert_eq!(id_text(serde_json::from_str(id).unwrap()), text);
        }
    }

    #[test]
    fn a_name_in_base64_is_read() {
        let mut headers = HeaderMap::new();
        headers.insert("mcp-name", "=?base64?Z3LDvMOfZQ==?=".parse().unwrap());
        assert_eq!(header(&headers, &MCP_NAME).as_deref(), Some("grüße"));
        headers.insert("mcp-name", "=?base64?***?=".parse().unwrap());
        assert_eq!(header(&headers, &MCP_NAME), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(messages) = Message::read(&body) {
                messages.iter().for_each(|message| _ = message.params());
            }
        }
    }
}
