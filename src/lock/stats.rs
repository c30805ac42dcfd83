//! How the locks do.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use hdrhistogram::Histogram;
use parking_lot::Mutex;

use super::RetryPolicy;

/// Retries are counted apart up to the most that a policy makes; a release wakes more.
const MOST_RETRIES: usize = RetryPolicy::REWARDS.retries as usize;

/// The locks of this instance, counted since start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LockStats {
    /// Locks taken.
    pub acquired: u64,
    /// Locks that somebody else held when they were asked for.
    pub contended: u64,
    /// Waiters that gave up, by the name of the policy whose deadline had come.
    pub timeouts: Vec<(&'static str, u64)>,
    /// Waiters by how often they tried again, from 0; the last are those that did more often.
    pub retries: Vec<u64>,
    /// How often a waiter tried again, on average.
    pub average_retries: f64,
    /// Half of all waiters waited no longer, in milliseconds.
    pub wait_p50_ms: f64,
    /// 99% of all waiters waited no longer, in milliseconds.
    pub wait_p99_ms: f64,
    /// Half of all locks were held no longer, in milliseconds.
    pub hold_p50_ms: f64,
    /// 99% of all locks were held no longer, in milliseconds.
    pub hold_p99_ms: f64,
}

pub(super) struct Stats {
    acquired: AtomicU64,
    contended: AtomicU64,
    timeouts: [AtomicU64; RetryPolicy::ALL.len()],
    retries: [AtomicU64; MOST_RETRIES + 2],
    all_retries: AtomicU64,
    wait: Mutex<Histogram<u64>>,
    hold: Mutex<Histogram<u64>>,
}

impl Stats {
    pub(super) fn new() -> Self {
        Self {
            acquired: AtomicU64::default(),
            contended: AtomicU64::default(),
            timeouts: Default::default(),
            retries: Default::default(),
            all_retries: AtomicU64::default(),
            wait: Mutex::new(histogram()),
            hold: Mutex::new(histogram()),
        }
    }

    pub(super) fn attempted(&self, held: usize, busy: usize) {
        self.acquired.fetch_add(held as u64, Relaxed);
        self.contended.fetch_add(busy as u64, Relaxed);
    }

    pub(super) fn timed_out(&self, policy: &RetryPolicy) {
        for (known, count) in RetryPolicy::ALL.iter().zip(&self.timeouts) {
            if known.name == policy.name {
                count.fetch_add(1, Relaxed);
            }
        }
    }

    pub(super) fn waited(&self, wait: Duration, retries: u32) {
        self.all_retries.fetch_add(u64::from(retries), Relaxed);
        let bucket = (retries as usize).min(MOST_RETRIES + 1);
        self.retries[bucket].fetch_add(1, Relaxed);
        self.wait.lock().saturating_record(micros(wait));
    }

    pub(super) fn held_for(&self, hold: Duration) {
        self.hold.lock().saturating_record(micros(hold));
    }

    pub(super) fn snapshot(&self) -> LockStats {
        let (wait, hold) = (self.wait.lock(), self.hold.lock());
        LockStats {
            acquired: self.acquired.load(Relaxed),
            contended: self.contended.load(Relaxed),
            timeouts: RetryPolicy::ALL
                .iter()
                .zip(&self.timeouts)
                .map(|(policy, count)| (policy.name, count.load(Relaxed)))
                .collect(),
            retries: self.retries.iter().map(|count| count.load(Relaxed)).collect(),
            average_retries: self.all_retries.load(Relaxed) as f64 / wait.len().max(1) as f64,
            wait_p50_ms: millis(&wait, 0.5),
            wait_p99_ms: millis(&wait, 0.99),
            hold_p50_ms: millis(&hold, 0.5),
            hold_p99_ms: millis(&hold, 0.99),
        }
    }
}

/// Microseconds up to a minute, to 1%.
fn histogram() -> Histogram<u64> {
    // The bounds are constants that the constructor accepts.
    #[allow(clippy::unwrap_used)]
    Histogram::new_with_bounds(1, 60_000_000, 2).unwrap()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn millis(micros: &Histogram<u64>, quantile: f64) -> f64 {
    micros.value_at_quantile(quantile) as f64 / 1_000.0
}
