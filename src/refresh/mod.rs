//! Keeps the cache right where this service is not the one who changes rows: hot data, which a
//! back office edits, and wallets and orders that somebody edited by hand.
//!
//! ```text
//! notify (PostgreSQL) --+
//!                       +-> worker -> poll: notes since the last look -> rows -> cache
//! pace (every second) --+      |
//!                           leader: one instance at a time, where they share a cache
//! ```
//!
//! Triggers note which rows changed. A look reads the notes since the last one, reads those rows,
//! and writes them where they are newer than what is cached: it costs what changed, not what there
//! is. Without a last look (a first start, an empty Redis) it sees to all notes that are kept, and
//! reads all hot data once, page by page, without keeping new changes waiting.
//!
//! Two leaders at once, a look that is repeated, or one that is late do no harm: newer wins.

mod leader;
mod notify;
mod pace;
mod poll;
mod rows;
mod shared;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use self::shared::Shared;
use crate::{
    cache::Cache,
    config::RefreshConfig,
    entity::{clock, hot},
    redis::Redis,
    store::Database,
};

/// Handle to the refresh; cheap to clone.
#[derive(Clone)]
pub struct Refresh(Arc<Inner>);

struct Inner {
    config: RefreshConfig,
    /// The name of this instance.
    instance: String,
    database: Database,
    cache: Cache,
    /// `None` where the cache is in this process.
    redis: Option<Redis>,
    shared: Shared,
}

/// How the refresh of one kind does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KindStatus {
    /// Of which kind.
    pub kind: hot::Kind,
    /// When the cache was last known to hold what the database does.
    pub last_success_at: Option<DateTime<Utc>>,
    /// How long it waits before it looks again, in milliseconds.
    pub interval_ms: u64,
    /// How long the last refresh of rows of this kind took, in milliseconds.
    pub duration_ms: f64,
    /// How often it failed since it last succeeded.
    pub consecutive_failures: u32,
    /// The instance that does it.
    pub leader: Option<String>,
}

impl KindStatus {
    /// How long ago the cache was last known to be right.
    pub fn lag(&self) -> Option<TimeDelta> {
        self.last_success_at.map(|at| (clock::now() - at).max(TimeDelta::zero()))
    }
}

impl Refresh {
    /// A refresh that does nothing until it is [run](Self::run).
    pub fn new(
        config: &RefreshConfig,
        instance: &str,
        database: Database,
        cache: Cache,
        redis: Option<&Redis>,
    ) -> Self {
        Self(Arc::new(Inner {
            config: config.clone(),
            instance: instance.to_owned(),
            database,
            cache,
            redis: redis.cloned(),
            shared: Shared::new(redis),
        }))
    }

    /// How it does, by kind, whichever instance does it.
    pub async fn status(&self) -> Vec<KindStatus> {
        let state = self.0.shared.load().await.ok().flatten().unwrap_or_default();
        hot::Kind::ALL.map(|kind| state.status_of(kind, &self.0.config)).into()
    }
}
