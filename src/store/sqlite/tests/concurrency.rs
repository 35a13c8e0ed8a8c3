use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

#[test]
fn a_read_sees_whole_batches_only() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.write(&running("a", 1)).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // More readers than connections.
        for _ in 0..8 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let spans = store.session_spans(&id("a")).unwrap().len();
                    assert_eq!(spans % 2, 0, "each batch brings two spans in two chunks");
                }
            });
        }
        for number in 2..60 {
            let chunks = vec![
                chunk(&[span(trace(1), 2 * number, None)]),
                chunk(&[span(trace(1), 2 * number + 1, None)]),
            ];
            store.write(&WriteBatch { chunks, ..Default::default() }).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(store.stats().unwrap().spans, 118);
}

#[test]
fn two_stores_on_one_directory_write_and_read_each_others() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path()), open(dir.path()));
    one.write(&running("shared", 1)).unwrap();
    std::thread::scope(|scope| {
        for (store, from) in [(&one, 1_000_u64), (&two, 2_000)] {
            scope.spawn(move || {
                for number in from..from + 50 {
                    let chunks = vec![chunk(&[span(trace(1), number, None), span(trace(1), 5, None)])];
                    store.write(&WriteBatch { chunks, ..Default::default() }).unwrap();
                }
            });
        }
    });
    for store in [&one, &two] {
        assert_eq!(store.session_spans(&id("shared")).unwrap().len(), 103);
        assert_eq!(store.stats().unwrap().spans, 103);
    }
}

#[test]
fn a_panic_while_writing_leaves_the_store_usable() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.change(|writing| -> Result<()> {
            writing.batch(&running("half", 1))?;
            panic!("in the middle");
        })
    }));
    assert!(panicked.is_err());
    store.write(&running("whole", 1)).unwrap();
    assert_eq!(store.session(&id("half")).unwrap(), None);
    assert_eq!(store.stats().unwrap().spans, 2);
}

#[test]
fn several_processes_may_open_a_new_directory_at_once() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        let opened: Vec<_> =
            (0..6).map(|_| scope.spawn(|| open(dir.path()).reserve_event_ids(5).unwrap())).collect();
        let mut first: Vec<_> = opened.into_iter().map(|thread| thread.join().unwrap()).collect();
        first.sort();
        assert!(first.windows(2).all(|pair| pair[0].0 + 5 <= pair[1].0));
    });
}
