//! The cache. It cannot fail: a failure is a miss, counted and logged once.
//!
//! Only newer wins: whatever is written, and by whom, an entry's version never falls. `entry`
//! has the rules, and the markers that keep an older value from coming back; `outage` what
//! happens while Redis cannot be written. Two limits remain: a Redis that evicts may evict a
//! marker, and entries that other services write without a version are replaced by anything.

mod backend;
mod entry;
mod keyspaces;
mod memory;
mod outage;
mod periods;
mod redis;
mod stats;
#[cfg(test)]
mod tests;

use std::{fmt::Display, hash::Hash, sync::Arc, time::Instant};

use serde::{Serialize, de::DeserializeOwned};
use tokio_util::task::AbortOnDropHandle;

use self::{
    backend::{Backend, Lost, Write, Written},
    entry::{Entry, Found, jittered},
    memory::Memory,
    outage::{Outage, Place},
    redis::RedisBackend,
    stats::{Stats, count},
};
pub use self::{
    keyspaces::Keyspace,
    periods::PeriodOrders,
    stats::{KeyspaceSnapshot, Snapshot},
};
use crate::{config::CacheConfig, entity::Uid, entity::transaction, redis::Redis};

/// How long the absence of a row is remembered, before jitter.
const ABSENT_TTL: std::time::Duration = std::time::Duration::from_secs(5);

/// Handle to the cache, in Redis or in this process; cheap to clone.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    backend: Arc<Backend>,
    outage: Arc<Outage>,
    stats: Stats,
    /// Whether users are cached.
    users: bool,
    _repair: AbortOnDropHandle<()>,
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
    /// From what was read under its key.
    fn from_json(id: &Self::Id, json: Self::Json) -> Self;
}

