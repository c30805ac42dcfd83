//! The locks of wallets.

use async_graphql::{Context, Object};

use super::{
    context::ContextExt,
    scalars::{DateTime, Long},
};
use crate::{balance, entity::Uid};

/// A wallet's lock as it stands.
pub struct LockStatus {
    uid: Uid,
    status: balance::LockStatus,
}

impl LockStatus {
    /// As it stands now.
    pub async fn read(ctx: &Context<'_>, uid: Uid) -> Self {
        let status = ctx.balance().locks().status(&uid).await;
        Self { uid, status }
    }
}

/// A wallet's lock as it stands. It orders work between instances; what keeps a balance right
/// is the database's row lock.
#[Object]
impl LockStatus {
    /// Whose wallet.
    async fn uid(&self) -> &Uid {
        &self.uid
    }

    /// Whether somebody holds it. While Redis is away nobody is known to.
    async fn held(&self) -> bool {
        self.status.held
    }

    /// Who holds it: an instance, a number and a time, or what another service wrote.
    async fn holder(&self) -> Option<&str> {
        self.status.holder.as_deref()
    }

    /// When it lapses unless it is renewed, in milliseconds from now.
    async fn ttl_ms(&self) -> Option<Long> {
        self.status.ttl_ms.map(Long)
    }

    /// Since when it is held, where the holder says so.
    async fn acquired_at(&self) -> Option<DateTime> {
        self.status.acquired_at.map(DateTime)
    }

    /// How many changes of this instance wait for it.
    async fn waiters(&self) -> Long {
        Long(self.status.waiters)
    }
}

/// A lock that was broken.
pub struct ReleasedLock(pub balance::ReleasedLock);

/// A lock that was to be broken by hand.
#[Object(name = "LockReleaseEvent")]
impl ReleasedLock {
    /// Whose wallet.
    async fn uid(&self) -> &Uid {
        &self.0.uid
    }

    /// Who held it; null when it was free, or another than expected held it.
    async fn holder(&self) -> Option<&str> {
        self.0.holder.as_deref()
    }

    /// Why, in the caller's words.
    async fn reason(&self) -> &str {
        &self.0.reason
    }
}

/// How the locks do.
pub struct LockStats(pub balance::LockStats);

/// How the locks do, counted by this instance since its start.
#[Object]
impl LockStats {
    /// Locks taken.
    async fn acquired(&self) -> Long {
        Long(self.0.acquired)
    }

    /// Locks that somebody else held when they were asked for.
    async fn contended(&self) -> Long {
        Long(self.0.contended)
    }

    /// Waiters that gave up, and were refused with SYSTEM_BUSY.
    async fn timeouts(&self) -> Long {
        Long(self.0.timeouts.iter().map(|(_, count)| count).sum())
    }

    /// The same by the policy whose deadline had come.
    async fn timeouts_by_policy(&self) -> Vec<LockTimeoutStats> {
        self.0.timeouts.iter().map(|(policy, count)| LockTimeoutStats(policy, *count)).collect()
    }

    /// How often a waiter tried again, on average.
    async fn average_retries(&self) -> f64 {
        self.0.average_retries
    }

    /// Waiters by how often they tried again.
    async fn retries(&self) -> Vec<LockRetryStats> {
        let last = self.0.retries.len().saturating_sub(1);
        let stats = |(retries, count): (usize, &u64)| LockRetryStats {
            retries,
            or_more: retries == last,
            waiters: *count,
        };
        self.0.retries.iter().enumerate().map(stats).collect()
    }

    /// Half of all waiters waited no longer.
    async fn wait_p50_ms(&self) -> f64 {
        self.0.wait_p50_ms
    }

    /// 99% of all waiters waited no longer.
    async fn wait_p99_ms(&self) -> f64 {
        self.0.wait_p99_ms
    }

    /// Half of all locks were held no longer.
    async fn hold_p50_ms(&self) -> f64 {
        self.0.hold_p50_ms
    }

    /// 99% of all locks were held no longer.
    async fn hold_p99_ms(&self) -> f64 {
        self.0.hold_p99_ms
    }
}

/// A policy's name, and how many gave up as it says.
pub struct LockTimeoutStats(&'static str, u64);

/// Who gave up waiting.
#[Object]
impl LockTimeoutStats {
    /// `default` (a single change: 1.5 s), `batch` (3 s) or `rewards` (15 s).
    async fn policy(&self) -> &str {
        self.0
    }

    /// How many.
    async fn count(&self) -> Long {
        Long(self.1)
    }
}

/// How many tried again this often.
pub struct LockRetryStats {
    retries: usize,
    or_more: bool,
    waiters: u64,
}

/// How many waiters tried again how often.
#[Object]
impl LockRetryStats {
    /// How often.
    async fn retries(&self) -> usize {
        self.retries
    }

    /// Whether those that tried more often are counted here too.
    async fn or_more(&self) -> bool {
        self.or_more
    }

    /// How many.
    async fn waiters(&self) -> Long {
        Long(self.waiters)
    }
}
