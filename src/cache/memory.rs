//! The cache in this process: the embedded default.

use std::time::{Duration, Instant};

use bytes::Bytes;
use moka::{Expiry, ops::compute::Op, sync::Cache};

use super::{
    backend::{Held, Size, Write, Written},
    entry::Found,
    keyspaces::Keyspace,
    memory_periods::Period,
    outage::Place,
};

/// Rows, and periods. Each has its own lifetime; the least used go when there are too many.
pub(super) struct Memory {
    rows: Cache<String, Row>,
    pub(super) periods: Cache<String, Period>,
}

#[derive(Clone)]
struct Row {
    keyspace: Keyspace,
    text: Bytes,
    ttl: Duration,
    stored: Instant,
}

/// A lifetime that each entry names itself.
pub(super) trait Mortal {
    fn ttl(&self) -> Duration;
}

impl Mortal for Row {
    fn ttl(&self) -> Duration {
        self.ttl
    }
}

struct OwnTtl;

impl<V: Mortal> Expiry<String, V> for OwnTtl {
    fn expire_after_create(&self, _: &String, value: &V, _: Instant) -> Option<Duration> {
        Some(value.ttl())
    }

    fn expire_after_update(
        &self,
        _: &String,
        value: &V,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(value.ttl())
    }
}

impl Memory {
    /// Holds at most so many rows, and so many periods.
    pub(super) fn new(capacity: u64) -> Self {
        Self {
            rows: Cache::builder().max_capacity(capacity).expire_after(OwnTtl).build(),
            periods: Cache::builder().max_capacity(capacity).expire_after(OwnTtl).build(),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<Bytes> {
        self.rows.get(key).map(|row| row.text)
    }

    pub(super) fn put(&self, write: Write) -> Written {
        let Write { keyspace, key, entry, ttl } = write;
        let mut written = Written::Stale;
        self.rows.entry(key).and_compute_with(|there| {
            let there = there.map(moka::Entry::into_value);
            if !entry.replaces(there.as_ref().map(|row| &*row.text)) {
                return Op::Nop;
            }
            written = Written::Stored;
            Op::Put(Row { keyspace, text: entry.text, ttl, stored: Instant::now() })
        });
        written
    }

    pub(super) fn inspect(&self, place: &Place) -> Held {
        match place.keyspace {
            Keyspace::Orders => self.inspect_period(place),
            _ => self.rows.get(&place.key).map_or_else(Held::default, |row| Held {
                ttl: Some(row.ttl.saturating_sub(row.stored.elapsed())),
                bytes: Some((place.key.len() + row.text.len()) as u64),
                ..Held::of(Found::parse(&row.text))
            }),
        }
    }

    pub(super) fn keys(&self) -> Vec<String> {
        let rows = self.rows.iter().map(|(key, _)| (*key).clone());
        rows.chain(self.periods.iter().map(|(key, _)| (*key).clone())).collect()
    }

    pub(super) fn clear(&self) {
        self.rows.invalidate_all();
        self.periods.invalidate_all();
    }

    pub(super) fn size(&self) -> Size {
        let mut size = Size { evictions: Some(0), ..Size::default() };
        let mut add = |keyspace: Keyspace, bytes: u64| {
            let (keys, sum) = size.keyspaces.entry(keyspace).or_default();
            *keys += 1;
            *sum += bytes;
        };
        for (key, row) in &self.rows {
            add(row.keyspace, (key.len() + row.text.len()) as u64);
        }
        for (key, period) in &self.periods {
            add(Keyspace::Orders, key.len() as u64 + period.bytes());
        }
        size.keys = Some(size.keyspaces.values().map(|(keys, _)| keys).sum());
        size.bytes = Some(size.keyspaces.values().map(|(_, bytes)| bytes).sum());
        size
    }
}
