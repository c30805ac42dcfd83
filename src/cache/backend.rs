//! The two places a cache can be in, with one meaning: scripts in Redis, locks in this process.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;

use super::{
    entry::{Entry, Found},
    hash::{Begin, Hash, PageFound, PageWanted, PeriodWrite, PeriodWritten},
    keyspaces::Keyspace,
    memory::Memory,
    outage::Place,
    redis::RedisBackend,
    walk::{Census, WalkCursor},
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

    pub(super) async fn periods(&self, keys: &[String]) -> Vec<Result<Hash, Lost>> {
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

    /// What stands in these places.
    pub(super) async fn inspect(&self, places: &[Place]) -> Result<Vec<Held>, Lost> {
        match self {
            Self::Redis(redis) => redis.inspect(places).await,
            Self::Memory(memory) => Ok(places.iter().map(|place| memory.inspect(place)).collect()),
        }
    }

    /// Pages of long periods; `None` where one is not complete.
    pub(super) async fn pages(
        &self,
        wanted: &[PageWanted],
    ) -> Vec<Result<Option<PageFound>, Lost>> {
        match self {
            Self::Redis(redis) => redis.pages(wanted).await,
            Self::Memory(memory) => wanted.iter().map(|page| Ok(memory.page(page))).collect(),
        }
    }

    /// Begins to fill a long period, unless another fill is under way, or even then. Answers
    /// whether fields are there already.
    pub(super) async fn begin_fill(&self, begin: &Begin) -> Result<Option<bool>, Lost> {
        match self {
            Self::Redis(redis) => redis.begin_fill(begin).await,
            Self::Memory(memory) => Ok(memory.begin_fill(begin)),
        }
    }

    /// Some fields of a period with their versions, and where to go on; `None` at the end.
    pub(super) async fn scan_fields(
        &self,
        key: &str,
        cursor: Option<String>,
    ) -> Result<(Option<String>, Vec<(String, i64)>), Lost> {
        match self {
            Self::Redis(redis) => redis.scan_fields(key, cursor).await,
            Self::Memory(memory) => Ok((None, memory.versions(key))),
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

    /// One step over all keys.
    pub(super) async fn walk(
        &self,
        from: WalkCursor,
    ) -> Result<(Vec<String>, Option<WalkCursor>), Lost> {
        match self {
            Self::Redis(redis) => redis.walk(from).await,
            Self::Memory(memory) => Ok((memory.keys(), None)),
        }
    }

    /// Leaves what was counted for all instances. This process counts its own entries itself.
    pub(super) async fn publish_census(&self, census: &Census, ttl: Duration) {
        if let Self::Redis(redis) = self {
            redis.publish_census(census, ttl).await;
        }
    }

    /// Whether nobody took this turn within the pause.
    pub(super) async fn take_turn(&self, what: &str, pause: Duration) -> bool {
        match self {
            Self::Redis(redis) => redis.take_turn(what, pause).await,
            Self::Memory(_) => true,
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
