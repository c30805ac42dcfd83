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

    /// How much longer each delay is than the one before.
    pub const FACTOR: f64 = 1.5;
    /// By what part a delay is longer or shorter at random, so that waiters spread.
    pub const JITTER: f64 = 0.2;

    /// The delays before each retry; together within the deadline. `random` gives numbers
    /// from 0 to 1.
    pub fn delays(&self, mut random: impl FnMut() -> f64) -> impl Iterator<Item = Duration> {
        let mut delay = self.first_delay;
        let mut left = self.deadline;
        (0..self.retries).map_while(move |_| {
            let spread = 1.0 + Self::JITTER * (2.0 * random() - 1.0);
            let next = delay.mul_f64(spread).min(left);
            delay = delay.mul_f64(Self::FACTOR);
            left -= next;
            (!next.is_zero()).then_some(next)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(policy: RetryPolicy, random: f64) -> Vec<u128> {
        policy.delays(|| random).map(|delay| delay.as_millis()).collect()
    }

    #[test]
    fn delays_grow_within_the_deadline() {
        assert_eq!(millis(RetryPolicy::DEFAULT, 0.5), [100, 150, 225]);
        assert_eq!(millis(RetryPolicy::BATCH, 0.5), [200, 300, 450, 675, 1_012]);
        let rewards = millis(RetryPolicy::REWARDS, 0.5);
        assert_eq!(&rewards[..3], [500, 750, 1_125]);
        assert_eq!(rewards.iter().sum::<u128>().div_ceil(10), 1_500);
        assert_eq!(rewards.len(), 7);
    }

    #[test]
    fn delays_are_spread() {
        assert_eq!(millis(RetryPolicy::DEFAULT, 0.0), [80, 120, 180]);
        assert_eq!(millis(RetryPolicy::DEFAULT, 1.0), [120, 180, 270]);
    }
}
