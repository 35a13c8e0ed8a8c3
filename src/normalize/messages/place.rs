//! Where in a span the reader is, to say where inline data stands.

use std::fmt::Write;

use crate::model::DataPlace;

/// The way from a span to a value in it, kept on the stack of whoever reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'a> {
    above: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    /// An attribute of the span.
    Attribute(&'a str),
    /// The beginning of the names of attributes, of the span or of the event that is counted so. Steps below it are
    /// further parts of a name.
    Names(Option<u32>, &'a str),
    /// A field.
    Key(&'a str),
    /// An element.
    Index(usize),
    /// JSON within a text: from here on it is no longer a name.
    Json,
}

impl<'a> At<'a> {
    pub(super) fn attribute(name: &'a str) -> Self {
        Self { above: None, step: Step::Attribute(name) }
    }

    /// Below attributes whose names begin with `prefix`.
    pub(super) fn names(prefix: &'a str) -> Self {
        Self { above: None, step: Step::Names(None, prefix) }
    }

    /// In the attributes of an event.
    pub(super) fn event(event: u32) -> Self {
        Self { above: None, step: Step::Names(Some(event), "") }
    }

    pub(super) fn key(&'a self, key: &'a str) -> Self {
        Self { above: Some(self), step: Step::Key(key) }
    }

    pub(super) fn index(&'a self, index: usize) -> Self {
        Self { above: Some(self), step: Step::Index(index) }
    }

    pub(super) fn json(&'a self) -> Self {
        Self { above: Some(self), step: Step::Json }
    }

    /// Whether values here lie in many attributes, which hold nothing but texts and numbers: a list in one of them is
    /// JSON.
    pub(super) fn is_flat(&self) -> bool {
        match (self.step, self.above) {
            (Step::Names(..), _) => true,
            (Step::Json | Step::Attribute(_), _) | (_, None) => false,
            (_, Some(above)) => above.is_flat(),
        }
    }

    /// The place, as it is told.
    pub(super) fn place(&self) -> DataPlace {
        let mut steps = Vec::new();
        let mut here = Some(self);
        while let Some(at) = here {
            steps.push(at.step);
            here = at.above;
        }
        let mut place = DataPlace::default();
        let mut path = String::new();
        let mut named = true;
        for step in steps.into_iter().rev() {
            match step {
                Step::Attribute(name) => {
                    name.clone_into(&mut place.attribute);
                    named = false;
                }
                Step::Names(event, prefix) => {
                    prefix.clone_into(&mut place.attribute);
                    place.event = event;
                }
                Step::Json => named = false,
                Step::Key(key) if named => {
                    if !place.attribute.is_empty() {
                        place.attribute.push('.');
                    }
                    place.attribute.push_str(key);
                }
                Step::Index(index) if named => drop(write!(place.attribute, ".{index}")),
                Step::Key(key) => {
                    path.push('/');
                    path.push_str(&key.replace('~', "~0").replace('/', "~1"));
                }
                Step::Index(index) => drop(write!(path, "/{index}")),
            }
        }
        place.path = (!path.is_empty()).then_some(path);
        place
    }
}
