//! User locks: they order work between instances and are visible. Correctness rests on row
//! locks, not on them.
//!
//! A lock is a lease of a few seconds that its holder renews, so that an instance that dies
//! blocks its wallets no longer than that. With Redis gone everything is granted.

mod instances;
mod memory;
mod policies;
mod redis;
mod renewal;
mod stats;
mod stray;
#[cfg(test)]
mod tests;
mod waiters;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use self::waiters::Waiters;
pub use self::{instances::Missed, policies::RetryPolicy, stats::LockStats, waiters::Waiting};
use self::{memory::MemoryLocks, redis::RedisLocks, renewal::Held, stats::Stats};
use crate::{
    entity::{Uid, clock},
    redis::Redis,
};

/// How long a lock outlives a holder that stopped renewing it.
const LEASE: Duration = Duration::from_secs(5);

/// Handle to the locks, in Redis or in this process; cheap to clone.
#[derive(Clone)]
pub struct Locks(Arc<Inner>);

struct Inner {
    /// What this instance's tokens start with.
    instance: String,
    issued: AtomicU64,
    backend: Arc<Backend>,
    held: Arc<Held>,
    released: Arc<watch::Sender<()>>,
    stats: Stats,
    waiters: Waiters,
    _tasks: [AbortOnDropHandle<()>; 2],
}

enum Backend {
    Redis(RedisLocks),
    Memory(MemoryLocks),
}

/// What one attempt got. Dropping it without [`Locks::release`] lets the locks lapse.
pub struct Grant {
    /// Locked for us (or assumed to be, while Redis is gone).
    pub held: Vec<Uid>,
    /// Held by somebody else now.
    pub busy: Vec<Uid>,
    token: String,
    since: Instant,
    registry: Arc<Held>,
}

impl Drop for Grant {
    fn drop(&mut self) {
        self.registry.remove(&self.token);
    }
}

/// A wallet's lock as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockStatus {
    /// Whether somebody holds it.
    pub held: bool,
    /// Who: instance, number and time, or what another service wrote.
    pub holder: Option<String>,
    /// When it lapses unless it is renewed, in milliseconds from now.
    pub ttl_ms: Option<u64>,
    /// Since when, where the holder says so.
    pub acquired_at: Option<DateTime<Utc>>,
    /// How many of this instance's changes wait for it.
    pub waiters: u64,
}

impl Locks {
    /// Locks in this Redis, or in this process; `instance` names this one among others.
    /// Within a Tokio runtime.
    pub fn connect(instance: &str, redis: Option<&Redis>) -> Self {
        let backend = Arc::new(match redis {
            Some(redis) => Backend::Redis(RedisLocks::new(instance, redis.clone())),
            None => Backend::Memory(MemoryLocks::default()),
        });
        let held = Arc::new(Held::default());
        let released = Arc::new(watch::Sender::new(()));
        let renewal = {
            let (held, backend) = (held.clone(), backend.clone());
            tokio::spawn(async move { held.keep(&backend).await })
        };
        let wakeups = {
            let (backend, released) = (backend.clone(), released.clone());
            tokio::spawn(async move { backend.forward_releases(&released).await })
        };
        Self(Arc::new(Inner {
            instance: instance.to_owned(),
            issued: AtomicU64::default(),
            backend,
            held,
            released,
            stats: Stats::new(),
            waiters: Waiters::default(),
            _tasks: [renewal, wakeups].map(AbortOnDropHandle::new),
        }))
    }

    /// Takes those of `uids` that are free, in uid order, one round trip (a slot). They are
    /// held until [`Self::release`], for `ttl` at most.
    pub async fn try_acquire(&self, uids: &[Uid], ttl: Duration) -> Grant {
        let mut uids = uids.to_vec();
        uids.sort_unstable();
        uids.dedup();
        let token = self.token();
        let taken = self.0.backend.acquire(&uids, &token, LEASE.min(ttl)).await;
        let (mut held, mut busy) = (Vec::with_capacity(uids.len()), Vec::new());
        for (uid, taken) in uids.into_iter().zip(taken) {
            if taken { held.push(uid) } else { busy.push(uid) }
        }
        self.0.stats.attempted(held.len(), busy.len());
        self.0.held.insert(&token, &held, ttl);
        Grant { held, busy, token, since: Instant::now(), registry: self.0.held.clone() }
    }

    /// Gives back what [`Self::try_acquire`] got, and wakes who waits for it.
    pub async fn release(&self, grant: Grant) {
        // No renewal may follow.
        self.0.held.remove(&grant.token);
        if grant.held.is_empty() {
            return;
        }
        self.0.stats.held_for(grant.since.elapsed());
        self.0.backend.release(&grant.held, &grant.token).await;
        self.0.released.send_replace(());
    }

