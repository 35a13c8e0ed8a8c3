//! Finding a name in the table. Every attribute of every span is looked up, and most are not in it.

use super::names::{ROW_COUNT, ROWS, all};

/// Slots of the hash table; a few times the rows, so that most misses end at an empty slot.
const SLOTS: usize = 512;

/// Marks an empty slot.
const EMPTY: u8 = u8::MAX;

/// Where each row lies, computed by the compiler.
static INDEX: [u8; SLOTS] = index();

/// The row that `name` stands in. A lower one wins over a higher one.
pub(super) fn row(name: &str) -> Option<u8> {
    let mut slot = hash(name.as_bytes());
    loop {
        match INDEX[slot] {
            EMPTY => return None,
            row if ROWS[usize::from(row)].0 == name => return Some(row),
            _ => slot = (slot + 1) % SLOTS,
        }
    }
}

const fn index() -> [u8; SLOTS] {
    assert!(ROW_COUNT < EMPTY as usize);
    let rows = all();
    let mut index = [EMPTY; SLOTS];
    let mut row = 0_u8;
    while (row as usize) < ROW_COUNT {
        let mut slot = hash(rows[row as usize].0.as_bytes());
        while index[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        index[slot] = row;
        row += 1;
    }
    index
}

/// From the length and the last eight bytes: conventions differ in prefixes, names of one convention in their ends.
const fn hash(name: &[u8]) -> usize {
    let mut tail = 0_u64;
    let mut at = name.len().saturating_sub(8);
    while at < name.len() {
        tail = tail << 8 | name[at] as u64;
        at += 1;
    }
    let mixed = (tail ^ (name.len() as u64) << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 55) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_table_is_found_and_nothing_else_is() {
        for (at, (name, ..)) in ROWS.iter().enumerate() {
            assert_eq!(row(name).map(usize::from), Some(at), "{name} stands twice, or is lost");
        }
        for name in ["", "x", "gen_ai", "gen_ai.usage.input_token", "en_ai.usage.input_tokens", "Session.id"]
        {
            assert_eq!(row(name), None, "{name}");
        }
    }
}
