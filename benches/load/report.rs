//! What is told of it while it runs, and at the end.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use agent_inspector_benches::median;
use agent_inspector_benches::process::{processor_time, resident};
use serde_json::Value;

use crate::ask::Connection;
use crate::child::Child;
use crate::probe::{Latency, Place, Probe};
use crate::settings::Settings;
use crate::tally::Tally;

/// How often a row is printed.
const ROW: Duration = Duration::from_secs(10);

/// How much more memory the second half may take than the first, as a share: what is more is growth.
const FLAT: f64 = 0.1;

const MB: f64 = 1_048_576.0;

/// What was seen.
#[derive(Debug)]
pub(crate) struct Report {
    duration: Duration,
    host: u32,
    /// Of the calm before, of the load, and of the calm after, for each place.
    phases: Vec<(&'static str, [Latency; 3])>,
    /// Each second of the load.
    resident: Vec<f64>,
    lost: u64,
    wrong: Vec<String>,
}

pub(crate) fn explain() {
    println!(
        "Latency in ms, from when a request was due to its whole answer, p50 / p99: /work of the host with the inspector, /work of the\n\
         host without one at the same moments, and /health of the inspector. CPU: of the host with the inspector, in cores.\n"
    );
    println!(
        "{:>6} {:>17} {:>17} {:>17} {:>7} {:>5} {:>8} {:>9} {:>11} {:>8}",
        "",
        "/work",
        "/work without",
        "/health",
        "RSS MB",
        "CPU",
        "spans/s",
        "events/s",
        "deliveries/s",
        "readers"
    );
}

impl Report {
    pub(crate) fn new(settings: &Settings, host: u32) -> Self {
        Self {
            duration: settings.duration,
            host,
            phases: Vec::new(),
            resident: Vec::new(),
            lost: 0,
            wrong: Vec::new(),
        }
    }

    /// Looks at the host while nothing is done to it.
    pub(crate) fn calm(&mut self, name: &'static str, duration: Duration, probe: &Probe) {
        // The first answers, or the last of the load, are not those of calm.
        thread::sleep(Duration::from_secs(2));
        _ = take(probe);
        let worked = processor_time(&[self.host]);
        thread::sleep(duration);
        let seen = take(probe);
        let worked = processor_time(&[self.host]).saturating_sub(worked);
        let cores = worked.as_secs_f64() / duration.as_secs_f64();
        println!("{name:>6} {} {:>7.0} {cores:>5.2}", latencies(&seen), resident(self.host) as f64 / MB);
        self.phases.push((name, seen));
    }

    /// Looks at it while the load lasts, and says so now and then.
    pub(crate) fn load(&mut self, probe: &Probe, readers: &Child, writers: &Child, attacks: &Child) {
        let sums = || (readers.tally(), writers.tally(), attacks.tally());
        let mut all: Option<[Latency; 3]> = None;
        _ = take(probe);
        let (began, mut before) = (Instant::now(), sums());
        let (mut row, mut worked) = (Instant::now(), processor_time(&[self.host]));
        while began.elapsed() < self.duration {
            thread::sleep(Duration::from_secs(1));
            self.resident.push(resident(self.host) as f64 / MB);
            if row.elapsed() < ROW && began.elapsed() < self.duration {
                continue;
            }
            let (seen, now, took) = (take(probe), sums(), row.elapsed().as_secs_f64());
            let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / took;
            let working = processor_time(&[self.host]);
            println!(
                "{:>6} {} {:>7.0} {:>5.2} {:>8.0} {:>9.0} {:>11.0} {:>9}",
                began.elapsed().as_secs(),
                latencies(&seen),
                self.resident.last().copied().unwrap_or_default(),
                working.saturating_sub(worked).as_secs_f64() / took,
                rate(now.1.spans, before.1.spans),
                rate(now.1.events, before.1.events),
                rate(now.0.deliveries, before.0.deliveries),
                now.0.readers,
            );
            match &mut all {
                None => all = Some(seen),
                Some(all) => all.iter_mut().zip(&seen).for_each(|(all, seen)| all.add(seen)),
            }
            (before, row, worked) = (now, Instant::now(), working);
        }
        self.phases.extend(all.map(|all| ("load", all)));
    }

    /// What the attackers say.
    pub(crate) fn attacked(&mut self, tally: Tally) {
        println!("\nWhat the attackers got, how often:");
        self.told(&tally);
        let mut often: BTreeMap<String, u64> = BTreeMap::new();
        for wrong in tally.wrong {
            *often.entry(wrong).or_default() += 1;
        }
        self.wrong.extend(often.into_iter().map(|(what, times)| format!("{what} ({times} times)")));
    }

