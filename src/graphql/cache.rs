//! How the cache does.

use async_graphql::Object;

use super::scalars::{DateTime, Long};
use crate::loaders;

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

    /// Entries now; null where that is not known.
    async fn keys(&self) -> Option<Long> {
        self.0.keys.map(Long)
    }

    /// What they take; null where that is not known.
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
