//! What was looked up before.

use std::collections::HashMap;
use std::sync::Arc;

use super::table::Price;

/// How many answers are kept. A host calls a handful of models; who sends more names than this makes all be asked anew.
const MAX_KEPT: usize = 512;

/// The answers for a provider and a model, "not listed" among them.
#[derive(Debug, Default)]
pub(super) struct Found {
    models: HashMap<Box<str>, Vec<Answer>>,
    kept: usize,
}

#[derive(Debug)]
struct Answer {
    provider: Option<Box<str>>,
    price: Option<Arc<Price>>,
}

impl Found {
    /// What was found before; absent when it was not asked.
    #[expect(clippy::option_option, reason = "not asked, and asked and not listed")]
    pub(super) fn get(&self, provider: Option<&str>, model: &str) -> Option<Option<Arc<Price>>> {
        let answers = self.models.get(model)?;
        let answer = answers.iter().find(|answer| answer.provider.as_deref() == provider)?;
        Some(answer.price.clone())
    }

    /// Keeps an answer.
    pub(super) fn keep(&mut self, provider: Option<&str>, model: &str, price: Option<Arc<Price>>) {
        // Two threads may have looked for the same.
        if self.get(provider, model).is_some() {
            return;
        }
        if self.kept >= MAX_KEPT {
            *self = Self::default();
        }
        self.kept += 1;
        let answer = Answer { provider: provider.map(Into::into), price };
        self.models.entry(model.into()).or_default().push(answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_end_take_no_memory_without_end() {
        let mut found = Found::default();
        for number in 0..10 * MAX_KEPT {
            found.keep(Some("p"), &number.to_string(), None);
            found.keep(None, "always", None);
            assert!(found.get(None, "always").is_some());
            assert!(found.models.values().map(Vec::len).sum::<usize>() <= MAX_KEPT);
        }
    }
}
