//! Trees of which somebody has read a page, kept for the next one.
//!
//! Every page needs the whole tree in order. A tree of many pages is put in order once as long as nothing is added to it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::model::{SessionId, SpanNode, pre_order, shown};
use crate::store::{BlockId, Store, StoreError};

/// How many rows are kept at most, of all trees together: some 80 MB. A larger tree is put in order for each page.
pub(crate) const MAX_KEPT_ROWS: usize = 200_000;

/// How long a tree is kept after its last page was asked for: longer than a reader of all pages needs for one.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(5);

/// The rows of a tree, in depth-first pre-order.
pub(crate) type Rows = Arc<Vec<SpanNode>>;

/// The trees that are kept.
#[derive(Debug, Default)]
pub(crate) struct Trees {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The one that was asked for last comes last.
    trees: VecDeque<Tree>,
    /// Somebody looks after what was not asked for in time.
    swept: bool,
}

#[derive(Debug)]
struct Tree {
    of: TreeOf,
    version: Version,
    rows: Rows,
    asked: Instant,
}

/// Which tree of which session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeOf {
    pub(crate) session: SessionId,
    /// With all spans, also those that a person is not shown without asking.
    pub(crate) details: bool,
}

/// What changes whenever a line is added to a session or taken away. (Spans that another process left running when it died
/// are marked in place; a tree that is just being read may miss that.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    generation: u64,
    blocks: usize,
    newest: Option<BlockId>,
}

impl Trees {
    /// The tree of a session as it is in the store, and its version if it can be kept; without rows when nothing is stored.
    pub(crate) fn of(&self, store: &dyn Store, of: &TreeOf) -> Result<(Rows, Option<Version>), StoreError> {
        // Asked before the spans: what is added in between makes the rows newer than their version, never older.
        let version = store.trace_index(&of.session)?.map(|index| Version {
            generation: index.generation,
            blocks: index.blocks.len(),
            newest: index.blocks.last().map(|block| block.id),
        });
        if let Some(rows) = version.and_then(|version| self.kept(of, version)) {
            return Ok((rows, version));
        }
        let spans = store.session_spans(&of.session)?;
        let spans = if of.details { spans } else { shown(spans) };
        Ok((Arc::new(pre_order(spans)), version))
    }

    fn kept(&self, of: &TreeOf, version: Version) -> Option<Rows> {
        let mut kept = self.kept.lock();
        let at = kept.trees.iter().position(|tree| tree.of == *of)?;
        let mut tree = kept.trees.remove(at)?;
        if tree.version != version {
            return None;
        }
        tree.asked = Instant::now();
        let rows = Arc::clone(&tree.rows);
        kept.trees.push_back(tree);
        Some(rows)
    }

    /// Keeps a tree of which more pages will be asked for. Call it on a runtime, which forgets it in time.
    pub(crate) fn keep(self: &Arc<Self>, of: TreeOf, version: Version, rows: Rows) {
        if rows.len() > MAX_KEPT_ROWS {
            return;
        }
        let mut kept = self.kept.lock();
        kept.trees.retain(|tree| tree.of != of);
        kept.trees.push_back(Tree { of, version, rows, asked: Instant::now() });
        while kept.trees.iter().map(|tree| tree.rows.len()).sum::<usize>() > MAX_KEPT_ROWS {
            kept.trees.pop_front();
        }
        if !std::mem::replace(&mut kept.swept, true) {
            let trees = Arc::downgrade(self);
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(KEPT_FOR).await;
                    match trees.upgrade() {
                        Some(trees) if trees.sweep() => {}
                        _ => return,
                    }
                }
            });
        }
    }

    /// Forgets what was not asked for in time. Says whether anything is left.
    fn sweep(&self) -> bool {
        let mut kept = self.kept.lock();
        kept.trees.retain(|tree| tree.asked.elapsed() < KEPT_FOR);
        kept.swept = !kept.trees.is_empty();
        kept.swept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EventId, Span, SpanId, SpanSummary, Timestamp, TraceId};

    fn rows(count: usize) -> Rows {
        let trace = TraceId::from_bytes([1; 16]).unwrap();
        let span = |at: usize| -> SpanSummary {
            let id = SpanId::from_bytes((at as u64 + 1).to_be_bytes()).unwrap();
            Span::new(trace, id, "step", Timestamp::EPOCH).summary(EventId(1))
        };
        Arc::new(pre_order((0..count).map(span).collect()))
    }

    fn version(blocks: usize) -> Version {
        Version { generation: 1, blocks, newest: None }
    }

    #[tokio::test(start_paused = true)]
    async fn a_tree_is_kept_while_it_is_the_same_and_asked_for_and_not_more_than_fit() {
        let trees = Arc::new(Trees::default());
        let of = |id| TreeOf { session: SessionId::parse(id).unwrap(), details: false };
        let [one, two, three] = ["one", "two", "three"].map(of);
        trees.keep(one.clone(), version(1), rows(10));
        assert_eq!(trees.kept(&one, version(1)).unwrap().len(), 10);
        assert!(trees.kept(&one, version(2)).is_none(), "something was added");
        assert!(trees.kept(&one, version(1)).is_none(), "and the old one is gone");
        trees.keep(one.clone(), version(1), rows(10));
        trees.keep(two.clone(), version(1), rows(MAX_KEPT_ROWS - 9));
        assert!(trees.kept(&one, version(1)).is_none(), "it had to make room");
        trees.keep(three.clone(), version(1), rows(MAX_KEPT_ROWS + 1));
        assert!(trees.kept(&three, version(1)).is_none(), "it is too large");
        assert!(trees.kept(&two, version(1)).is_some());
        assert!(trees.sweep());
        trees.kept.lock().trees[0].asked -= KEPT_FOR;
        assert!(!trees.sweep());
        assert!(trees.kept(&two, version(1)).is_none());
    }
}
