//! How long, and how patiently, to wait for a lock.

use std::time::Duration;

/// When to try again, and when to give up. The deadline wins over the number of retries; a
/// release wakes a waiter before its delay is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Its name in logs.
    pub name: &'static str,
    /// How often it is tried again.
    pub retries: u32,
    /// How long before the first time; each further delay is [`Self::FACTOR`] times longer.
    pub first_delay: Duration,
    /// When to give up, counted from the first try.
    pub deadline: Duration,
    /// How long the lock may be held.
    pub ttl: Duration,
}

impl RetryPolicy {
    /// A single change.
    pub const DEFAULT: Self = Self {
        name: "default",
        retries: 3,
        first_delay: Duration::from_millis(100),
        deadline: Duration::from_millis(1_500),
        ttl: Duration::from_secs(30),
    };
    /// Several changes, all or nothing.
    pub const BATCH: Self = Self {
        name: "batch",
        retries: 5,
        first_delay: Duration::from_millis(200),
        deadline: Duration::from_secs(3),
        ttl: Duration::from_secs(60),
    };
    /// Rewards of many users.
    pub const REWARDS: Self = Self {
        name: "rewards",
        retries: 10,
        first_delay: Duration::from_millis(500),
        deadline: Duration::from_secs(15),
        ttl: Duration::from_secs(60),
    };

    /// All of them.
    pub const ALL: [Self; 3] = [Self::DEFAULT, Self::BATCH, Self::REWARDS];

    /// How much longer each delay is than the one before.
    pub const FACTOR: f64 = 1.5;
    /// By what part a delay is longer or shorter at random, so that waiters spread.
    pub const JITTER: f64 = 0.2;

    /// How long to wait before retry number `attempt`, from 0, unless a release wakes the waiter
    /// first. `random` is a number from 0 to 1. After the last retry only a release, or the
    /// deadline, ends the wait.
    pub fn delay(&self, attempt: u32, random: f64) -> Duration {
        if attempt >= self.retries {
            return self.deadline;
        }
        let growth = (0..attempt).fold(1.0, |growth, _| growth * Self::FACTOR);
        let spread = 1.0 + Self::JITTER * (2.0 * random - 1.0);
        self.first_delay.mul_f64(growth * spread).min(self.deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(policy: RetryPolicy, random: f64) -> Vec<u128> {
        (0..=policy.retries).map(|attempt| policy.delay(attempt, random).as_millis()).collect()
    }

    #[test]
    fn delays_grow_and_then_only_the_deadline_is_left() {
        assert_eq!(millis(RetryPolicy::DEFAULT, 0.5), [100, 150, 225, 1_500]);
        assert_eq!(millis(RetryPolicy::BATCH, 0.5), [200, 300, 450, 675, 1_012, 3_000]);
        assert_eq!(millis(RetryPolicy::REWARDS, 0.5)[..3], [500, 750, 1_125]);
    }

    #[test]
    fn delays_are_spread() {
        assert_eq!(millis(RetryPolicy::DEFAULT, 0.0)[..3], [80, 120, 180]);
        assert_eq!(millis(RetryPolicy::DEFAULT, 1.0)[..3], [120, 180, 270]);
    }
}
