//! How busy a session was, from its beginning to its end, in little room.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Timestamp;

/// So many buckets an [`Activity`] has at most: one for every other pixel of a line of 64, and about a hundred bytes of JSON.
pub const MAX_ACTIVITY_BUCKETS: usize = 32;

const NANOS_PER_MS: i64 = 1_000_000;

/// How many spans of a session began when.
///
/// The buckets lie on a grid that is the same for all sessions, each as long as the others: a millisecond at first, and
/// twice as long whenever they would be more than [`MAX_ACTIVITY_BUCKETS`]. So the order in which spans come changes
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub struct Activity {
    /// When the first bucket begins: not after the first span does.
    pub from: Timestamp,
    /// How long each bucket is: a power of two, in milliseconds.
    #[schema(minimum = 1)]
    pub bucket_ms: u64,
    /// How many spans began in each; the first and the last are not 0. At most 32.
    pub counts: Vec<u32>,
}

impl Default for Activity {
    fn default() -> Self {
        Self { from: Timestamp::EPOCH, bucket_ms: 1, counts: Vec::new() }
    }
}

impl Activity {
    /// A span began.
    pub fn add(&mut self, at: Timestamp) {
        self.put(at.as_nanos().div_euclid(NANOS_PER_MS), 1);
    }

    /// What another one counted is counted here too.
    pub fn merge(&mut self, other: &Self) {
        while self.bucket_ms < other.bucket_ms && !self.counts.is_empty() {
            self.double();
        }
        if self.counts.is_empty() {
            self.clone_from(other);
            return;
        }
        for (ms, count) in other.buckets() {
            self.put(ms, count);
        }
    }

    /// What another one counted, and was counted here, counts here no more.
    pub fn subtract(&mut self, other: &Self) {
        while self.bucket_ms < other.bucket_ms && !self.counts.is_empty() {
            self.double();
        }
        for (ms, count) in other.buckets() {
            let at = (ms >> self.shift()).checked_sub(self.first()).and_then(|at| usize::try_from(at).ok());
            if let Some(known) = at.and_then(|at| self.counts.get_mut(at)) {
                *known = known.saturating_sub(count);
            }
        }
        while self.counts.last() == Some(&0) {
            self.counts.pop();
        }
        let empty = self.counts.iter().take_while(|count| **count == 0).count();
        let first = self.first().saturating_add(i64::try_from(empty).unwrap_or(0));
        self.counts.drain(..empty);
        self.begin_at(first);
        if self.counts.is_empty() {
            *self = Self::default();
        }
    }

    /// The beginning of each bucket in milliseconds, with what it counts.
    fn buckets(&self) -> impl Iterator<Item = (i64, u32)> + '_ {
        let (first, shift) = (self.first(), self.shift());
        let begins = (first..).map(move |bucket| bucket.saturating_mul(1_i64 << shift.min(62)));
        begins.zip(self.counts.iter().copied()).filter(|(_, count)| *count > 0)
    }

    fn put(&mut self, ms: i64, count: u32) {
        if self.counts.is_empty() {
            self.bucket_ms = 1;
            self.begin_at(ms);
            self.counts.push(count);
            return;
        }
        loop {
            let (first, at) = (self.first(), ms >> self.shift());
            let last = first.saturating_add(self.counts.len() as i64 - 1);
            let (low, high) = (first.min(at), last.max(at));
            let buckets = usize::try_from(high.saturating_sub(low).saturating_add(1)).unwrap_or(usize::MAX);
            if buckets > MAX_ACTIVITY_BUCKETS {
                self.double();
                continue;
            }
            let before = usize::try_from(first - low).unwrap_or(0);
            self.counts.splice(..0, std::iter::repeat_n(0, before));
            self.counts.resize(buckets, 0);
            self.begin_at(low);
            if let Some(known) = usize::try_from(at - low).ok().and_then(|at| self.counts.get_mut(at)) {
                *known = known.saturating_add(count);
            }
            return;
        }
    }

    /// Two buckets become one.
    fn double(&mut self) {
        let first = self.first();
        let mut counts = Vec::with_capacity(self.counts.len() / 2 + 1);
        for (bucket, count) in (first..).zip(&self.counts) {
            match counts.last_mut() {
                // The second half of a bucket of the wider grid.
                Some(known) if bucket & 1 == 1 => *known = u32::saturating_add(*known, *count),
                _ => counts.push(*count),
            }
        }
        self.counts = counts;
        self.bucket_ms = 1 << (self.shift() + 1).min(63);
        self.begin_at(first >> 1);
    }

    /// The length of a bucket as a power of two. What comes from a file may be no power.
    fn shift(&self) -> u32 {
        self.bucket_ms.trailing_zeros().min(63)
    }

    /// The number of the first bucket on the grid.
    fn first(&self) -> i64 {
        self.from.as_nanos().div_euclid(NANOS_PER_MS) >> self.shift()
    }

    fn begin_at(&mut self, bucket: i64) {
        let ms = i128::from(bucket) << self.shift();
        let nanos = ms.saturating_mul(i128::from(NANOS_PER_MS));
        let nanos = nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        self.from = Timestamp::from_nanos(i64::try_from(nanos).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(moments: &[i64]) -> Activity {
        let mut activity = Activity::default();
        for ms in moments {
            activity.add(Timestamp::from_nanos(ms.saturating_mul(NANOS_PER_MS)));
        }
        activity
    }

    #[test]
    fn buckets_grow_twice_as_long_when_they_would_be_too_many() {
        let activity = of(&[1_000, 1_001, 1_031]);
        assert_eq!((activity.bucket_ms, activity.counts.len()), (1, 32));
        let activity = of(&[1_000, 1_001, 1_032]);
        assert_eq!((activity.bucket_ms, activity.counts.len(), activity.counts[0]), (2, 17, 2));
        assert_eq!(activity.from, Timestamp::from_nanos(1_000 * NANOS_PER_MS));
    }

    #[test]
    fn a_span_of_long_ago_costs_no_more_room() {
        let activity = of(&[0, 1_790_000_000_000, 1_790_000_000_001]);
        assert!(activity.counts.len() <= MAX_ACTIVITY_BUCKETS);
        assert_eq!(activity.counts.iter().sum::<u32>(), 3);
    }

    #[test]
    fn what_a_trace_takes_along_is_gone() {
        let mut both = of(&[5, 6, 500, 9_000]);
        both.subtract(&of(&[500, 9_000]));
        assert_eq!(both.counts.iter().sum::<u32>(), 2);
        both.subtract(&of(&[5, 6]));
        assert_eq!(both, Activity::default());
    }

    proptest! {
        #[test]
        fn the_order_in_which_spans_come_changes_nothing(
            moments in prop::collection::vec(prop_oneof![0_i64..100, -5_000_i64..5_000, any::<i64>()], 1..60),
            cut in 0_usize..60,
        ) {
            let whole = of(&moments);
            let turned: Vec<_> = moments.iter().rev().copied().collect();
            prop_assert_eq!(&whole, &of(&turned));
            let (a, b) = moments.split_at(cut.min(moments.len()));
            let mut merged = of(a);
            merged.merge(&of(b));
            prop_assert_eq!(&whole, &merged);
            prop_assert!(whole.counts.len() <= MAX_ACTIVITY_BUCKETS);
            prop_assert_eq!(whole.counts.iter().sum::<u32>() as usize, moments.len());
        }
    }
}
