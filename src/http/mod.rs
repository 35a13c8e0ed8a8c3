//! The HTTP contract: one file per noun.

mod state;

pub(crate) use self::state::AppState;
