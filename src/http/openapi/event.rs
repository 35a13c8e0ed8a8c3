//! The schema of events.
//!
//! Generators make anonymous types of the variants of a tagged enum. So each variant gets a name, the fields that all
//! events have, and a place in a discriminator. It is derived from the schema of [`EventKind`], so that it cannot tell
//! anything else than the model.

use std::borrow::Cow;

use utoipa::openapi::schema::{Discriminator, Object, OneOf, OneOfBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::model::{EventId, EventKind, SessionId, Timestamp};

/// Stands for [`Event`](crate::model::Event) in the document.
#[derive(Debug)]
pub(in crate::http) struct EventSchema;

impl PartialSchema for EventSchema {
    fn schema() -> RefOr<Schema> {
        let names: Vec<_> =
            variants().into_iter().map(|(kind, _)| (kind.clone(), schema_name(&kind))).collect();
        let mapping = names.iter().map(|(kind, name)| (kind.clone(), format!("#/components/schemas/{name}")));
        let one_of = OneOfBuilder::new()
            .description(Some(
                "One event. The set of types is open: keep and show a type that you do not know.",
            ))
            .discriminator(Some(Discriminator::with_mapping("type", mapping)));
        names.iter().fold(one_of, |one_of, (_, name)| one_of.item(Ref::from_schema_name(name))).into()
    }
}

impl ToSchema for EventSchema {
    fn name() -> Cow<'static, str> {
        "Event".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        EventKind::schemas(schemas);
        for (kind, variant) in variants() {
            schemas.push((schema_name(&kind), Schema::Object(variant).into()));
        }
        for (name, schema) in [
            (EventId::name(), EventId::schema()),
            (Timestamp::name(), Timestamp::schema()),
            (SessionId::name(), SessionId::schema()),
        ] {
            schemas.push((name.into_owned(), schema));
        }
    }
}

fn schema_name(kind: &str) -> String {
    format!("{kind}Event")
}

/// The variants of the model's enum by their `type`, with the fields of every event.
fn variants() -> Vec<(String, Object)> {
    let RefOr::T(Schema::OneOf(OneOf { items, .. })) = EventKind::schema() else { return Vec::new() };
    items
        .into_iter()
        .filter_map(|item| {
            let RefOr::T(Schema::Object(mut variant)) = item else { return None };
            let kind = type_of(&variant)?;
            for (field, schema, required) in [
                ("id", EventId::name(), true),
                ("timestamp", Timestamp::name(), true),
                ("session_id", SessionId::name(), false),
            ] {
                variant.properties.insert(field.to_owned(), Ref::from_schema_name(schema).into());
                if required {
                    variant.required.push(field.to_owned());
                }
            }
            Some((kind, variant))
        })
        .collect()
}

fn type_of(variant: &Object) -> Option<String> {
    let RefOr::T(Schema::Object(tag)) = variant.properties.get("type")? else { return None };
    tag.enum_values.as_ref()?.first()?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_model_is_a_named_variant() {
        let kinds: Vec<_> = variants().into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, EventKind::types());
        for (kind, variant) in variants() {
            assert!(variant.required.contains(&"id".to_owned()), "{kind}");
        }
    }
}
