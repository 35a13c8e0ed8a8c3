//! Where sessions are to stop, and whether one is there.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use serde_json::Value;

use crate::model::{Breakpoint, BreakpointRule, Comparison, Condition, SessionId, Timestamp};

/// How many breakpoints are set at most: each is looked at in every checkpoint while there are any.
pub const MAX_BREAKPOINTS: usize = 100;

/// Where a session stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) session: &'a SessionId,
    pub(crate) checkpoint: &'a str,
    pub(crate) tool: Option<&'a str>,
    pub(crate) agent: Option<&'a str>,
}

/// The breakpoints. They live as long as the host: one that is forgotten must not stop it when it starts the next time.
#[derive(Debug, Default)]
pub(crate) struct Breakpoints {
    /// Whether there are any, for a checkpoint to look at.
    any: AtomicBool,
    set: Mutex<(u64, Vec<Breakpoint>)>,
}

impl Breakpoints {
    /// Whether there are any.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// All, the oldest first.
    pub(crate) fn all(&self) -> Vec<Breakpoint> {
        self.set.lock().1.clone()
    }

    /// Sets one more; `None` when there are too many.
    pub(crate) fn set(
        &self,
        rule: BreakpointRule,
        since: Timestamp,
        (by, from): (Option<String>, Option<String>),
    ) -> Option<Breakpoint> {
        let mut set = self.set.lock();
        if set.1.len() >= MAX_BREAKPOINTS {
            return None;
        }
        set.0 += 1;
        let breakpoint = Breakpoint { id: set.0, rule, since, by, from, hits: 0 };
        set.1.push(breakpoint.clone());
        self.any.store(true, Ordering::Relaxed);
        Some(breakpoint)
    }

    /// Takes one away, and says whether it was there.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut set = self.set.lock();
        let before = set.1.len();
        set.1.retain(|known| known.id != id);
        self.any.store(!set.1.is_empty(), Ordering::Relaxed);
        set.1.len() < before
    }

    /// Whether a session is to stop here: counts the one that stops it. `state` is asked for only by a condition.
    pub(crate) fn stops(&self, place: Place<'_>, mut state: impl FnMut() -> Value) -> bool {
        let mut set = self.set.lock();
        let mut known = None;
        let hit = set.1.iter_mut().find(|one| {
            matches(&one.rule, place)
                && one
                    .rule
                    .condition
                    .as_ref()
                    .is_none_or(|condition| holds(condition, known.get_or_insert_with(&mut state)))
        });
        let Some(hit) = hit else { return false };
        hit.hits += 1;
        if hit.rule.once {
            let id = hit.id;
            set.1.retain(|one| one.id != id);
            self.any.store(!set.1.is_empty(), Ordering::Relaxed);
        }
        true
    }
}

fn matches(rule: &BreakpointRule, place: Place<'_>) -> bool {
    let fits = |pattern: &Option<String>, text: Option<&str>| {
        pattern.as_deref().is_none_or(|pattern| text.is_some_and(|text| glob(pattern, text)))
    };
    fits(&rule.checkpoint, Some(place.checkpoint))
        && fits(&rule.tool, place.tool)
        && fits(&rule.agent, place.agent)
        && rule.session_id.as_ref().is_none_or(|session| session == place.session)
}

