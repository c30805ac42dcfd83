//! How the locks do.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use hdrhistogram::Histogram;
use parking_lot::Mutex;

/// The locks of this instance, counted since start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LockStats {
    /// Locks taken.
    pub acquired: u64,
    /// Locks that somebody else held when they were asked for.
    pub contended: u64,
    /// Waiters that gave up.
    pub timeouts: u64,
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
    timeouts: AtomicU64,
    retries: AtomicU64,
    wait: Mutex<Histogram<u64>>,
    hold: Mutex<Histogram<u64>>,
}

impl Stats {
    pub(super) fn new() -> Self {
        Self {
            acquired: AtomicU64::default(),
            contended: AtomicU64::default(),
            timeouts: AtomicU64::default(),
            retries: AtomicU64::default(),
            wait: Mutex::new(histogram()),
            hold: Mutex::new(histogram()),
        }
    }

    pub(super) fn attempted(&self, held: usize, busy: usize) {
        self.acquired.fetch_add(held as u64, Relaxed);
        self.contended.fetch_add(busy as u64, Relaxed);
    }

    pub(super) fn timed_out(&self) {
        self.timeouts.fetch_add(1, Relaxed);
    }

    pub(super) fn waited(&self, wait: Duration, retries: u32) {
        self.retries.fetch_add(u64::from(retries), Relaxed);
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
            timeouts: self.timeouts.load(Relaxed),
            average_retries: self.retries.load(Relaxed) as f64 / wait.len().max(1) as f64,
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
