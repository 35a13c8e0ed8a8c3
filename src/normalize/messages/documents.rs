//! What a search found.

use super::flat;
use super::place::At;
use super::reader::Reader;
use super::tool;
use super::value::{Fields, Read, items, read, take, take_text};
use crate::model::{AttributeValue, ContentField, Document};

/// Attributes that hold a list of documents, or that the names of their attributes begin with.
pub(super) const NAMES: [&str; 3] =
    ["gen_ai.retrieval.documents", "retrieval.documents", "reranker.output_documents"];

/// Traceloop's event for each result of a database.
const RESULT_EVENT: &str = "db.query.result";

/// Those of the first attribute, or of the events, that have any.
pub(super) fn found(reader: &mut Reader<'_>) -> Vec<Document> {
    let span = reader.span;
    for name in NAMES {
        let list = match span.attributes.get(name) {
            Some(value) => match value.as_str().map(read) {
                Some(Read::Json(json)) => json,
                Some(Read::Broken(_)) => {
                    reader.cannot_read(name);
                    continue;
                }
                Some(Read::Text(_)) => continue,
                None => value.clone(),
            },
            None => match flat::below(&span.attributes, name) {
                Some(tree) => tree,
                None => continue,
            },
        };
        let mut documents = Vec::new();
        for (_, item) in items(list).unwrap_or_default() {
            documents.extend(document(item, &At::names(name), reader));
        }
        if !documents.is_empty() {
            reader.told(ContentField::Documents, name);
            return documents;
        }
    }
    of_events(reader)
}

fn of_events(reader: &mut Reader<'_>) -> Vec<Document> {
    let (span, mut documents) = (reader.span, Vec::new());
    for (index, event) in (0_u32..).zip(&span.events).filter(|(_, event)| event.name == RESULT_EVENT) {
        if let Some(tree) = flat::below(&event.attributes, RESULT_EVENT) {
            documents.extend(document(tree, &At::event(index), reader));
        }
    }
    if !documents.is_empty() {
        reader.told_by_event(ContentField::Documents, RESULT_EVENT);
    }
    documents
}

fn document(value: AttributeValue, at: &At<'_>, reader: &mut Reader<'_>) -> Option<Document> {
    let mut document = match value {
        AttributeValue::Object(fields) => fields,
        text => Fields::from([("content".to_owned(), text)]),
    };
    if let Some(inner) = take(&mut document, &["document"]) {
        match inner.1 {
            AttributeValue::Object(inner) => document = inner,
            text => document.push(("content".to_owned(), text)),
        }
    }
    let budget = &mut reader.budget;
    if !budget.message() {
        return None;
    }
    let id = take_text(&mut document, &["id", "document_id"]).map(|id| budget.text(id));
    let score =
        take(&mut document, &["score", "relevance_score", "distance"]).and_then(|(_, score)| score.as_f64());
    let text = take_text(&mut document, &["content", "text", "page_content"]).map(|text| budget.text(text));
    let metadata = take(&mut document, &["metadata"]).map(|(_, value)| tool::kept(value, at, budget));
    let document = Document { id, score: score.filter(|score| score.is_finite()), text, metadata };
    (document != Document::default()).then_some(document)
}
