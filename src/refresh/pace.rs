//! How long to wait between two looks.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::config::RefreshConfig;

/// By how much the interval grows with each look that finds nothing.
const SLOW_DOWN: f64 = 1.5;
/// Longest wait after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The time between looks: longer while nothing changes, and while they fail.
pub(super) struct Pace {
    fastest: Duration,
    slowest: Duration,
    interval: Duration,
    failures: u32,
    pauses: ExponentialBackoff,
}

impl Pace {
    pub(super) fn new(config: &RefreshConfig) -> Self {
        Self {
            fastest: config.refresh_interval,
            slowest: config.refresh_slowest.max(config.refresh_interval),
            interval: config.refresh_interval,
            failures: 0,
            pauses: pauses(config.refresh_interval),
        }
    }

    /// How long to wait now.
    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// How often it failed in a row.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// A look succeeded. Only who is told of changes may look more seldom: polling is all that
    /// the others have.
    pub(super) fn succeeded(&mut self, found_something: bool, is_told: bool) {
        let failed = std::mem::take(&mut self.failures) > 0;
        if failed {
            self.pauses = pauses(self.fastest);
        }
        self.interval = match found_something || failed || !is_told {
            true => self.fastest,
            false => self.interval.mul_f64(SLOW_DOWN).min(self.slowest),
        };
    }

    /// A look failed.
    pub(super) fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
        self.interval = self.pauses.next().unwrap_or(LONGEST_PAUSE);
    }
}

fn pauses(shortest: Duration) -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(shortest)
        .with_max_delay(LONGEST_PAUSE.max(shortest))
        .without_max_times()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pace() -> Pace {
        let (refresh_interval, refresh_slowest) = (SECOND, 5 * SECOND);
        let config = RefreshConfig {
            refresh_interval,
            refresh_slowest,
            no_listen: false,
            no_refresh: false,
        };
        Pace::new(&config)
    }

    #[test]
    fn it_slows_down_while_nothing_changes_and_somebody_would_tell() {
        let mut pace = pace();
        for _ in 0..10 {
            pace.succeeded(false, true);
        }
        assert_eq!(pace.interval(), 5 * SECOND);
        pace.succeeded(true, true);
        assert_eq!(pace.interval(), SECOND);
        pace.succeeded(false, false);
        assert_eq!(pace.interval(), SECOND, "polling is all there is");
    }

    #[test]
    fn it_backs_off_while_it_fails() {
        let mut pace = pace();
        for _ in 0..20 {
            let before = pace.interval();
            pace.failed();
            assert!(pace.interval() >= before.min(LONGEST_PAUSE), "{:?}", pace.interval());
            assert!(pace.interval() <= 2 * LONGEST_PAUSE, "{:?}", pace.interval());
        }
        assert_eq!(pace.failures(), 20);
        pace.succeeded(false, true);
        assert_eq!((pace.interval(), pace.failures()), (SECOND, 0));
    }
}
