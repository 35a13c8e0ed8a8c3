//! What the export of an inspector says of a session, beside its spans: what stands in none of them.
//!
//! It stands on the resource of the spans. Whoever sends OTLP may say it of a session, as it may name one: the same can be said
//! by posting events. It is taken off, for it is no fact of the program that recorded the span.

use std::collections::HashSet;

use crate::model::{
    AttributeValue, Attributes, Engine, Reported, SessionChange, SessionReport, Span, Timestamp,
};
use crate::otlp::OWN_SESSION;

/// The longest name of an engine, in characters.
const MAX_ENGINE_CHARS: usize = 64;

/// The most tags that are looked at.
const MAX_TAGS: usize = 32;

/// Says of a resource what is known of its session.
pub(crate) fn describe(resource: &mut Attributes, id: &str, engine: &str, title: &str, tags: &[String]) {
    let mut say = |name: &str, value: AttributeValue| resource.set(format!("{OWN_SESSION}{name}"), value);
    say("id", id.into());
    say("engine", engine.into());
    say("title", title.into());
    if !tags.is_empty() {
        say("tags", AttributeValue::Array(tags.iter().map(|tag| tag.as_str().into()).collect()));
    }
}

/// Takes off what the resources of spans say of sessions, and reports it.
pub(crate) fn take(reported: &mut Reported) {
    let mut told = HashSet::new();
    for span in &mut reported.spans {
        if let Some(report) = of_span(span)
            && told.insert((report.id.clone(), report.at))
        {
            reported.sessions.push(report);
        }
    }
}

fn of_span(span: &mut Span) -> Option<SessionReport> {
    let own = |(name, _): &(&str, &AttributeValue)| name.starts_with(OWN_SESSION);
    if !span.resource.iter().any(|attribute| own(&attribute)) {
        return None;
    }
    let report = described(&span.resource, span.start_time);
    let others = span.resource.iter().filter(|attribute| !own(attribute));
    span.resource = others.map(|(name, value)| (name.to_owned(), value.clone())).collect();
    report
}

fn described(resource: &Attributes, at: Timestamp) -> Option<SessionReport> {
    let text =
        |name: &str| resource.text(&format!("{OWN_SESSION}{name}")).filter(|text| !text.trim().is_empty());
    let id = text("id")?;
    let fits = |engine: &&str| {
        engine.chars().count() <= MAX_ENGINE_CHARS && engine.chars().all(|letter| letter.is_ascii_graphic())
    };
    let engine = text("engine").filter(fits).unwrap_or(Engine::OTLP).to_owned();
    let tags = match resource.get(&format!("{OWN_SESSION}tags")) {
        Some(AttributeValue::Array(tags)) => {
            tags.iter().filter_map(AttributeValue::as_str).take(MAX_TAGS).collect()
        }
        _ => Vec::new(),
    };
    let report = SessionReport::new(id, engine, at);
    let tags = tags.into_iter().filter(|tag| !tag.trim().is_empty()).map(str::to_owned).collect();
    let title = text("title").map(str::to_owned);
    Some(SessionReport { outright: title.is_some(), title, tags, change: SessionChange::Heard, ..report })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SpanId, TraceId};

    fn span(attributes: &[(&'static str, AttributeValue)]) -> Span {
        let ids = (TraceId::from_bytes([1; 16]).unwrap(), SpanId::from_bytes([1; 8]).unwrap());
        let mut span = Span::new(ids.0, ids.1, "n", Timestamp::from_nanos(5));
        span.resource = attributes.iter().map(|(name, value)| (*name, value.clone())).collect();
        span
    }

    #[test]
    fn what_is_said_of_a_session_is_taken_off_and_reported_once() {
        let mut of_one = span(&[("service.name", "shop".into())]);
        describe(&mut of_one.resource, "s", "tokio", "Ship it", &["nightly".to_owned()]);
        let mut reported = Reported::from(vec![of_one.clone(), of_one]);
        take(&mut reported);
        let names = |span: &Span| span.resource.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
        assert!(reported.spans.iter().all(|span| names(span) == ["service.name"]));
        let [report] = &reported.sessions[..] else { panic!("{reported:?}") };
        assert_eq!((&*report.id, &*report.engine, report.outright), ("s", "tokio", true));
        assert_eq!(
            (report.title.as_deref(), &report.tags[..]),
            (Some("Ship it"), &["nightly".to_owned()][..])
        );
    }

    #[test]
    fn odd_values_say_nothing() {
        let long = "x".repeat(65);
        for (name, value) in [
            ("inspector.session.engine", AttributeValue::from(long.as_str())),
            ("inspector.session.engine", AttributeValue::Int(4)),
            ("inspector.session.tags", AttributeValue::from("nightly")),
            ("inspector.session.title", AttributeValue::from(" ")),
        ] {
            let mut reported =
                Reported::from(vec![span(&[("inspector.session.id", "s".into()), (name, value)])]);
            take(&mut reported);
            let report = &reported.sessions[0];
            assert_eq!((&*report.engine, &report.title, report.tags.len()), (Engine::OTLP, &None, 0));
            assert!(!report.outright);
        }
        let mut nameless = Reported::from(vec![span(&[("inspector.session.title", "t".into())])]);
        take(&mut nameless);
        assert!(nameless.sessions.is_empty());
    }
}
