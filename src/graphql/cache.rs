//! How the cache does, and what stands in it.

use async_graphql::{Object, OneofObject};

use super::{
    hot::HotDataKind,
    scalars::{DateTime, Long},
};
use crate::{
    entity::{OrderNo, Period, Uid},
    loaders,
};

/// Which cached rows are meant.
#[derive(OneofObject)]
pub enum CacheTarget {
    /// These wallets, each with its latest transactions.
    WalletUids(Vec<Uid>),
    /// The orders of this period, such as 20241201_001.
    PeriodNumber(Period),
    /// This order, in its period.
    OrderNo(OrderNo),
    /// All rows of this kind. Of very many, `wallet-bff warm` takes the time that a request has not.
    HotData(HotDataKind),
}

impl CacheTarget {
    /// As the loaders take it.
    pub fn into_loaded(self) -> loaders::CacheTarget {
        match self {
            Self::WalletUids(mut uids) => {
                uids.sort_unstable();
                uids.dedup();
                loaders::CacheTarget::Wallets(uids)
            }
            Self::PeriodNumber(period) => loaders::CacheTarget::Period(period),
            Self::OrderNo(number) => loaders::CacheTarget::Order(number),
            Self::HotData(kind) => loaders::CacheTarget::Hot(kind.into()),
        }
    }
}

/// What stands in the cache under a key.
pub struct CacheEntry(pub loaders::CacheEntry);

/// What stands in the cache under a key.
#[Object]
impl CacheEntry {
    /// The key; of an order, its period's, and its number after a space.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// Whether it answers reads: with a row, with all orders of a period, or with there being no
    /// such row.
    async fn exists(&self) -> bool {
        self.0.answers()
    }

    /// When it lapses, in milliseconds from now; null where nothing is.
    async fn ttl_ms(&self) -> Option<Long> {
        let millis = self.0.ttl.map(|ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
        millis.map(Long)
    }

    /// The version of what is there; null for periods, for times that order hot data, and for what
    /// another service wrote without one.
    async fn version(&self) -> Option<i32> {
        self.0.version.and_then(|version| i32::try_from(version).ok())
    }

    /// What it takes; null where nothing is.
    async fn bytes(&self) -> Option<Long> {
        self.0.bytes.filter(|bytes| *bytes > 0).map(Long)
    }
}

/// The cache at a moment.
pub struct CacheStats(pub loaders::CacheStats);

/// How the cache does, counted by this instance since its start.
#[Object]
impl CacheStats {
    /// When this was true.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// Entries found.
    async fn hits(&self) -> Long {
        Long(self.0.hits())
    }

    /// Those of them that were found in this process, without asking Redis.
    async fn near_hits(&self) -> Long {
        Long(self.0.near_hits())
    }

    /// Entries looked for and not found.
    async fn misses(&self) -> Long {
        Long(self.0.misses())
    }

    /// What part of look-ups found something, 0 to 1; 0 where nothing was looked for.
    async fn hit_ratio(&self) -> f64 {
        self.0.hit_ratio()
    }

    /// Entries of all services that share the cache; null while unknown.
    async fn keys(&self) -> Option<Long> {
        self.0.keys.map(Long)
    }

    /// What they take; null while unknown.
    async fn memory_bytes(&self) -> Option<Long> {
        self.0.memory_bytes.map(Long)
    }

    /// Entries that were thrown out for lack of room; null while unknown.
    async fn evictions(&self) -> Option<Long> {
        self.0.evictions.map(Long)
    }

    /// Writes that could not be done. The older values that they left are not read here.
    async fn write_failures(&self) -> Long {
        Long(self.0.write_failures)
    }

    /// Entries found that say that there is no such row.
    async fn negative_hits(&self) -> Long {
        Long(self.0.negative_hits())
    }

    /// Half of all look-ups took no longer.
    async fn p50_ms(&self) -> f64 {
        self.0.p50_ms
    }

    /// 99% of all look-ups took no longer.
    async fn p99_ms(&self) -> f64 {
        self.0.p99_ms
    }

    /// Whether the cache cannot be used now, or is being repaired after that.
    async fn degraded(&self) -> bool {
        self.0.degraded
    }

    /// By keyspace.
    async fn namespaces(&self) -> Vec<CacheNamespaceStats<'_>> {
        self.0.keyspaces.iter().map(CacheNamespaceStats).collect()
    }
}

/// One keyspace at a moment.
pub struct CacheNamespaceStats<'a>(&'a loaders::KeyspaceStats);

/// How one kind of cached row does, counted by this instance since its start.
#[Object]
impl CacheNamespaceStats<'_> {
    /// Its name, such as `wallet`.
    async fn name(&self) -> &str {
        self.0.name
    }

    /// Entries now; in Redis, when they were last counted, of all services that share it. Null
    /// where that is not known.
    async fn keys(&self) -> Option<Long> {
        self.0.keys.map(Long)
    }

    /// What they take; in Redis, when they were last counted, of long hashes estimated by samples.
    /// Null where that is not known.
    async fn bytes(&self) -> Option<Long> {
        self.0.bytes.map(Long)
    }

    /// Entries found.
    async fn hits(&self) -> Long {
        Long(self.0.hits)
    }

    /// Those of them that were found in this process, without asking Redis.
    async fn near_hits(&self) -> Long {
        Long(self.0.near_hits)
    }

    /// Entries looked for and not found.
    async fn misses(&self) -> Long {
        Long(self.0.misses)
    }

    /// Entries that could not be read.
    async fn errors(&self) -> Long {
        Long(self.0.errors)
    }

    /// Entries stored.
    async fn fills(&self) -> Long {
        Long(self.0.fills)
    }

    /// Entries not stored, because something newer was there.
    async fn rejected_stale(&self) -> Long {
        Long(self.0.rejected_stale)
    }

    /// Entries found that say that there is no such row.
    async fn negative_hits(&self) -> Long {
        Long(self.0.negative_hits)
    }

    /// What part of look-ups found something, 0 to 1; 0 where nothing was looked for.
    async fn hit_ratio(&self) -> f64 {
        self.0.hit_ratio()
    }

    /// How long an entry is kept.
    async fn ttl_seconds(&self) -> u64 {
        self.0.ttl.as_secs()
    }

    /// Half of its look-ups took no longer.
    async fn p50_ms(&self) -> f64 {
        self.0.p50_ms
    }

    /// 99% of its look-ups took no longer.
    async fn p99_ms(&self) -> f64 {
        self.0.p99_ms
    }
}
