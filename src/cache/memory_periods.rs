//! Periods in this process. Each is changed alone with its key, so that it is as with the scripts.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use moka::ops::compute::Op;
use parking_lot::Mutex;

use super::{
    backend::{Held, Standing},
    entry::{Entry, Found, Kind, jittered},
    hash::{
        Begin, COMPLETE, DOUBTS, FILLING, Fields, Hash, LONG, PageFound, PageWanted, PeriodWrite,
        PeriodWritten, doubts, first_doubt,
    },
    keyspaces::Keyspace,
    memory::{Memory, Mortal},
    outage::Place,
    shelves::Shelves,
};
use crate::entity::clock;

/// Its fields change in place, while moka holds the key: a period may be long.
#[derive(Clone)]
pub(super) struct Period {
    fields: Arc<Mutex<PeriodFields>>,
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

    pub(super) fn bytes(&self) -> u64 {
        bytes_of(&self.fields.lock().fields)
    }
}

impl Mortal for Period {
    fn ttl(&self) -> Duration {
        self.ttl
    }
}

/// What Redis keeps in a hash, and in its index.
#[derive(Default)]
struct PeriodFields {
    fields: Fields,
    /// Of a long period.
    shelves: Option<Shelves>,
}

impl PeriodFields {
    fn put(&mut self, field: &str, text: Bytes) {
        if let Some(shelves) = &mut self.shelves {
            shelves.put(field, &text);
        }
        self.fields.insert(field.to_owned(), text);
    }

    fn remove(&mut self, field: &str) {
        if let Some(shelves) = &mut self.shelves {
            shelves.remove(field);
        }
        self.fields.remove(field);
    }
}

impl Memory {
    pub(super) fn period(&self, key: &str) -> Hash {
        let anew = || Period::new(jittered(Keyspace::Orders.ttl()));
        let period = self.periods.entry_by_ref(key).or_insert_with(anew).into_value();
        let mut period = period.fields.lock();
        if !period.fields.contains_key(DOUBTS) {
            period.put(DOUBTS, first_doubt().to_string().into());
        }
        if period.fields.len() > LONG { Hash::Long } else { Hash::Whole(period.fields.clone()) }
    }

    pub(super) fn page(&self, wanted: &PageWanted) -> Option<PageFound> {
        let period = self.periods.get(&wanted.key)?;
        let period = period.fields.lock();
        let shelves = period.shelves.as_ref()?;
        period.fields.contains_key(COMPLETE).then(|| shelves.page(&period.fields, wanted))
    }

    pub(super) fn begin_fill(&self, begin: &Begin) -> Option<bool> {
        let mut began = None;
        self.periods.entry(begin.key.clone()).and_compute_with(|there| {
            let is_new = there.is_none();
            let period = there.map_or_else(|| Period::new(begin.ttl), moka::Entry::into_value);
            began = start(&mut period.fields.lock(), begin);
            if is_new && began.is_some() { Op::Put(period) } else { Op::Nop }
        });
        began
    }

    pub(super) fn versions(&self, key: &str) -> Vec<(String, i64)> {
        let Some(period) = self.periods.get(key) else { return Vec::new() };
        let period = period.fields.lock();
        let orders = period.fields.iter().filter(|(field, _)| !field.starts_with('!'));
        orders.map(|(field, text)| (field.clone(), Found::parse(text).version())).collect()
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
                let mut period = period.fields.lock();
                let doubts = (doubts(&period.fields) + 1).to_string();
                *period = PeriodFields::default();
                period.put(DOUBTS, doubts.into());
            }
            Op::Put(period.anew(ttl))
        });
    }

    pub(super) fn inspect_period(&self, place: &Place) -> Held {
        let Some(period) = self.periods.get(&place.key) else { return Held::default() };
        let fields = &period.fields.lock().fields;
        let ttl = Some(period.ttl.saturating_sub(period.stored.elapsed()));
        let Some(field) = &place.field else {
            let complete = fields.contains_key(COMPLETE);
            let standing = if complete { Standing::Period } else { Standing::PartOfPeriod };
            return Held { standing, version: None, ttl, bytes: Some(bytes_of(fields)) };
        };
        fields.get(field).map_or_else(Held::default, |text| Held {
            ttl,
            bytes: Some(text.len() as u64),
            ..Held::of(Found::parse(text))
        })
    }
}

/// The same as scripts/begin.lua.
fn start(period: &mut PeriodFields, begin: &Begin) -> Option<bool> {
    let until = |fill: &Bytes| std::str::from_utf8(fill).ok()?.split_once(' ')?.1.parse().ok();
    let ends: i64 = period.fields.get(FILLING).and_then(until).unwrap_or(0);
    if !begin.regardless && ends > clock::now().timestamp_millis() {
        return None;
    }
    [COMPLETE, FILLING].into_iter().for_each(|mark| period.remove(mark));
    let fields = !period.fields.is_empty();
    period.shelves = Some(Shelves::of(&period.fields));
    period.put(FILLING, begin.fill.clone().into());
    Some(fields)
}

/// The same as scripts/period.lua, in one piece. Answers whether the period is complete now.
fn apply(period: &mut PeriodFields, write: &PeriodWrite, written: &mut PeriodWritten) -> bool {
    if write.whole.is_some_and(|seen| seen != doubts(&period.fields)) {
        written.stale += write.entries.len() as u64;
        return false;
    }
    for (field, seen) in &write.gone {
        let is_gone = |text: &Bytes| match Found::parse(text) {
            Found::Absent(_) => false,
            there => there.version() <= *seen,
        };
        if period.fields.get(field).is_some_and(is_gone) {
            period.remove(field);
        }
    }
    let mut whole = write.whole.is_some();
    for (field, entry) in &write.entries {
        let there = period.fields.get(field);
        if entry.replaces(there.map(|text| &**text)) {
            store(period, field, entry);
            written.stored += 1;
        } else {
            if there.is_some_and(|text| matches!(Found::parse(text), Found::Unknown(_))) {
                whole = false;
                period.remove(FILLING);
            }
            written.stale += 1;
        }
    }
    if let Some(fill) = &write.ends {
        whole = period.fields.get(FILLING).is_some_and(|there| there == fill.as_bytes());
    }
    if whole {
        period.remove(FILLING);
        period.put(COMPLETE, Bytes::from_static(b"1"));
    }
    whole
}

fn store(period: &mut PeriodFields, field: &str, entry: &Entry) {
    if matches!(entry.kind, Kind::Outdated | Kind::Evicted) {
        let doubts = doubts(&period.fields) + 1;
        period.put(DOUBTS, doubts.to_string().into());
        [COMPLETE, FILLING].into_iter().for_each(|mark| period.remove(mark));
    }
    period.put(field, entry.text.clone());
}

fn bytes_of(fields: &Fields) -> u64 {
    fields.iter().map(|(name, text)| (name.len() + text.len()) as u64).sum()
}
