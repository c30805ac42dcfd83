//! The cache. It cannot fail: a failure is a miss, counted and logged once.
//!
//! Only newer wins: whatever is written, and by whom, an entry's version never falls. `entry`
//! has the rules, and the markers that keep an older value from coming back; `outage` what
//! happens while Redis cannot be written; `near` keeps decoded rows in this process. Limits remain:
//! a Redis that evicts may evict a marker; entries that other services write without a version are
//! replaced by anything; and a row that was read before a change may follow it, if Redis is flushed
//! in between: where Redis does not tell of changes at all (without a near cache it is not asked to),
//! and otherwise if all of it happens while the fill, or the news, is on its way.

mod backend;
mod entry;
mod hash;
mod hot;
mod keyspaces;
mod long;
mod memory;
mod memory_periods;
mod near;
mod outage;
mod period_writes;
mod periods;
mod redis;
mod redis_long;
mod redis_periods;
mod redis_walk;
mod rows;
mod shelves;
mod stats;
#[cfg(test)]
mod tests;
mod upkeep;
mod vetting;
mod walk;

use std::{fmt::Display, hash::Hash, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};
use tokio_util::task::AbortOnDropHandle;

use self::{
    backend::Backend,
    memory::Memory,
    near::Near,
    outage::{Outage, Place},
    redis::RedisBackend,
    stats::{Stats, count},
};
pub use self::{
    backend::Standing,
    keyspaces::Keyspace,
    long::{LongFill, PeriodPage, PeriodQuery},
    periods::PeriodOrders,
    rows::{Filled, Moment},
    stats::{KeyspaceSnapshot, Snapshot},
    upkeep::{CacheEntry, Eviction, Unreachable, order_versions, versions},
    walk::{Census, WalkCursor, Walked},
};
use crate::{
    config::CacheConfig,
    entity::{Uid, transaction},
    redis::{Redis, Tracked},
};

const MIB: u64 = 1 << 20;

/// Handle to the cache, in Redis or in this process; cheap to clone.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    backend: Arc<Backend>,
    outage: Arc<Outage>,
    near: Arc<Near>,
    stats: Stats,
    /// Whether users are cached.
    users: bool,
    _repair: AbortOnDropHandle<()>,
    /// What Redis tells `near`.
    _tracking: Option<AbortOnDropHandle<()>>,
}

/// What the cache knows of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<T> {
    /// The value.
    Hit(T),
    /// There is no such row.
    Absent,
    /// Nothing that can be used.
    Miss,
}

/// A value that is cached as one string under one key.
pub trait Cached: Clone + Send + Sync + 'static {
    /// What it is looked up by.
    type Id: Clone + Display + Eq + Hash + Send + Sync;
    /// What is read under its key.
    type Json: DeserializeOwned;
    /// Its keys and their lifetime; a contract with other services.
    const KEYSPACE: Keyspace;
    /// Its own id.
    fn id(&self) -> Self::Id;
    /// What orders it: a higher version replaces a lower one, never the other way round.
    fn version(&self) -> i64;
    /// What is written under its key; it holds its version.
    fn json(&self) -> impl Serialize;
    /// From what was read under the key of `id`.
    fn from_json(id: &Self::Id, json: Self::Json) -> Self;
    /// Whether it can be what the key of `id` should hold. Others write to the cache too, and a
    /// row under a wrong key would show one user what is another's.
    fn belongs_to(&self, id: &Self::Id) -> bool;
}

/// The newest lines of a wallet's ledger, newest first: a JSON array under
/// `wallet_transactions_{uid}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatestTransactions {
    /// Whose wallet.
    pub uid: Uid,
    /// At most [`Self::CAPACITY`]; fewer means that there are no others.
    pub lines: Arc<Vec<transaction::Model>>,
}

impl LatestTransactions {
    /// How many lines are cached.
    pub const CAPACITY: usize = 50;
}

/// What a failed write leaves behind.
#[derive(Clone, Copy)]
enum OnLoss {
    /// Nothing: what was to be written was read a moment ago, and can be read again.
    Forget,
    /// A floor: what was to be written was committed, and what it replaces must not be read.
    Remember,
}

impl Cache {
    /// A cache in this Redis, or in this process. Within a Tokio runtime.
    pub fn connect(config: &CacheConfig, redis: Option<&Redis>) -> Self {
        let backend = Arc::new(match redis {
            Some(redis) => Backend::Redis(RedisBackend::new(redis.clone())),
            None => Backend::Memory(Memory::new(config.cache_capacity)),
        });
        let outage = Arc::new(Outage::default());
        let repair = {
            let (backend, outage) = (backend.clone(), outage.clone());
            tokio::spawn(async move { outage.repair(&backend).await })
        };
        let (near, tracking) = near_in_front(config, redis);
        Self(Arc::new(Inner {
            backend,
            outage,
            near,
            stats: Stats::new(),
            users: config.cache_users,
            _repair: AbortOnDropHandle::new(repair),
            _tracking: tracking,
        }))
    }

    /// Whether Redis is configured and cannot be used now, or is being repaired after that.
    pub fn degraded(&self) -> bool {
        !self.0.backend.is_up() || !self.0.outage.is_over()
    }

    /// How the cache does.
    pub async fn snapshot(&self) -> Snapshot {
        let size = self.0.backend.size().await;
        self.0.stats.snapshot(self.degraded(), &size)
    }

    fn skips(&self, keyspace: Keyspace) -> bool {
        keyspace == Keyspace::User && !self.0.users
    }

    fn lost(&self, place: Place, floor: i64, on_loss: OnLoss) {
        count(&self.0.stats.write_failures, 1);
        match on_loss {
            OnLoss::Forget => {}
            OnLoss::Remember => self.0.outage.raise(place, floor),
        }
    }
}

/// Rows in this process, and who tells them what changes: Redis, or nobody but this process where
/// it has a cache of its own.
fn near_in_front(
    config: &CacheConfig,
    redis: Option<&Redis>,
) -> (Arc<Near>, Option<AbortOnDropHandle<()>>) {
    let capacity = config.near_cache_mb * MIB;
    let near = Arc::new(Near::new(capacity, config.near_cache_ttl, config.stale_for));
    let tracking = match redis {
        _ if config.near_cache_mb == 0 => None,
        None => {
            near.hear(Tracked::Sure);
            None
        }
        Some(redis) => {
            let near = near.clone();
            let prefixes = Keyspace::ALL.map(Keyspace::prefix).into();
            Some(redis.track(prefixes, move |news| near.hear(news)))
        }
    };
    (near, tracking)
}
