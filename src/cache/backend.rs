//! The two places a cache can be in, with one meaning: scripts in Redis, locks in this process.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;

use super::{
    entry::{Entry, Found},
    keyspaces::Keyspace,
    memory::Memory,
    outage::Place,
    redis::RedisBackend,
};

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

/// What stands under a key, or in a field of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    #[default]
    Nothing,
    /// A row, or a list of rows.
    Row,
    /// That there is no such row.
    Absent,
    /// That values older than some version must not come back.
    Unknown,
    /// A period with all its orders.
    Period,
    /// Some orders of a period.
    PartOfPeriod,
}

/// The same, with what is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) standing: Standing,
    pub(super) version: Option<i64>,
    pub(super) ttl: Option<Duration>,
    pub(super) bytes: Option<u64>,
}

impl Held {
    pub(super) fn of(found: Found<'_>) -> Self {
        let standing = match found {
            Found::Row(_) => Standing::Row,
            Found::Absent(_) => Standing::Absent,
            Found::Unknown(_) => Standing::Unknown,
        };
        let version = Some(found.version()).filter(|version| *version != i64::MIN);
        Self { standing, version, ..Self::default() }
    }
}

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

    /// What stands in these places.
    pub(super) async fn inspect(&self, places: &[Place]) -> Result<Vec<Held>, Lost> {
        match self {
            Self::Redis(redis) => redis.inspect(places).await,
            Self::Memory(memory) => Ok(places.iter().map(|place| memory.inspect(place)).collect()),
        }
    }

    /// Removes a period, and raises a doubt that keeps fills under way from completing it.
    pub(super) async fn forget_period(&self, key: &str, ttl: Duration) -> Result<(), Lost> {
        match self {
            Self::Redis(redis) => redis.forget_period(key, ttl).await,
            Self::Memory(memory) => {
                memory.forget_period(key, ttl);
                Ok(())
            }
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
