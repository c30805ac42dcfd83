//! What looks after the cache asks of it: what stands where, and to take it away.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    time::Duration,
};

use super::{
    Cache, Cached, OnLoss,
    backend::{Held, Standing},
    entry::{Entry, jittered},
    keyspaces::Keyspace,
    outage::Place,
    period_writes::period_write,
    rows::{Filled, write},
};
use crate::{
    entity::{OrderNo, Period, order},
    redis::Tracked,
};

/// The cache was not reached, so nothing is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cache cannot be reached now; try again")]
pub struct Unreachable;

/// What stands under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheEntry {
    /// The key; for one order, with its number after a space.
    pub key: String,
    /// What kind of thing it is.
    pub standing: Standing,
    /// Its version; `None` for a period, and for what another service wrote without one.
    pub version: Option<i64>,
    /// When it lapses, from now.
    pub ttl: Option<Duration>,
    /// What it takes.
    pub bytes: Option<u64>,
}

impl CacheEntry {
    /// Whether it answers reads: with a row, a period, or that there is no such row.
    pub const fn answers(&self) -> bool {
        matches!(self.standing, Standing::Row | Standing::Absent | Standing::Period)
    }

    fn of((place, held): (&Place, Held)) -> Self {
        let key = match &place.field {
            Some(field) => format!("{} {field}", place.key),
            None => place.key.clone(),
        };
        let Held { standing, version, ttl, bytes } = held;
        Self { key, standing, version, ttl, bytes }
    }
}

/// An entry that is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eviction<Id> {
    /// Of which row.
    pub id: Id,
    /// The version that was seen there: it goes, even if no database ever had it.
    pub seen: Option<i64>,
    /// What the database had after that look: values as new as this go too, and older ones do
    /// not come back. What is newer still was written since, and stays.
    pub stored: Option<i64>,
}

impl<Id: Clone + Eq + Hash> Eviction<Id> {
    /// Of what stands there and cannot: newer than it is stored, that a row which is stored was
    /// deleted in its version, or a row that is not stored at all.
    /// `entries` are to be seen before what is `stored` is read, so that nothing is meant that was
    /// committed since.
    pub fn of_impossible(
        ids: &[Id],
        entries: &[CacheEntry],
        stored: &HashMap<Id, i64>,
    ) -> Vec<Self> {
        let impossible = |(id, entry): (&Id, &CacheEntry)| {
            let (seen, stored) = (entry.version, stored.get(id).copied());
            let is_impossible = match (stored, entry.standing) {
                (Some(_), Standing::Absent) => seen >= stored,
                (Some(_), _) => seen > stored,
                (None, standing) => standing == Standing::Row,
            };
            is_impossible.then(|| Self { id: id.clone(), seen, stored })
        };
        ids.iter().zip(entries).filter_map(impossible).collect()
    }
}

/// The version of each of these rows.
pub fn versions<T: Cached>(rows: &[T]) -> HashMap<T::Id, i64> {
    rows.iter().map(|row| (row.id(), row.version())).collect()
}

/// The version of each of these orders, in its period.
pub fn order_versions(orders: &[order::Model]) -> HashMap<(Period, OrderNo), i64> {
    let version = |order: &order::Model| {
        ((order.period_number.clone(), order.order_no.clone()), order.version)
    };
    orders.iter().map(version).collect()
}

impl<Id> Eviction<Id> {
    fn entry(&self) -> Entry {
        // A row that is not stored may be made again, from its first version.
        Entry::evicted(self.seen.unwrap_or(i64::MIN), self.stored.unwrap_or(-1))
    }
}

impl Cache {
    /// What stands under the keys of `ids`, in their order. One script call (by slot).
    ///
    /// # Errors
    /// When the cache cannot be reached.
    pub async fn inspect<T: Cached>(&self, ids: &[T::Id]) -> Result<Vec<CacheEntry>, Unreachable> {
        let keyspace = T::KEYSPACE;
        let place = |id| Place { keyspace, key: keyspace.key(id), field: None };
        self.inspect_places(ids.iter().map(place).collect()).await
    }

    /// What stands under a period's key. One script call.
    ///
    /// # Errors
    /// When the cache cannot be reached.
    pub async fn inspect_period(&self, period: &Period) -> Result<Vec<CacheEntry>, Unreachable> {
        self.inspect_places(vec![period_place(period, None)]).await
    }

    /// What stands for these orders in their periods. One script call (by slot).
    ///
    /// # Errors
    /// When the cache cannot be reached.
    pub async fn inspect_orders(
        &self,
        orders: &[(Period, OrderNo)],
    ) -> Result<Vec<CacheEntry>, Unreachable> {
        let place = |(period, number): &(Period, OrderNo)| {
            period_place(period, Some(number.as_str().to_owned()))
        };
        self.inspect_places(orders.iter().map(place).collect()).await
    }

    pub(super) async fn inspect_places(
        &self,
        places: Vec<Place>,
    ) -> Result<Vec<CacheEntry>, Unreachable> {
        let held = self.0.backend.inspect(&places).await.map_err(|_| Unreachable)?;
        Ok(places.iter().zip(held).map(CacheEntry::of).collect())
    }

    /// Takes entries away. One script call (by slot).
    pub async fn evict<T: Cached>(&self, evictions: &[Eviction<T::Id>]) -> Filled {
        let eviction = |eviction: &Eviction<T::Id>| write::<T>(&eviction.id, eviction.entry());
        self.write(evictions.iter().map(eviction).collect(), OnLoss::Remember).await
    }

    /// Takes away all that is cached.
    ///
    /// # Errors
    /// When the cache cannot be reached; some of it may be gone then.
    pub async fn forget_everything(&self) -> Result<(), Unreachable> {
        let forgotten = self.0.backend.clear().await.map_err(|_| Unreachable);
        self.0.near.hear(Tracked::Missed);
        forgotten
    }

    /// Takes away what is cached of a period. A fill under way does not bring it back. One script
    /// call.
    ///
    /// # Errors
    /// When the cache cannot be reached.
    pub async fn forget_period(&self, period: &Period) -> Result<(), Unreachable> {
        let (key, ttl) = (Keyspace::Orders.key(period), jittered(Keyspace::Orders.ttl()));
        let forgotten = self.0.backend.forget_period(&key, ttl).await.map_err(|_| Unreachable);
        self.0.near.forget(&key);
        forgotten
    }

    /// Takes orders out of their periods, which are partial then. One pipeline.
    pub async fn evict_orders(&self, evictions: &[Eviction<(Period, OrderNo)>]) -> Filled {
        let mut periods = BTreeMap::<&Period, Vec<_>>::new();
        for eviction in evictions {
            let (period, number) = &eviction.id;
            let entry = (number.as_str().to_owned(), eviction.entry());
            periods.entry(period).or_default().push(entry);
        }
        let write = |(period, entries)| period_write(period, entries);
        self.write_periods(periods.into_iter().map(write).collect(), OnLoss::Remember).await
    }
}

fn period_place(period: &Period, field: Option<String>) -> Place {
    Place { keyspace: Keyspace::Orders, key: Keyspace::Orders.key(period), field }
}
