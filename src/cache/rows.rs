//! Rows, and lists of rows, under keys of their own.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    Cache, Cached, Lookup, OnLoss,
    backend::{Lost, Write, Written},
    entry::{Entry, Found, Kind, jittered},
    keyspaces,
    near::Stamp,
    outage::Place,
    stats::count,
};
use crate::redis::Tracked;

/// How long the absence of a row is remembered, before jitter.
const ABSENT_TTL: Duration = Duration::from_secs(5);

impl Cache {
    /// A row that this process holds, if it is known to be current. No round trip.
    pub fn near<T: Cached>(&self, id: &T::Id) -> Option<Arc<T>> {
        let row = self.0.near.get(T::KEYSPACE, id)?;
        count(&self.0.stats.of(T::KEYSPACE).near_hits, 1);
        Some(row)
    }

    /// A row that this process holds, however old: for when nobody can be asked. No round trip.
    pub fn kept<T: Cached>(&self, id: &T::Id) -> Option<Arc<T>> {
        self.0.near.kept(T::KEYSPACE, id)
    }

    /// Another instance says that it changed this row. Redis will say so too, on a connection of its
    /// own: what is near is not shown from now on.
    pub fn heard_of<T: Cached>(&self, id: &T::Id) {
        self.0.near.hear(Tracked::Changed(T::KEYSPACE.key(id).as_bytes()));
    }

    /// Looks up `ids`, answers in their order. One MGET (a pipeline by slot on a cluster). What is
    /// found is [`Self::near`] from then on.
    pub async fn get<T: Cached>(&self, ids: &[T::Id]) -> Vec<Lookup<Arc<T>>> {
        if ids.is_empty() || self.skips(T::KEYSPACE) || self.0.outage.is_overflown() {
            return vec![Lookup::Miss; ids.len()];
        }
        let started = Instant::now();
        let keys: Vec<String> = ids.iter().map(|id| T::KEYSPACE.key(id)).collect();
        // Before Redis is asked: a floor may be settled while an answer from before is on its way.
        let floor = |key: &String| self.0.outage.floor(T::KEYSPACE, key);
        let floors: Vec<i64> = keys.iter().map(floor).collect();
        let stamps: Vec<Option<Stamp>> = keys.iter().map(|key| self.0.near.stamp(key)).collect();
        let texts = self.0.backend.get(&keys).await;
        self.0.stats.of(T::KEYSPACE).took(started);
        let mut found = Vec::with_capacity(ids.len());
        let asked = ids.iter().zip(&keys).zip(floors).zip(stamps).zip(texts);
        for ((((id, key), floor), stamp), text) in asked {
            let bytes = text.as_ref().map_or(0, |text| text.as_ref().map_or(0, Bytes::len));
            let lookup = self.read::<T>(id, floor, text);
            if let Lookup::Hit(row) = &lookup {
                self.0.near.keep(key, stamp, (row.version(), row.clone()), bytes);
            }
            found.push(lookup);
        }
        found
    }