    /// What the writers say, after they have looked for what was acknowledged.
    pub(crate) fn written(&mut self, tally: Tally) {
        println!("\nWhat the writers got:");
        self.told(&tally);
        println!(
            "  acknowledged: {} spans ({:.0}/s), {} events, {} hooks; looked for {} spans and events of them, lost {}",
            tally.spans,
            tally.spans as f64 / self.duration.as_secs_f64(),
            tally.events,
            tally.hooks,
            tally.looked_for,
            tally.lost
        );
        self.lost += tally.lost;
        if tally.looked_for == 0 {
            self.wrong.push("nothing was looked for".to_owned());
        }
        self.wrong.extend(tally.wrong);
    }

    /// What the readers say.
    pub(crate) fn read(&mut self, tally: &Tally) {
        println!("\nWhat the readers got:");
        self.told(tally);
        println!(
            "  {} events, {} times that events are missing; {} streams ended and were resumed",
            tally.deliveries, tally.gaps, tally.resumed
        );
    }

    fn told(&self, tally: &Tally) {
        for (what, outcomes) in &tally.answers {
            let outcomes: Vec<_> =
                outcomes.iter().map(|(outcome, times)| format!("{outcome}: {times}")).collect();
            println!("  {what:<40} {}", outcomes.join(", "));
        }
    }

    /// The figures of the whole, and whether they are what they must be.
    pub(crate) fn end(&mut self, probe: &Probe, port: u16, places: [Place; 3]) {
        _ = take(probe);
        println!("\n{:>6} {:>17} {:>17} {:>17}   answers, failed", "", "/work", "/work without", "/health");
        for (name, seen) in &self.phases {
            let answers = places.map(|place| {
                let seen = &seen[place as usize];
                format!("{}, {}", seen.times.len(), seen.failed)
            });
            println!("{name:>6} {}   {}", latencies(seen), answers.join("; "));
        }
        let phase = |name: &str| self.phases.iter().find(|(phase, _)| *phase == name).map(|(_, seen)| seen);
        if let (Some(calm), Some(load)) = (phase("calm"), phase("load")) {
            for quantile in [0.5, 0.99] {
                let host = load[Place::Host as usize].at(quantile);
                println!(
                    "  p{:.0} of the host's endpoint: {:.1} times that of the host without an inspector beside it, {:.1} times its own in calm",
                    quantile * 100.0,
                    host / load[Place::Bare as usize].at(quantile),
                    host / calm[Place::Host as usize].at(quantile),
                );
            }
        }
        let failed: u64 =
            self.phases.iter().flat_map(|(_, seen)| seen.iter().map(|latency| latency.failed)).sum();
        if failed > 0 {
            self.wrong.push(format!("{failed} requests of the host's endpoint or of /health failed"));
        }
        self.memory();
        self.health(port);
        if self.lost > 0 {
            self.wrong.push(format!("{} acknowledged spans or events are lost", self.lost));
        }
        for wrong in &self.wrong {
            println!("  WRONG: {wrong}");
        }
    }

    fn memory(&mut self) {
        let quarter = self.resident.len() / 4;
        let of = |quarters: std::ops::Range<usize>| {
            let part = self.resident.get(quarters.start * quarter..quarters.end * quarter);
            median(part.unwrap_or_default().to_vec()).unwrap_or(f64::NAN)
        };
        let (third, fourth) = (of(2..3), of(3..4));
        let most = self.resident.iter().copied().fold(f64::NAN, f64::max);
        println!(
            "  resident, medians of the quarters: {:.0}, {:.0}, {third:.0}, {fourth:.0} MB; at most {most:.0} MB; the second half grew by {:.1} %",
            of(0..1),
            of(1..2),
            (fourth / third - 1.0) * 100.0
        );
        if fourth > third * (1.0 + FLAT) {
            self.wrong.push("memory is not flat".to_owned());
        }
    }

    /// The inspector's own word about it.
    fn health(&mut self, port: u16) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let asked = runtime.map(|runtime| runtime.block_on(Connection::new(port).get("/health")));
        let health: Value = match asked {
            Ok(Ok(answer)) => serde_json::from_slice(&answer.body).unwrap_or_default(),
            _ => Value::Null,
        };
        println!("  /health: {}, {}", health["status"], health["counters"]);
        for count in ["panics_contained", "hooks_lost", "hooks_not_stored", "not_stored"] {
            if health["counters"][count].as_u64() != Some(0) {
                self.wrong.push(format!("{count} is {}", health["counters"][count]));
            }
        }
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.wrong.is_empty()
    }
}

fn take(probe: &Probe) -> [Latency; 3] {
    Place::ALL.map(|place| probe.take(place))
}

fn latencies(seen: &[Latency; 3]) -> String {
    let cells = seen.iter().map(|latency| format!("{:>8.2} / {:>6.1}", latency.at(0.5), latency.at(0.99)));
    cells.collect::<Vec<_>>().join(" ")
}
