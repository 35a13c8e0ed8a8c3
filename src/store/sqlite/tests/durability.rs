use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;

/// Set in the child: the directory that it writes into until it is killed.
const CHILD: &str = "AGENT_INSPECTOR_TEST_STORE_DIR";

#[test]
fn what_was_acknowledged_survives_kill_9() {
    if let Ok(dir) = std::env::var(CHILD) {
        write_until_killed(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    let mut highest = 0;
    for _ in 0..3 {
        let name = std::thread::current().name().unwrap().to_owned();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([&*name, "--exact", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut acknowledged = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let Some(number) = line.strip_prefix("stored ") else { continue };
            acknowledged.push(number.parse::<u64>().unwrap());
            if acknowledged.len() == 40 {
                // SIGKILL on Unix; more lines may have been written meanwhile.
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(acknowledged.len() >= 40);
        assert!(acknowledged[0] > highest, "an id was used again");
        let store = open(dir.path());
        assert!(store.notices().is_empty());
        let stored = ids(&store.events(&EventQuery { limit: usize::MAX, ..Default::default() }).unwrap());
        for number in acknowledged {
            let name = format!("s{number}");
            assert!(
                store
                    .session(&id(&name))
                    .unwrap()
                    .is_some_and(|session| session.status == SessionStatus::Abandoned)
            );
            assert_eq!(store.session_spans(&id(&name)).unwrap().len(), 2, "session {name}");
            assert!(stored.contains(&number));
        }
        highest = *stored.last().unwrap();
        assert!(store.reserve_event_ids(1).unwrap().0 > highest);
    }
}

fn write_until_killed(dir: &Path) -> ! {
    let store = open(dir);
    loop {
        let number = store.reserve_event_ids(1).unwrap().0;
        let name = format!("s{number}");
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        let of = TraceId::from_bytes(bytes).unwrap();
        store
            .write(&WriteBatch {
                sessions: vec![session(&name, 1)],
                traces: vec![(of, id(&name))],
                chunks: vec![chunk(&[span(of, 1, None), span(of, 2, Some(5))])],
                events: vec![custom(number, Some(&name))],
                ..Default::default()
            })
            .unwrap();
        println!("stored {number}");
    }
}