    fn read<T: Cached>(
        &self,
        id: &T::Id,
        floor: i64,
        text: Result<Option<Bytes>, Lost>,
    ) -> Lookup<Arc<T>> {
        let counters = self.0.stats.of(T::KEYSPACE);
        let found = decode(id, text).unwrap_or_else(|| {
            count(&counters.errors, 1);
            Lookup::Miss
        });
        match found {
            Lookup::Hit((version, value)) if version >= floor => {
                count(&counters.hits, 1);
                Lookup::Hit(Arc::new(value))
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
    pub async fn put<T: Cached>(&self, rows: &[T]) -> Filled {
        self.write(self.row_writes(rows), OnLoss::Remember).await
    }

    /// Now, for what is to be read of these rows: to be taken before the database is asked, and
    /// given to [`Self::fill_since`].
    pub fn moment<T: Cached>(&self, ids: &[T::Id]) -> Moment {
        let stamp = |id: &T::Id| {
            let key = T::KEYSPACE.key(id);
            self.0.near.stamp(&key).map(|stamp| (key, stamp))
        };
        // In doubt first: what is sure by then is so for the stamps, too.
        Moment { in_doubt: self.0.near.in_doubt(), stamps: ids.iter().filter_map(stamp).collect() }
    }

    /// Stores rows that were read from the database, where they are newer than what is there: like
    /// [`Self::put`], but what cannot be stored is forgotten. Rows are left out that changed since the
    /// moment before they were read: the newer value may have come and gone meanwhile, with a flush or
    /// a restart of Redis, and nothing there would keep the older one out.
    pub async fn fill_since<T: Cached>(&self, rows: &[T], moment: &Moment) {
        let mut writes = self.row_writes(rows);
        writes.retain(|write| !self.is_void(&write.key, moment));
        self.write(writes, OnLoss::Forget).await;
    }

    /// The same, where an administrator wants it, and what was just taken away for that counts as a
    /// change: rows are left out only where nothing is there. Answers what came of it.
    pub async fn fill_in_since<T: Cached>(&self, rows: &[T], moment: &Moment) -> Filled {
        let mut writes = self.row_writes(rows);
        for write in writes.iter_mut().filter(|write| self.is_void(&write.key, moment)) {
            write.entry.kind = Kind::Replacement;
        }
        self.write(writes, OnLoss::Forget).await
    }

    fn is_void(&self, key: &str, moment: &Moment) -> bool {
        match moment.stamps.get(key) {
            Some(&stamp) => !self.0.near.is_current(stamp),
            None => moment.in_doubt,
        }
    }

    /// Stores rows that others changed, unless they, or newer ones, are there already; answers how
    /// many were not. One script call (by slot).
    pub async fn refresh<T: Cached>(&self, rows: &[T]) -> u64 {
        self.write(self.newer_writes(rows), OnLoss::Remember).await.stored
    }

    /// The same of rows that nobody changed, which are as well read when they are asked for: what
    /// cannot be stored is forgotten.
    pub async fn top_up<T: Cached>(&self, rows: &[T]) -> u64 {
        self.write(self.newer_writes(rows), OnLoss::Forget).await.stored
    }

    fn newer_writes<T: Cached>(&self, rows: &[T]) -> Vec<Write> {
        let mut writes = self.row_writes(rows);
        for write in &mut writes {
            write.entry = Entry::newer(write.entry.version, write.entry.text.clone());
        }
        writes
    }

    /// Remembers for a short while that these rows do not exist, where nothing is there.
    pub async fn put_absent<T: Cached>(&self, ids: &[T::Id]) {
        let absent = |id| Write { ttl: jittered(ABSENT_TTL), ..write::<T>(id, Entry::absent()) };
        self.write(ids.iter().map(absent).collect(), OnLoss::Forget).await;
    }

    /// [`Self::put`], and [`Self::invalidate`] for what hangs on these rows: in one script call, since
    /// a call costs Redis and this process as much as several entries. Of the latter none counts as
    /// refused.
    pub async fn put_before<T: Cached, U: Cached>(
        &self,
        rows: &[T],
        outdated: &[(U::Id, i64)],
    ) -> Filled {
        let mut writes = self.row_writes(rows);
        writes.extend(outdated.iter().map(outdated_write::<U>));
        self.write(writes, OnLoss::Remember).await
    }

    /// Forgets values older than the given version, and lets none of them come back.
    pub async fn invalidate<T: Cached>(&self, ids: &[(T::Id, i64)]) {
        let writes = ids.iter().map(outdated_write::<T>).collect();
        self.write(writes, OnLoss::Remember).await;
    }

    /// Remembers that these rows were deleted when they had the given version, and lets
    /// nothing as old come back.
    pub async fn remove<T: Cached>(&self, ids: &[(T::Id, i64)]) {
        let removed = |(id, version): &(T::Id, i64)| write::<T>(id, Entry::removed(*version));
        self.write(ids.iter().map(removed).collect(), OnLoss::Remember).await;
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

    /// [`Self::fill_in_since`] a moment of which nothing is known.
    #[cfg(test)]
    pub(crate) async fn fill<T: Cached>(&self, rows: &[T]) -> Filled {
        self.fill_in_since(rows, &Moment { in_doubt: false, stamps: HashMap::new() }).await
    }

    pub(super) async fn write(&self, mut writes: Vec<Write>, on_loss: OnLoss) -> Filled {
        let mut filled = Filled::default();
        writes.retain(|write| !self.skips(write.keyspace));
        if writes.is_empty() {
            return filled;
        }
        let kinds: Vec<Kind> = writes.iter().map(|write| write.entry.kind).collect();
        let places: Vec<(Place, i64)> = writes.iter().map(place).collect();
        let written = self.0.backend.put(writes).await;
        for (((place, floor), kind), written) in places.into_iter().zip(kinds).zip(written) {
            let counters = self.0.stats.of(place.keyspace);
            let key = place.key.clone();
            match written {
                Written::Stored => {
                    count(&counters.fills, 1);
                    filled.stored += 1;
                }
                Written::Stale => {
                    // What a refresh finds there is as often the same as newer.
                    if kind != Kind::Newer {
                        count(&counters.rejected_stale, 1);
                    }
                    // Where a newer row is, or the same marker, values older than this are gone.
                    filled.refused += u64::from(kind != Kind::Outdated);
                }
                Written::Lost => {
                    self.lost(place, floor, on_loss);
                    filled.lost += 1;
                }
            }
            // Last: who reads from now on finds what was written, or the floor.
            self.0.near.forget(&key);
        }
        filled
    }
}

/// The moment before rows were read from the database.
pub struct Moment {
    /// For each key of which changes are told.
    stamps: HashMap<String, Stamp>,
    /// Of the others changes are not told for now: nobody could say whether there were any.
    in_doubt: bool,
}

/// What came of writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// Entries stored.
    pub stored: u64,
    /// Rows and removals not stored, because something newer was there.
    pub refused: u64,
    /// Entries of which that is not known.
    pub lost: u64,
}

fn outdated_write<T: Cached>((id, version): &(T::Id, i64)) -> Write {
    write::<T>(id, Entry::outdated(*version))
}

pub(super) fn write<T: Cached>(id: &T::Id, entry: Entry) -> Write {
    let keyspace = T::KEYSPACE;
    Write { keyspace, key: keyspace.key(id), entry, ttl: jittered(keyspace.ttl()) }
}

/// Where it is written, and the lowest version that may be read when that fails.
fn place(write: &Write) -> (Place, i64) {
    let place = Place { keyspace: write.keyspace, key: write.key.clone(), field: None };
    (place, write.entry.floor())
}

/// A value and its version; `None` when it cannot be read.
fn decode<T: Cached>(id: &T::Id, text: Result<Option<Bytes>, Lost>) -> Option<Lookup<(i64, T)>> {
    let Some(text) = text.ok()? else { return Some(Lookup::Miss) };
    match Found::parse(&text) {
        Found::Absent(_) => Some(Lookup::Absent),
        Found::Unknown(_) => Some(Lookup::Miss),
        Found::Row(json) => {
            let unreadable = |error: &serde_json::Error| {
                tracing::debug!(keyspace = T::KEYSPACE.name(), %id, %error, "unreadable entry");
            };
            let json = keyspaces::decode(json).inspect_err(unreadable).ok()?;
            let value = T::from_json(id, json);
            if !value.belongs_to(id) {
                tracing::warn!(keyspace = T::KEYSPACE.name(), %id, "an entry is not what its key says");
                return None;
            }
            Some(Lookup::Hit((value.version(), value)))
        }
    }
}
