//! Pictures, sound and files: by reference. Inline data is measured and its place told, never repeated.

use super::budget::Budget;
use super::place::At;
use super::value::{Fields, length_before_cut};
use crate::model::{AttributeValue, Media, MessagePart as Part};

/// How deeply providers wrap the address or the data of a file.
const MAX_WRAPPINGS: usize = 5;

/// A text of so many bytes in a field for data is data.
const LEAST_DATA_BYTES: usize = 64;

type Make = fn(Media) -> Part;

/// What kind of file a word at the beginning of a part's type, its modality or its media type stands for.
const KINDS: &[(&str, Make)] = &[
    ("image", Part::Image),
    ("input_image", Part::Image),
    ("output_image", Part::Image),
    ("audio", Part::Audio),
    ("input_audio", Part::Audio),
    ("output_audio", Part::Audio),
    ("video", Part::Video),
    ("input_video", Part::Video),
    ("document", Part::File),
    ("input_file", Part::File),
    ("container_upload", Part::File),
    ("file", Part::File),
    ("blob", Part::File),
    ("uri", Part::File),
    ("media", Part::File),
    ("inline_data", Part::File),
    ("binary", Part::File),
];

/// Fields that hold the data, its address, or an object with one of them.
const HOLDERS: &[&str] = &[
    "image_url",
    "imageUrl",
    "image",
    "audio_url",
    "audio",
    "video_url",
    "video",
    "document_url",
    "document",
    "source",
    "input_audio",
    "file",
    "inline_data",
    "inlineData",
    "file_data",
    "fileData",
    "media",
    "blob",
    "uri",
    "url",
    "file_uri",
    "fileUri",
    "file_url",
    "s3Location",
    "data",
    "b64_json",
    "base64",
    "bytes",
    "content",
    "result",
];

/// Fields whose text is an address, whatever it looks like.
const ADDRESSES: &[&str] = &["uri", "url", "file_uri", "fileUri", "file_url", "image_url", "document_url"];

/// Fields that hold nothing but inline data, also within the arguments and results of tools.
const DATA: &[&str] = &["data", "blob", "b64_json", "base64", "bytes", "file_data", "fileData", "content"];

/// Whether a part of this type is a file.
pub(super) fn is_one(kind: &str) -> bool {
    kind == "image_generation_call" || KINDS.iter().any(|(word, _)| *word == stem(kind))
}

/// The type without what it says about how the file is sent.
fn stem(kind: &str) -> &str {
    kind.strip_suffix("_url").unwrap_or(kind)
}

/// A file; its fields when neither data nor an address is in it.
pub(super) fn read(kind: &str, mut fields: Fields, at: &At<'_>, budget: &mut Budget) -> Result<Part, Fields> {
    let mut media = Media::default();
    let modality = super::value::peek_text(&fields, "modality").map(str::to_owned);
    look(&mut fields, at, &mut media, 0);
    if media.uri.is_none() && media.file_id.is_none() && media.data.is_none() && media.transcript.is_none() {
        return Err(fields);
    }
    let named = |word: &str| KINDS.iter().find(|(name, _)| *name == word).map(|(_, make)| *make);
    let of_type = named(stem(kind)).unwrap_or(Part::Image);
    let typed = media.mime_type.as_deref().and_then(|mime| mime.split('/').next()).and_then(named);
    // "A file" may be said of anything.
    let make = match of_type(Media::default()) {
        Part::File(_) => modality.as_deref().and_then(named).or(typed).unwrap_or(Part::File),
        _ => of_type,
    };
    for text in
        [&mut media.uri, &mut media.transcript, &mut media.name, &mut media.file_id, &mut media.mime_type]
    {
        *text = text.take().map(|text| budget.text(text));
    }
    Ok(make(media))
}

/// A text that is nothing but inline data, as a part.
pub(super) fn of_text(text: &str, at: &At<'_>) -> Option<Part> {
    let mime_type = data_uri(text)?;
    let media = inline(text, Some(mime_type), at);
    let kind = media.mime_type.as_deref().and_then(|mime| mime.split('/').next()).unwrap_or_default();
    let make = KINDS.iter().find(|(word, _)| *word == kind).map_or(Part::File as Make, |(_, make)| *make);
    Some(make(media))
}

/// Bytes, as a part.
pub(super) fn of_bytes(bytes: &[u8], at: &At<'_>) -> Part {
    Part::File(Media { size: Some(bytes.len() as u64), data: Some(at.place()), ..Media::default() })
}

