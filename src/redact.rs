//! stub
use crate::model::Span;
#[derive(Debug, Default)]
pub struct Redactor;
impl Redactor {
    pub(crate) fn apply(&self, _: &mut Span) {}
    pub(crate) fn text<'a>(&self, t: &'a str) -> std::borrow::Cow<'a, str> {
        t.into()
    }
    pub(crate) fn json(&self, _: &mut serde_json::Value) {}
    pub(crate) fn panics(&self) -> u64 {
        0
    }
}
