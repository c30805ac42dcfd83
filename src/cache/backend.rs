//! The two places a cache can be in, with one meaning: scripts in Redis, locks in this process.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;

use super::{entry::Entry, keyspaces::Keyspace, memory::Memory, redis::RedisBackend};

/// Redis was not reached, or did not understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost;

/// One entry under a key of its own.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) keyspace: Keyspace,
    pub(super) key: String,
    pub(super) entry: Entry,
    pub(super) ttl: Duration,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Stored,
    /// Something newer was there.
    Stale,
    /// Not known; perhaps done.
    Lost,
}

/// Orders of one period.
#[derive(Clone, Debug)]
pub(super) struct PeriodWrite {
    pub(super) key: String,
    pub(super) ttl: Duration,
    /// What was there when the period was read and is to go, unless newer by now.
    pub(super) gone: Vec<(String, i64)>,
    pub(super) entries: Vec<(String, Entry)>,
    /// These are all there are, as of this number of doubts.
    pub(super) whole: Option<i64>,
}

/// How many orders of a period were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PeriodWritten {
    pub(super) stored: u64,
    pub(super) stale: u64,
    pub(super) lost: bool,
}

/// The fields of a period's hash: orders and marks.
pub(super) type Fields = HashMap<String, Bytes>;

/// The field that says that a period's orders are all there.
pub(super) const COMPLETE: &str = "!complete";
/// The field that names the fill under way.
pub(super) const FILLING: &str = "!filling";
/// The field that counts how often an order became unknown.
pub(super) const DOUBTS: &str = "!doubts";

/// How much is cached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) keys: Option<u64>,
    pub(super) bytes: Option<u64>,
    pub(super) evictions: Option<u64>,
    /// By keyspace, where that is known: keys and bytes.
    pub(super) keyspaces: HashMap<Keyspace, (u64, u64)>,
}

pub(super) enum Backend {
    Redis(RedisBackend),
    Memory(Memory),
}

impl Backend {
    pub(super) fn is_up(&self) -> bool {
        match self {
            Self::Redis(redis) => redis.is_up(),
            Self::Memory(_) => true,
        }
    }

    pub(super) async fn get(&self, keys: &[String]) -> Vec<Result<Option<Bytes>, Lost>> {
        match self {
            Self::Redis(redis) => redis.get(keys).await,
            Self::Memory(memory) => keys.iter().map(|key| Ok(memory.get(key))).collect(),
        }
    }

    pub(super) async fn put(&self, writes: Vec<Write>) -> Vec<Written> {
        match self {
            Self::Redis(redis) => redis.put(&writes).await,
            Self::Memory(memory) => writes.into_iter().map(|write| memory.put(write)).collect(),
        }
    }

    pub(super) async fn periods(&self, keys: &[String]) -> Vec<Result<Fields, Lost>> {
        match self {
            Self::Redis(redis) => redis.periods(keys).await,
            Self::Memory(memory) => keys.iter().map(|key| Ok(memory.period(key))).collect(),
        }
    }

    pub(super) async fn put_periods(&self, writes: Vec<PeriodWrite>) -> Vec<PeriodWritten> {
        match self {
            Self::Redis(redis) => redis.put_periods(&writes).await,
            Self::Memory(memory) => {
                writes.into_iter().map(|write| memory.put_period(write)).collect()
            }
        }
    }

    /// Whether each of these loads is this process's: a lease that was granted, or could not be
    /// asked for.
    pub(super) async fn lease(&self, keys: &[String], ttl: Duration) -> Vec<bool> {
        match self {
            Self::Redis(redis) => redis.lease(keys, ttl).await,
            Self::Memory(_) => vec![true; keys.len()],
        }
    }

    /// For how long these keys will be kept, where that is known.
    pub(super) async fn time_left(&self, keys: &[String]) -> Vec<Option<Duration>> {
        match self {
            Self::Redis(redis) => redis.time_left(keys).await,
            // What lapses here is one read of a database that is at hand.
            Self::Memory(_) => vec![None; keys.len()],
        }
    }

    /// Removes everything that is ours.
    pub(super) async fn clear(&self) -> Result<(), Lost> {
        match self {
            Self::Redis(redis) => redis.clear().await,
            Self::Memory(memory) => {
                memory.clear();
                Ok(())
            }
        }
    }

    pub(super) async fn size(&self) -> Size {
        match self {
            Self::Redis(redis) => redis.size().await,
            Self::Memory(memory) => memory.size(),
        }
    }
}
