//! How the cache does.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use hdrhistogram::Histogram;
use parking_lot::Mutex;

use super::{backend::Size, keyspaces::Keyspace};
use crate::entity::clock;

/// The cache at a moment, counted since start.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// When it was taken.
    pub at: DateTime<Utc>,
    /// Whether Redis is configured and cannot be used now, or is being repaired after an outage.
    pub degraded: bool,
    /// Entries of all services that share the Redis, or of this process; `None` while unknown.
    pub keys: Option<u64>,
    /// What they take.
    pub memory_bytes: Option<u64>,
    /// Entries that were thrown out for lack of room.
    pub evictions: Option<u64>,
    /// Writes that could not be done; their older values are not read here.
    pub write_failures: u64,
    /// Half of all look-ups took no longer, in milliseconds.
    pub p50_ms: f64,
    /// 99% of all look-ups took no longer, in milliseconds.
    pub p99_ms: f64,
    /// By keyspace.
    pub keyspaces: Vec<KeyspaceSnapshot>,
}

impl Snapshot {
    /// Entries found.
    pub fn hits(&self) -> u64 {
        self.keyspaces.iter().map(|keyspace| keyspace.hits).sum()
    }

    /// Those of them that were found in this process, without asking Redis.
    pub fn near_hits(&self) -> u64 {
        self.keyspaces.iter().map(|keyspace| keyspace.near_hits).sum()
    }

    /// Entries looked for and not found.
    pub fn misses(&self) -> u64 {
        self.keyspaces.iter().map(|keyspace| keyspace.misses).sum()
    }

    /// Entries found that say that there is no such row.
    pub fn negative_hits(&self) -> u64 {
        self.keyspaces.iter().map(|keyspace| keyspace.negative_hits).sum()
    }

    /// What part of look-ups found something, 0 to 1; 0 where nothing was looked for.
    pub fn hit_ratio(&self) -> f64 {
        ratio(self.hits() + self.negative_hits(), self.misses())
    }
}

/// One keyspace at a moment, counted since start.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyspaceSnapshot {
    /// Its name, such as `wallet`.
    pub name: &'static str,
    /// How long an entry is kept.
    pub ttl: Duration,
    /// Entries found.
    pub hits: u64,
    /// Those of them that were found in this process, without asking Redis.
    pub near_hits: u64,
    /// Entries looked for and not found.
    pub misses: u64,
    /// Entries that could not be read.
    pub errors: u64,
    /// Entries stored.
    pub fills: u64,
    /// Entries not stored, because something newer was there.
    pub rejected_stale: u64,
    /// Entries found that say that there is no such row.
    pub negative_hits: u64,
    /// Entries now, where that is known: in Redis, as the last walk counted them.
    pub keys: Option<u64>,
    /// What they take, where that is known.
    pub bytes: Option<u64>,
    /// Half of its look-ups took no longer, in milliseconds.
    pub p50_ms: f64,
    /// 99% of its look-ups took no longer, in milliseconds.
    pub p99_ms: f64,
}

impl KeyspaceSnapshot {
    /// What part of look-ups found something, 0 to 1; 0 where nothing was looked for.
    pub fn hit_ratio(&self) -> f64 {
        ratio(self.hits + self.negative_hits, self.misses)
    }
}

/// Counters of one keyspace.
pub(super) struct Counters {
    /// Without those near.
    pub(super) hits: AtomicU64,
    pub(super) near_hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) errors: AtomicU64,
    pub(super) fills: AtomicU64,
    pub(super) rejected_stale: AtomicU64,
    pub(super) negative_hits: AtomicU64,
    latency: Mutex<Histogram<u64>>,
}

impl Counters {
    fn new() -> Self {
        Self {
            hits: AtomicU64::default(),
            near_hits: AtomicU64::default(),
            misses: AtomicU64::default(),
            errors: AtomicU64::default(),
            fills: AtomicU64::default(),
            rejected_stale: AtomicU64::default(),
            negative_hits: AtomicU64::default(),
            latency: Mutex::new(histogram()),
        }
    }

    /// Notes how long a look-up took, whatever it found.
    pub(super) fn took(&self, since: Instant) {
        let micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.latency.lock().saturating_record(micros);
    }

    fn snapshot(&self, keyspace: Keyspace, size: &Size) -> KeyspaceSnapshot {
        let size = size.keyspaces.get(&keyspace);
        let latency = self.latency.lock();
        let near_hits = self.near_hits.load(Relaxed);
        KeyspaceSnapshot {
            name: keyspace.name(),
            ttl: keyspace.ttl(),
            hits: self.hits.load(Relaxed) + near_hits,
            near_hits,
            misses: self.misses.load(Relaxed),
            errors: self.errors.load(Relaxed),
            fills: self.fills.load(Relaxed),
            rejected_stale: self.rejected_stale.load(Relaxed),
            negative_hits: self.negative_hits.load(Relaxed),
            keys: size.map(|(keys, _)| *keys),
            bytes: size.map(|(_, bytes)| *bytes),
            p50_ms: millis(&latency, 0.5),
            p99_ms: millis(&latency, 0.99),
        }
    }
}

/// Counters of all keyspaces.
pub(super) struct Stats {
    keyspaces: [Counters; Keyspace::ALL.len()],
    pub(super) write_failures: AtomicU64,
}

impl Stats {
    pub(super) fn new() -> Self {
        Self {
            keyspaces: std::array::from_fn(|_| Counters::new()),
            write_failures: AtomicU64::default(),
        }
    }

    pub(super) fn of(&self, keyspace: Keyspace) -> &Counters {
        &self.keyspaces[keyspace as usize]
    }

    pub(super) fn snapshot(&self, degraded: bool, size: &Size) -> Snapshot {
        let mut all = histogram();
        for counters in &self.keyspaces {
            // Histograms of the same bounds always add up.
            let _ = all.add(&*counters.latency.lock());
        }
        Snapshot {
            at: clock::now(),
            degraded,
            keys: size.keys,
            memory_bytes: size.bytes,
            evictions: size.evictions,
            write_failures: self.write_failures.load(Relaxed),
            p50_ms: millis(&all, 0.5),
            p99_ms: millis(&all, 0.99),
            keyspaces: Keyspace::ALL.map(|k| self.of(k).snapshot(k, size)).into(),
        }
    }
}

/// One more, or so many more.
pub(super) fn count(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Relaxed);
}

/// Microseconds up to a minute, to 1%.
fn histogram() -> Histogram<u64> {
    // The bounds are constants that the constructor accepts.
    #[allow(clippy::unwrap_used)]
    Histogram::new_with_bounds(1, 60_000_000, 2).unwrap()
}

fn millis(micros: &Histogram<u64>, quantile: f64) -> f64 {
    micros.value_at_quantile(quantile) as f64 / 1_000.0
}

fn ratio(found: u64, missed: u64) -> f64 {
    match found + missed {
        0 => 0.0,
        all => found as f64 / all as f64,
    }
}
