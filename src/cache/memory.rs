//! The cache in this process: the embedded default.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use moka::{Expiry, ops::compute::Op, sync::Cache};
use parking_lot::Mutex;

use super::{
    backend::{
        COMPLETE, DOUBTS, FILLING, Fields, Held, PeriodWrite, PeriodWritten, Size, Standing, Write,
        Written,
    },
    entry::{Entry, Found, Kind},
    keyspaces::Keyspace,
    outage::Place,
};

/// Rows, and periods. Each has its own lifetime; the least used go when there are too many.
pub(super) struct Memory {
    rows: Cache<String, Row>,
    periods: Cache<String, Period>,
}

#[derive(Clone)]
struct Row {
    keyspace: Keyspace,
    text: Bytes,
    ttl: Duration,
    stored: Instant,
}

/// Its fields change in place, while moka holds the key: a period may be long.
#[derive(Clone)]
struct Period {
    fields: Arc<Mutex<Fields>>,
    ttl: Duration,
    stored: Instant,
}

impl Period {
    fn new(ttl: Duration) -> Self {
        Self { fields: Arc::default(), ttl, stored: Instant::now() }
    }

    /// The same, to live for this long from now.
    fn anew(self, ttl: Duration) -> Self {
        Self { ttl, stored: Instant::now(), ..self }
    }
}

/// A lifetime that each entry names itself.
trait Mortal {
    fn ttl(&self) -> Duration;
}

impl Mortal for Row {
    fn ttl(&self) -> Duration {
        self.ttl
    }
}

impl Mortal for Period {
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

    pub(super) fn period(&self, key: &str) -> Fields {
        self.periods.get(key).map(|period| period.fields.lock().clone()).unwrap_or_default()
    }

    pub(super) fn put_period(&self, write: PeriodWrite) -> PeriodWritten {
        let mut written = PeriodWritten::default();
        self.periods.entry(write.key.clone()).and_compute_with(|there| {
            let (period, is_new) = match there {
                Some(entry) => (entry.into_value(), false),
                None => (Period::new(write.ttl), true),
            };
            let completed = apply(&mut period.fields.lock(), &write, &mut written);
            // Storing it again starts its lifetime anew.
            if completed || is_new { Op::Put(period.anew(write.ttl)) } else { Op::Nop }
        });
        written
    }

    pub(super) fn forget_period(&self, key: &str, ttl: Duration) {
        self.periods.entry(key.to_owned()).and_compute_with(|there| {
            let period = there.map_or_else(|| Period::new(ttl), moka::Entry::into_value);
            {
                let mut fields = period.fields.lock();
                let doubts = doubts(&fields) + 1;
                fields.clear();
                fields.insert(DOUBTS.to_owned(), doubts.to_string().into());
            }
            Op::Put(period.anew(ttl))
        });
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

    fn inspect_period(&self, place: &Place) -> Held {
        let Some(period) = self.periods.get(&place.key) else { return Held::default() };
        let fields = period.fields.lock();
        let ttl = Some(period.ttl.saturating_sub(period.stored.elapsed()));
        let Some(field) = &place.field else {
            let complete = fields.contains_key(COMPLETE);
            let standing = if complete { Standing::Period } else { Standing::PartOfPeriod };
            return Held { standing, version: None, ttl, bytes: Some(bytes_of(&fields)) };
        };
        fields.get(field).map_or_else(Held::default, |text| Held {
            ttl,
            bytes: Some(text.len() as u64),
            ..Held::of(Found::parse(text))
        })
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
            add(Keyspace::Orders, key.len() as u64 + bytes_of(&period.fields.lock()));
        }
        size.keys = Some(size.keyspaces.values().map(|(keys, _)| keys).sum());
        size.bytes = Some(size.keyspaces.values().map(|(_, bytes)| bytes).sum());
        size
    }
}

fn bytes_of(fields: &Fields) -> u64 {
    fields.iter().map(|(name, text)| (name.len() + text.len()) as u64).sum()
}

/// The same as scripts/period.lua, in one piece. Answers whether the period is complete now.
fn apply(fields: &mut Fields, write: &PeriodWrite, written: &mut PeriodWritten) -> bool {
    for (field, seen) in &write.gone {
        let is_gone = |text: &Bytes| match Found::parse(text) {
            Found::Absent(_) => false,
            there => there.version() <= *seen,
        };
        if fields.get(field).is_some_and(is_gone) {
            fields.remove(field);
        }
    }
    let mut whole = write.whole.is_some_and(|seen| seen == doubts(fields));
    for (field, entry) in &write.entries {
        let there = fields.get(field);
        if entry.replaces(there.map(|text| &**text)) {
            store(fields, field, entry);
            written.stored += 1;
        } else {
            whole &= !there.is_some_and(|text| matches!(Found::parse(text), Found::Unknown(_)));
            written.stale += 1;
        }
    }
    if whole {
        fields.insert(COMPLETE.to_owned(), Bytes::from_static(b"1"));
    }
    whole
}

fn store(fields: &mut Fields, field: &str, entry: &Entry) {
    if matches!(entry.kind, Kind::Outdated | Kind::Evicted) {
        let doubts = doubts(fields) + 1;
        fields.insert(DOUBTS.to_owned(), doubts.to_string().into());
        fields.remove(COMPLETE);
        fields.remove(FILLING);
    }
    fields.insert(field.to_owned(), entry.text.clone());
}

/// How often an order became unknown.
pub(super) fn doubts(fields: &Fields) -> i64 {
    let text = fields.get(DOUBTS).and_then(|text| std::str::from_utf8(text).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}
