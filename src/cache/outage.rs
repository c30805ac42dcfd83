//! What could not be written, so that nothing older is read until it is.
//!
//! For each such key a floor is kept in this process: the lowest version that may be read. A
//! background task writes the floors as `?N` markers once Redis answers, and then drops them.
//! When there are too many to keep, nothing in the cache is believed until all entries of
//! ours have been removed from it.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{
    backend::{Backend, Lost, Write, Written},
    entry::{Entry, jittered},
    hash::PeriodWrite,
    keyspaces::Keyspace,
};

/// Most floors that are kept.
const MAX_FLOORS: usize = 100_000;
/// How many are written at once.
const BATCH: usize = 500;

/// Where something could not be written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) keyspace: Keyspace,
    pub(super) key: String,
    /// The order's number, in the hash of a period.
    pub(super) field: Option<String>,
}

#[derive(Default)]
pub(super) struct Outage {
    floors: Mutex<AllFloors>,
    /// How many floors there are, and one more while nothing is believed: reads look here
    /// first, without the lock.
    count: AtomicUsize,
    /// Wakes the repair.
    pub(super) wanted: Notify,
}

/// The lowest versions that may be read of a key's fields, or of the key itself.
pub(super) type Floors = HashMap<Option<String>, i64>;

#[derive(Default)]
struct AllFloors {
    by_key: HashMap<(Keyspace, String), Floors>,
    len: usize,
    /// Counts overflows; more than `cleared` means that nothing is believed.
    overflows: u64,
    cleared: u64,
}

impl AllFloors {
    fn is_overflown(&self) -> bool {
        self.overflows > self.cleared
    }
}

impl Outage {
    pub(super) fn is_over(&self) -> bool {
        self.count.load(Relaxed) == 0
    }

    /// Whether nothing can be believed.
    pub(super) fn is_overflown(&self) -> bool {
        !self.is_over() && self.floors.lock().is_overflown()
    }

    /// Lets nothing older than this version be read.
    pub(super) fn raise(&self, place: Place, version: i64) {
        let mut floors = self.floors.lock();
        if floors.len >= MAX_FLOORS {
            tracing::error!("too many failed cache writes: the cache is not believed, and cleared");
            floors.by_key.clear();
            floors.len = 0;
            floors.overflows += 1;
        }
        let fields = floors.by_key.entry((place.keyspace, place.key)).or_default();
        let before = fields.len();
        let floor = fields.entry(place.field).or_insert(version);
        *floor = version.max(*floor);
        let new = fields.len() - before;
        floors.len += new;
        self.recount(&floors);
        drop(floors);
        self.wanted.notify_one();
    }

    fn recount(&self, floors: &AllFloors) {
        self.count.store(floors.len + usize::from(floors.is_overflown()), Relaxed);
    }

    /// The lowest version that may be read of a key.
    pub(super) fn floor(&self, keyspace: Keyspace, key: &str) -> i64 {
        self.floors_of(keyspace, key).get(&None).copied().unwrap_or(i64::MIN)
    }

    /// The lowest versions that may be read of a key's fields.
    pub(super) fn floors_of(&self, keyspace: Keyspace, key: &str) -> Floors {
        if self.is_over() {
            return Floors::new();
        }
        let floors = self.floors.lock();
        floors.by_key.get(&(keyspace, key.to_owned())).cloned().unwrap_or_default()
    }

    fn some(&self) -> Vec<(Place, i64)> {
        let floors = self.floors.lock();
        let places = floors.by_key.iter().flat_map(|((keyspace, key), fields)| {
            fields.iter().map(|(field, floor)| {
                (Place { keyspace: *keyspace, key: key.clone(), field: field.clone() }, *floor)
            })
        });
        places.take(BATCH).collect()
    }

    /// Drops a floor that stands in Redis now, unless it was raised meanwhile.
    fn settle(&self, place: Place, version: i64) {
        let mut floors = self.floors.lock();
        let key = (place.keyspace, place.key);
        let Some(fields) = floors.by_key.get_mut(&key) else { return };
        if fields.get(&place.field) != Some(&version) {
            return;
        }
        fields.remove(&place.field);
        if fields.is_empty() {
            floors.by_key.remove(&key);
        }
        floors.len -= 1;
        self.recount(&floors);
    }

    fn overflows(&self) -> u64 {
        self.floors.lock().overflows
    }

    fn cleared(&self, overflows: u64) {
        let mut floors = self.floors.lock();
        floors.cleared = overflows;
        self.recount(&floors);
    }

    /// Waits for work, and does it with growing pauses until there is none.
    pub(super) async fn repair(&self, backend: &Backend) {
        loop {
            self.wanted.notified().await;
            let pauses = ExponentialBuilder::default()
                .with_jitter()
                .with_min_delay(Duration::from_millis(50))
                .with_max_delay(Duration::from_secs(1))
                .without_max_times();
            let mut pause = pauses.build();
            while !self.is_over() {
                if self.redo(backend).await.is_ok() {
                    pause = pauses.build();
                } else {
                    tokio::time::sleep(pause.next().unwrap_or(Duration::from_secs(1))).await;
                }
            }
        }
    }

    async fn redo(&self, backend: &Backend) -> Result<(), Lost> {
        if self.is_overflown() {
            let overflows = self.overflows();
            backend.clear().await?;
            self.cleared(overflows);
        }
        let (rows, orders): (Vec<_>, Vec<_>) =
            self.some().into_iter().partition(|(place, _)| place.field.is_none());
        let written = backend.put(rows.iter().map(row_marker).collect()).await;
        let mut done: Vec<bool> = written.into_iter().map(|w| w != Written::Lost).collect();
        let written = backend.put_periods(orders.iter().map(order_marker).collect()).await;
        done.extend(written.into_iter().map(|w| !w.lost));
        let all_done = done.iter().all(|done| *done);
        for ((place, version), done) in rows.into_iter().chain(orders).zip(done) {
            if done {
                self.settle(place, version);
            }
        }
        if all_done { Ok(()) } else { Err(Lost) }
    }
}

fn row_marker((place, version): &(Place, i64)) -> Write {
    Write {
        keyspace: place.keyspace,
        key: place.key.clone(),
        entry: Entry::outdated(*version),
        ttl: jittered(place.keyspace.ttl()),
    }
}

fn order_marker((place, version): &(Place, i64)) -> PeriodWrite {
    PeriodWrite {
        key: place.key.clone(),
        ttl: jittered(place.keyspace.ttl()),
        entries: vec![(place.field.clone().unwrap_or_default(), Entry::outdated(*version))],
        ..PeriodWrite::default()
    }
}