/// Whether `text` is as `pattern` says, in which `*` stands for any characters: greedy, with one place to come back to, so that
/// no pattern takes more than the product of both lengths.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut in_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, in_text));
            at += 1;
        } else if pattern.get(at) == Some(&text[in_text]) {
            at += 1;
            in_text += 1;
        } else if let Some((behind, taken)) = star {
            star = Some((behind, taken + 1));
            at = behind + 1;
            in_text = taken + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

fn holds(condition: &Condition, state: &Value) -> bool {
    let Some(part) = state.pointer(&condition.pointer) else { return false };
    let wanted = condition.value.as_ref();
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    let compared = || number(Some(part)).zip(number(wanted));
    match condition.is {
        Comparison::There => true,
        Comparison::Equal => wanted == Some(part),
        Comparison::Different => wanted != Some(part),
        Comparison::Above => compared().is_some_and(|(part, wanted)| part > wanted),
        Comparison::Below => compared().is_some_and(|(part, wanted)| part < wanted),
        Comparison::Contains => match (part, wanted) {
            (Value::String(text), Some(Value::String(piece))) => text.contains(piece.as_str()),
            (Value::Array(items), Some(item)) => items.contains(item),
            (Value::Object(fields), Some(Value::String(key))) => fields.contains_key(key),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn rule(rule: Value) -> BreakpointRule {
        serde_json::from_value(rule).unwrap()
    }

    #[test]
    fn a_rule_stops_what_it_names_and_only_that() {
        let session = SessionId::generate();
        let place =
            Place { session: &session, checkpoint: "before_tool", tool: Some("search_web"), agent: None };
        let table = [
            (json!({}), true),
            (json!({ "checkpoint": "before_*" }), true),
            (json!({ "checkpoint": "after_tool" }), false),
            (json!({ "tool": "search_*", "checkpoint": "*" }), true),
            (json!({ "tool": "search" }), false),
            (json!({ "agent": "*" }), false),
            (json!({ "session_id": session }), true),
            (json!({ "session_id": "another" }), false),
            (json!({ "condition": { "pointer": "/plan/0/cost", "is": "above", "value": 2 } }), true),
            (json!({ "condition": { "pointer": "/plan/0/cost", "is": "below", "value": 2 } }), false),
            (json!({ "condition": { "pointer": "/plan", "is": "there" } }), true),
            (json!({ "condition": { "pointer": "/nothing" } }), false),
            (json!({ "condition": { "pointer": "/goal", "is": "contains", "value": "world" } }), true),
            (json!({ "condition": { "pointer": "/goal", "is": "different", "value": "x" } }), true),
            (json!({ "condition": { "pointer": "/goal", "is": "equal", "value": "x" } }), false),
        ];
        for (source, expected) in table {
            let breakpoints = Breakpoints::default();
            breakpoints.set(rule(source.clone()), Timestamp::EPOCH, (None, None)).unwrap();
            let state = || json!({ "plan": [{ "cost": 3 }], "goal": "the world" });
            assert_eq!(breakpoints.stops(place, state), expected, "{source}");
            assert_eq!(breakpoints.all()[0].hits, u64::from(expected));
        }
    }

    #[test]
    fn one_that_is_meant_once_is_gone_and_the_state_is_read_for_conditions_alone() {
        let breakpoints = Breakpoints::default();
        breakpoints.set(rule(json!({ "once": true })), Timestamp::EPOCH, (None, None)).unwrap();
        let session = SessionId::generate();
        let place = Place { session: &session, checkpoint: "x", tool: None, agent: None };
        let unread = || panic!("nobody asks for the state");
        assert!(breakpoints.any() && breakpoints.stops(place, unread));
        assert!(!breakpoints.any() && !breakpoints.stops(place, unread));
    }

    #[test]
    fn they_are_bounded_and_their_numbers_are_not_used_again() {
        let breakpoints = Breakpoints::default();
        let set = || breakpoints.set(rule(json!({})), Timestamp::EPOCH, (None, None));
        let first = set().unwrap().id;
        (1..MAX_BREAKPOINTS).for_each(|_| assert!(set().is_some()));
        assert!(set().is_none());
        assert!(breakpoints.remove(first) && !breakpoints.remove(first));
        assert!(set().unwrap().id > first);
    }

    proptest! {
        #[test]
        fn a_pattern_matches_as_the_expression_it_stands_for(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
            let expression = regex::Regex::new(&format!("^{}$", pattern.replace('*', ".*"))).unwrap();
            prop_assert_eq!(glob(&pattern, &text), expression.is_match(&text));
        }
    }
}