fn look(fields: &mut Fields, at: &At<'_>, media: &mut Media, depth: usize) {
    for (key, value) in fields.iter_mut() {
        let key = key.as_str();
        let told = match key {
            "mime_type" | "mimeType" | "media_type" | "mediaType" | "contentType" | "content_type" => {
                &mut media.mime_type
            }
            "file_id" | "fileId" => &mut media.file_id,
            "filename" | "file_name" | "fileName" | "name" | "title" => &mut media.name,
            "transcript" => &mut media.transcript,
            "format" if media.mime_type.is_none() => {
                // Of sound and Bedrock's pictures only the ending is told.
                if let Some(format) = value.as_str().filter(|format| format.len() < 16) {
                    let kind = if matches!(format, "wav" | "mp3" | "flac" | "opus" | "pcm16") {
                        "audio"
                    } else {
                        "image"
                    };
                    media.mime_type = Some(format!("{kind}/{format}"));
                }
                continue;
            }
            _ if HOLDERS.contains(&key) => {
                hold(key, value, &at.key(key), media, depth);
                continue;
            }
            _ => continue,
        };
        if let Some(text) = value.as_str() {
            *told = Some(text.to_owned());
        }
    }
}

fn hold(key: &str, value: &mut AttributeValue, at: &At<'_>, media: &mut Media, depth: usize) {
    if let AttributeValue::Object(fields) = value {
        if depth < MAX_WRAPPINGS {
            look(fields, at, media, depth + 1);
        }
        return;
    }
    let found = match &*value {
        AttributeValue::Bytes(bytes) => {
            Media { size: Some(bytes.len() as u64), data: Some(at.place()), ..Media::default() }
        }
        other => {
            let Some(text) = other.as_str().filter(|text| !text.is_empty()) else { return };
            match data_uri(text) {
                Some(mime_type) => inline(text, Some(mime_type), at),
                None if ADDRESSES.contains(&key) || is_address(text) => {
                    media.uri.get_or_insert_with(|| text.to_owned());
                    return;
                }
                None => inline(text, None, at),
            }
        }
    };
    if media.data.is_none() {
        media.mime_type = found.mime_type.or(media.mime_type.take());
        (media.size, media.data) = (found.size, found.data);
    }
}

fn is_address(text: &str) -> bool {
    text.len() < 4096 && text.find("://").is_some_and(|at| at < 16)
}

/// The media type of a data URI.
fn data_uri(text: &str) -> Option<&str> {
    let (head, _) = text.strip_prefix("data:")?.split_once(',')?;
    let mime = head.strip_suffix(";base64")?;
    (mime.len() < 128 && !mime.contains(char::is_whitespace))
        .then(|| mime.split(';').next().unwrap_or_default())
}

fn inline(text: &str, mime_type: Option<&str>, at: &At<'_>) -> Media {
    Media {
        mime_type: mime_type.filter(|mime| !mime.is_empty()).map(str::to_owned),
        size: Some(decoded(text)),
        data: Some(at.place()),
        ..Media::default()
    }
}

/// How many bytes a base64 text, or the data URI it stands in, was before it was encoded, and before it was cut.
fn decoded(text: &str) -> u64 {
    let head =
        text.strip_prefix("data:").and_then(|rest| rest.find(',')).map_or(0, |comma| comma + "data:,".len());
    let digits = match length_before_cut(text) {
        Some((_, before)) => before.saturating_sub(head as u64),
        None => {
            let data = &text.as_bytes()[head.min(text.len())..];
            data.iter().filter(|byte| !byte.is_ascii_whitespace() && **byte != b'=').count() as u64
        }
    };
    digits / 4 * 3 + digits % 4 * 3 / 4
}

/// Takes inline data out of a value that is repeated as it is: it says what stood there.
pub(super) fn take_out(value: &mut AttributeValue) {
    scrub(value, false);
}

fn scrub(value: &mut AttributeValue, in_data: bool) {
    let mark = match value {
        AttributeValue::Array(items) => return items.iter_mut().for_each(|item| scrub(item, false)),
        AttributeValue::Object(fields) => {
            return fields.iter_mut().for_each(|(key, item)| scrub(item, DATA.contains(&key.as_str())));
        }
        AttributeValue::Bytes(bytes) => format!("[inline data, {} bytes]", bytes.len()),
        AttributeValue::String(text) => match data_uri(text) {
            Some(mime_type) => format!("[inline {mime_type}, {} bytes]", decoded(text)),
            None if in_data && is_data(text) => format!("[inline data, {} bytes]", decoded(text)),
            None => return,
        },
        _ => return,
    };
    *value = AttributeValue::String(mark);
}

/// Whether a text is base64 and nothing else.
fn is_data(text: &str) -> bool {
    let kept = length_before_cut(text).map_or(text, |(kept, _)| &text[..kept]);
    let digit = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=' | b'\n' | b'\r')
    };
    kept.len() >= LEAST_DATA_BYTES && kept.bytes().all(digit)
}