/// The newest lines of a wallet's ledger, newest first: a JSON array under
/// `wallet_transactions_{uid}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatestTransactions {
    /// Whose wallet.
    pub uid: Uid,
    /// At most [`Self::CAPACITY`]; fewer means that there are no others.
    pub lines: Vec<transaction::Model>,
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
        Self(Arc::new(Inner {
            backend,
            outage,
            stats: Stats::new(),
            users: config.cache_users,
            _repair: AbortOnDropHandle::new(repair),
        }))
    }

    /// Looks up `ids`, answers in their order. One MGET (a pipeline by slot on a cluster).
    pub async fn get<T: Cached>(&self, ids: &[T::Id]) -> Vec<Lookup<T>> {
        if ids.is_empty() || self.skips(T::KEYSPACE) || self.0.outage.is_overflown() {
            return vec![Lookup::Miss; ids.len()];
        }
        let started = Instant::now();
        let keys: Vec<String> = ids.iter().map(|id| T::KEYSPACE.key(id)).collect();
        // Before Redis is asked: a floor may be settled while an answer from before is on its way.
        let floor = |key: &String| self.0.outage.floor(T::KEYSPACE, key);
        let floors: Vec<i64> = keys.iter().map(floor).collect();
        let texts = self.0.backend.get(&keys).await;
        self.0.stats.of(T::KEYSPACE).took(started);
        let found = ids.iter().zip(floors).zip(texts);
        found.map(|((id, floor), text)| self.read(id, floor, text)).collect()
    }

    fn read<T: Cached>(
        &self,
        id: &T::Id,
        floor: i64,
        text: Result<Option<bytes::Bytes>, Lost>,
    ) -> Lookup<T> {
        let counters = self.0.stats.of(T::KEYSPACE);
        let found = decode(id, text).unwrap_or_else(|| {
            count(&counters.errors, 1);
            Lookup::Miss
        });
        match found {
            Lookup::Hit((version, value)) if version >= floor => {
                count(&counters.hits, 1);
                Lookup::Hit(value)
            }
            Lookup::Absent if floor == i64::MIN => {
                count(&counters.negative_hits, 1);
                Lookup::Absent
            }
            Lookup::Hit(_) | Lookup::Absent | Lookup::Miss => {
                count(&counters.misses, 1);
                Lookup::Miss
            }
        }
    }

    /// Stores rows that were committed, where they are newer than what is there. One script
    /// call (by slot). What cannot be stored now is made up for later, and nothing older is
    /// read here until then.
    pub async fn put<T: Cached>(&self, rows: &[T]) {
        self.write(self.row_writes(rows), OnLoss::Remember).await;
    }

    /// Stores rows that were read from the database, where they are newer than what is there:
    /// like [`Self::put`], but what cannot be stored is forgotten.
    pub async fn fill<T: Cached>(&self, rows: &[T]) {
        self.write(self.row_writes(rows), OnLoss::Forget).await;
    }

    /// Remembers for a short while that these rows do not exist, where nothing is there.
    pub async fn put_absent<T: Cached>(&self, ids: &[T::Id]) {
        let absent = |id| Write { ttl: jittered(ABSENT_TTL), ..write::<T>(id, Entry::absent()) };
        self.write(ids.iter().map(absent).collect(), OnLoss::Forget).await;
    }

    /// Forgets values older than the given version, and lets none of them come back.
    pub async fn invalidate<T: Cached>(&self, ids: &[(T::Id, i64)]) {
        let outdated = |(id, version): &(T::Id, i64)| write::<T>(id, Entry::outdated(*version));
        self.write(ids.iter().map(outdated).collect(), OnLoss::Remember).await;
    }

    /// Remembers that these rows were deleted when they had the given version, and lets
    /// nothing as old come back.
    pub async fn remove<T: Cached>(&self, ids: &[(T::Id, i64)]) {
        let removed = |(id, version): &(T::Id, i64)| write::<T>(id, Entry::removed(*version));
        self.write(ids.iter().map(removed).collect(), OnLoss::Remember).await;
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

    fn row_writes<T: Cached>(&self, rows: &[T]) -> Vec<Write> {
        let row_write = |row: &T| match keyspaces::encode(row.json()) {
            Ok(text) => Some(write::<T>(&row.id(), Entry::row(row.version(), text))),
            Err(error) => {
                tracing::error!(keyspace = T::KEYSPACE.name(), %error, "cannot be cached");
                None
            }
        };
        rows.iter().filter_map(row_write).collect()
    }

    async fn write(&self, mut writes: Vec<Write>, on_loss: OnLoss) {
        writes.retain(|write| !self.skips(write.keyspace));
        if writes.is_empty() {
            return;
        }
        let places: Vec<(Place, i64)> = writes.iter().map(place).collect();
        let written = self.0.backend.put(writes).await;
        for ((place, floor), written) in places.into_iter().zip(written) {
            let counters = self.0.stats.of(place.keyspace);
            match written {
                Written::Stored => count(&counters.fills, 1),
                Written::Stale => count(&counters.rejected_stale, 1),
                Written::Lost => self.lost(place, floor, on_loss),
            }
        }
    }

    fn lost(&self, place: Place, floor: i64, on_loss: OnLoss) {
        count(&self.0.stats.write_failures, 1);
        match on_loss {
            OnLoss::Forget => {}
            OnLoss::Remember => self.0.outage.raise(place, floor),
        }
    }
}

fn write<T: Cached>(id: &T::Id, entry: Entry) -> Write {
    let keyspace = T::KEYSPACE;
    Write { keyspace, key: keyspace.key(id), entry, ttl: jittered(keyspace.ttl()) }
}

/// Where it is written, and the lowest version that may be read when that fails.
fn place(write: &Write) -> (Place, i64) {
    let place = Place { keyspace: write.keyspace, key: write.key.clone(), field: None };
    (place, write.entry.floor())
}

/// A value and its version; `None` when it cannot be read.
fn decode<T: Cached>(
    id: &T::Id,
    text: Result<Option<bytes::Bytes>, Lost>,
) -> Option<Lookup<(i64, T)>> {
    let Some(text) = text.ok()? else { return Some(Lookup::Miss) };
    match Found::parse(&text) {
        Found::Absent(_) => Some(Lookup::Absent),
        Found::Unknown(_) => Some(Lookup::Miss),
        Found::Row(json) => {
            let value = T::from_json(id, keyspaces::decode(json).ok()?);
            Some(Lookup::Hit((value.version(), value)))
        }
    }
}