    /// Changes whenever a lock was given back, here or by another instance: time to try again.
    pub fn released(&self) -> watch::Receiver<()> {
        self.0.released.subscribe()
    }

    /// Who holds a wallet's lock. With Redis gone: nobody.
    pub async fn status(&self, uid: &Uid) -> LockStatus {
        let found = self.0.backend.status(uid).await;
        let (holder, ttl) = found.map_or((None, None), |(holder, ttl)| (Some(holder), Some(ttl)));
        LockStatus {
            held: holder.is_some(),
            acquired_at: holder.as_deref().and_then(acquired_at),
            holder,
            ttl_ms: ttl.map(|ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)),
            waiters: self.0.waiters.count(uid),
        }
    }

    /// Counts somebody among those who wait for these locks, until it is dropped.
    pub fn wait_for(&self, uids: Vec<Uid>) -> Waiting {
        self.0.waiters.wait(uids)
    }

    /// Takes a lock away, if `expected_holder` (or anybody) holds it; answers who did. The row
    /// lock keeps them from writing over anything.
    pub async fn force_release(&self, uid: &Uid, expected_holder: Option<&str>) -> Option<String> {
        let holder = self.0.backend.force_release(uid, expected_holder).await?;
        self.0.released.send_replace(());
        Some(holder)
    }

    /// Says that this instance lives, and answers which others were not heard of for as long as
    /// `silence`, though they did not say goodbye. In this process there are no others.
    pub async fn beat(&self, silence: TimeDelta) -> Vec<Missed> {
        match &*self.0.backend {
            Backend::Redis(redis) => redis.beat(&self.0.instance, silence).await,
            Backend::Memory(_) => vec![],
        }
    }

    /// Misses an instance no more.
    pub async fn forget(&self, instance: &str) {
        match &*self.0.backend {
            Backend::Redis(redis) => redis.forget(instance).await,
            Backend::Memory(_) => {}
        }
    }

    /// Says goodbye: nobody is to miss this instance.
    pub async fn leave(&self) {
        self.forget(&self.0.instance).await;
    }

    /// Notes that somebody gave up waiting, as this policy has it.
    pub fn record_timeout(&self, policy: &RetryPolicy) {
        self.0.stats.timed_out(policy);
    }

    /// Notes how long somebody waited for their locks, and how often they tried again.
    pub fn record_wait(&self, wait: Duration, retries: u32) {
        self.0.stats.waited(wait, retries);
    }

    /// How the locks do, counted since start.
    pub fn stats(&self) -> LockStats {
        self.0.stats.snapshot()
    }

    /// Unique, and says who and since when.
    fn token(&self) -> String {
        let number = self.0.issued.fetch_add(1, Relaxed);
        format!("{}/{number}@{}", self.0.instance, clock::now().timestamp_millis())
    }
}

fn acquired_at(holder: &str) -> Option<DateTime<Utc>> {
    let (_, millis) = holder.rsplit_once('@')?;
    DateTime::from_timestamp_millis(millis.parse().ok()?)
}

impl Backend {
    async fn acquire(&self, uids: &[Uid], token: &str, lease: Duration) -> Vec<bool> {
        match self {
            Self::Redis(redis) => redis.acquire(uids, token, lease).await,
            Self::Memory(memory) => memory.acquire(uids, token, lease),
        }
    }

    async fn release(&self, uids: &[Uid], token: &str) {
        match self {
            Self::Redis(redis) => redis.release(uids, token).await,
            Self::Memory(memory) => memory.release(uids, token),
        }
    }

    /// Answers which locks are theirs no more.
    async fn renew(&self, locks: &[(Uid, String)]) -> Vec<(Uid, String)> {
        match self {
            Self::Redis(redis) => redis.renew(locks, LEASE).await,
            Self::Memory(memory) => memory.renew(locks, LEASE),
        }
    }

    async fn status(&self, uid: &Uid) -> Option<(String, Duration)> {
        match self {
            Self::Redis(redis) => redis.status(uid).await,
            Self::Memory(memory) => memory.status(uid),
        }
    }

    async fn force_release(&self, uid: &Uid, expected: Option<&str>) -> Option<String> {
        match self {
            Self::Redis(redis) => redis.force_release(uid, expected).await,
            Self::Memory(memory) => memory.force_release(uid, expected),
        }
    }

    async fn forward_releases(&self, released: &watch::Sender<()>) {
        match self {
            Self::Redis(redis) => {
                tokio::join!(redis.forward_releases(released), redis.release_strays(released));
            }
            // There is no other instance.
            Self::Memory(_) => {}
        }
    }
}
