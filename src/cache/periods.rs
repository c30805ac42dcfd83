//! Orders by period: a hash each, which is answered from only when it is complete.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use super::{
    Cache, OnLoss,
    backend::{COMPLETE, DOUBTS, FILLING, Fields, Hash, INDEXED, PeriodWrite, PeriodWritten},
    entry::{Entry, Found, jittered},
    keyspaces::{self, Keyspace},
    memory::doubts,
    outage::{Floors, Place},
    rows::Filled,
    stats::count,
};
use crate::{
    entity::{OrderNo, Period, order},
    redis::Tracked,
};

/// No hash counts this many doubts.
const UNREACHED: i64 = -1;

/// What the cache has of a period's orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeriodOrders {
    /// The orders, by number.
    pub orders: Arc<Vec<order::Model>>,
    /// Whether these are all. Lists and counts are answered from a complete period only.
    pub complete: bool,
    /// Whether there are too many to be read at once: ask for pages.
    pub long: bool,
    /// What else a fill must know of what it replaces.
    seen: Seen,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Orders that are newer than what is there, and as of which version.
    unknown: Vec<(String, i64)>,
    /// Orders that are not there any more, as of which version.
    removed: Vec<(String, i64)>,
    /// Fields that hold no order.
    unreadable: Vec<(String, i64)>,
    /// How often an order had become unknown.
    doubts: i64,
}

impl Seen {
    fn is_clear(&self) -> bool {
        self.unknown.is_empty() && self.unreadable.is_empty()
    }
}

impl PeriodOrders {
    /// Nothing is known, also not what a fill must know.
    fn unreached() -> Self {
        let seen = Seen { doubts: UNREACHED, ..Seen::default() };
        Self { seen, ..Self::default() }
    }

    /// What stands there in place of one of `orders`, which were read after that, and cannot: it is
    /// newer, or says that there is none.
    fn undone(&self, orders: &[order::Model]) -> Vec<(String, Entry)> {
        let known = self.orders.iter().map(|order| (order.order_no.as_str(), order.version));
        let unknown = self.seen.unknown.iter().map(|(number, seen)| (&**number, *seen));
        let seen: HashMap<&str, i64> = known.chain(unknown).collect();
        let removed: HashMap<&str, i64> =
            self.seen.removed.iter().map(|(number, seen)| (&**number, *seen)).collect();
        let undone = |order: &order::Model| {
            let number = order.order_no.as_str();
            let newer = seen.get(number).filter(|seen| **seen > order.version);
            let seen = newer.or_else(|| removed.get(number).filter(|at| **at >= order.version))?;
            Some((number.to_owned(), Entry::evicted(*seen, order.version)))
        };
        orders.iter().filter_map(undone).collect()
    }
}

impl Cache {
    /// All orders of a period, by number, if this process holds them and they are known to be
    /// current. No round trip.
    pub fn near_period(&self, period: &Period) -> Option<Arc<Vec<order::Model>>> {
        let orders = self.0.near.get(Keyspace::Orders, period)?;
        count(&self.0.stats.of(Keyspace::Orders).near_hits, 1);
        Some(orders)
    }

    /// Another instance says that it changed an order of this period: see [`Self::heard_of`].
    pub fn heard_of_period(&self, period: &Period) {
        self.0.near.hear(Tracked::Changed(Keyspace::Orders.key(period).as_bytes()));
    }

    /// All orders of a period as this process holds them, however old: for when nobody can be
    /// asked. No round trip.
    pub fn kept_period(&self, period: &Period) -> Option<Arc<Vec<order::Model>>> {
        self.0.near.kept(Keyspace::Orders, period)
    }

    /// What is cached of these periods. One pipeline of script calls. What is complete is
    /// [`Self::near_period`] from then on. Of a long period this says no more than that it is one:
    /// [`Self::period_pages`] has its parts.
    pub async fn periods(&self, periods: &[Period]) -> Vec<PeriodOrders> {
        if periods.is_empty() || self.0.outage.is_overflown() {
            return vec![PeriodOrders::unreached(); periods.len()];
        }
        let started = Instant::now();
        let keys: Vec<String> = periods.iter().map(key).collect();
        // Before Redis is asked: a floor may be settled while an answer from before is on its way.
        let floors: Vec<_> =
            keys.iter().map(|key| self.0.outage.floors_of(Keyspace::Orders, key)).collect();
        let stamps: Vec<_> = keys.iter().map(|key| self.0.near.stamp(key)).collect();
        let hashes = self.0.backend.periods(&keys).await;
        self.0.stats.of(Keyspace::Orders).took(started);
        let read = |(name, (floors, hash)): (&Period, (Floors, Result<Hash, _>))| match hash {
            Ok(Hash::Whole(fields)) => {
                let bytes = fields.iter().map(|(name, text)| name.len() + text.len()).sum();
                (self.read_period(name, &floors, &fields), bytes)
            }
            Ok(Hash::Long) => (PeriodOrders { long: true, ..PeriodOrders::default() }, 0),
            Err(_) => {
                count(&self.0.stats.of(Keyspace::Orders).errors, 1);
                (PeriodOrders::unreached(), 0)
            }
        };
        let keep = |((key, stamp), (period, bytes)): ((&String, _), (PeriodOrders, usize))| {
            if let (true, Some(stamp)) = (period.complete, stamp) {
                self.0.near.keep(key, stamp, (0, period.orders.clone()), bytes);
            }
            period
        };
        let found = periods.iter().zip(floors.into_iter().zip(hashes)).map(read);
        let periods: Vec<PeriodOrders> = keys.iter().zip(stamps).zip(found).map(keep).collect();
        // Whether a long one is a hit, its pages say.
        let hits = periods.iter().filter(|period| period.complete).count() as u64;
        let misses = periods.iter().filter(|period| !period.complete && !period.long).count();
        count(&self.0.stats.of(Keyspace::Orders).hits, hits);
        count(&self.0.stats.of(Keyspace::Orders).misses, misses as u64);
        periods
    }

    fn read_period(&self, name: &Period, floors: &Floors, fields: &Fields) -> PeriodOrders {
        let mut period = PeriodOrders {
            seen: Seen { doubts: doubts(fields), ..Seen::default() },
            ..PeriodOrders::default()
        };
        let mut orders = Vec::with_capacity(fields.len());
        for (field, text) in fields {
            if [COMPLETE, DOUBTS, FILLING, INDEXED].contains(&field.as_str()) {
                continue;
            }
            let found = Found::parse(text);
            let floor = floors.get(&Some(field.clone())).copied().unwrap_or(i64::MIN);
            match found {
                Found::Absent(version) => period.seen.removed.push((field.clone(), version)),
                Found::Row(json) => match keyspaces::decode::<order::Model>(json) {
                    // Others write here too, and may put an order where it does not belong.
                    Ok(order)
                        if order.order_no.as_str() != field || order.period_number != *name =>
                    {
                        count(&self.0.stats.of(Keyspace::Orders).errors, 1);
                        period.seen.unreadable.push((field.clone(), found.version()));
                    }
                    Ok(order) if order.version >= floor => orders.push(order),
                    Ok(_) => period.seen.unknown.push((field.clone(), found.version())),
                    Err(_) => {
                        count(&self.0.stats.of(Keyspace::Orders).errors, 1);
                        period.seen.unreadable.push((field.clone(), found.version()));
                    }
                },
                Found::Unknown(version) => period.seen.unknown.push((field.clone(), version)),
            }
        }
        orders.sort_unstable_by(|a, b| a.order_no.cmp(&b.order_no));
        period.orders = Arc::new(orders);
        period.complete =
            fields.contains_key(COMPLETE) && period.seen.is_clear() && floors.is_empty();
        period
    }

    /// Stores all orders of a period that were read from the database, and marks it complete.
    /// `before` is what [`Self::periods`] said before that read: an order that was there then,
    /// and is not among `orders`, was deleted; one that came since stays. One that was newer then
    /// was put back by hand: it is taken away, and the next reader fills the period. With the default
    /// for `before`, which is right of what was never read, nothing is taken out. One pipeline.
    pub async fn put_period(
        &self,
        period: &Period,
        before: &PeriodOrders,
        orders: &[order::Model],
    ) {
        let undone = before.undone(orders);
        if !undone.is_empty() {
            self.write_periods(vec![period_write(period, undone)], OnLoss::Remember).await;
            return;
        }
        let now: HashSet<&str> = orders.iter().map(|order| order.order_no.as_str()).collect();
        let known = before.orders.iter().map(|order| (name(order), order.version));
        let was_there = known.chain(before.seen.unknown.iter().cloned());
        let mut gone: Vec<(String, i64)> =
            was_there.filter(|(field, _)| !now.contains(field.as_str())).collect();
        gone.extend(before.seen.unreadable.iter().cloned());
        let write = PeriodWrite {
            gone,
            whole: Some(before.seen.doubts),
            ..period_write(period, orders.iter().filter_map(row))
        };
        self.write_periods(vec![write], OnLoss::Forget).await;
    }

    /// Stores single orders that were committed, where newer, without making their period
    /// complete. One pipeline.
    pub async fn put_orders(&self, orders: &[order::Model]) -> Filled {
        self.write_periods(by_period(orders, row), OnLoss::Remember).await
    }

    /// Takes deleted orders out of their periods, and lets nothing as old come back. One
    /// pipeline.
    pub async fn remove_orders(&self, orders: &[order::Model]) {
        let removed = |order: &order::Model| Some((name(order), Entry::removed(order.version)));
        self.write_periods(by_period(orders, removed), OnLoss::Remember).await;
    }

    /// Forgets orders older than the given version, each of a period, and lets none of them come
    /// back; the period is read anew. One pipeline.
    pub async fn invalidate_orders(&self, orders: &[(Period, OrderNo, i64)]) {
        let mut periods = std::collections::BTreeMap::<&Period, Vec<_>>::new();
        for (period, order_no, version) in orders {
            let entry = (order_no.to_string(), Entry::outdated(*version));
            periods.entry(period).or_default().push(entry);
        }
        let write = |(period, entries)| period_write(period, entries);
        self.write_periods(periods.into_iter().map(write).collect(), OnLoss::Remember).await;
    }

    pub(super) async fn write_periods(&self, writes: Vec<PeriodWrite>, on_loss: OnLoss) -> Filled {
        let mut filled = Filled::default();
        if writes.is_empty() {
            return filled;
        }
        let keys: Vec<String> = writes.iter().map(|write| write.key.clone()).collect();
        let places: Vec<Vec<(Place, i64)>> = writes.iter().map(places).collect();
        let written = self.0.backend.put_periods(writes).await;
        let counters = self.0.stats.of(Keyspace::Orders);
        for (places, PeriodWritten { stored, stale, lost }) in places.into_iter().zip(written) {
            count(&counters.fills, stored);
            count(&counters.rejected_stale, stale);
            filled.stored += stored;
            filled.refused += stale;
            if lost {
                filled.lost += 1;
                places.into_iter().for_each(|(place, floor)| self.lost(place, floor, on_loss));
            }
        }
        // Last: who reads from now on finds what was written, or the floors.
        keys.iter().for_each(|key| self.0.near.forget(key));
        filled
    }
}

pub(super) fn key(period: &Period) -> String {
    Keyspace::Orders.key(period)
}

fn name(order: &order::Model) -> String {
    order.order_no.as_str().to_owned()
}

pub(super) fn row(order: &order::Model) -> Option<(String, Entry)> {
    match keyspaces::encode(order) {
        Ok(text) => Some((name(order), Entry::row(order.version, text))),
        Err(error) => {
            tracing::error!(order.no = %order.order_no, %error, "cannot be cached");
            None
        }
    }
}

pub(super) fn period_write(
    period: &Period,
    entries: impl IntoIterator<Item = (String, Entry)>,
) -> PeriodWrite {
    PeriodWrite {
        key: key(period),
        ttl: jittered(Keyspace::Orders.ttl()),
        entries: entries.into_iter().collect(),
        ..PeriodWrite::default()
    }
}

fn by_period(
    orders: &[order::Model],
    entry: impl Fn(&order::Model) -> Option<(String, Entry)>,
) -> Vec<PeriodWrite> {
    let mut periods = std::collections::BTreeMap::<&Period, Vec<_>>::new();
    for order in orders {
        periods.entry(&order.period_number).or_default().extend(entry(order));
    }
    periods.into_iter().map(|(period, entries)| period_write(period, entries)).collect()
}

fn places(write: &PeriodWrite) -> Vec<(Place, i64)> {
    let place = |(field, entry): &(String, Entry)| {
        let (keyspace, key) = (Keyspace::Orders, write.key.clone());
        (Place { keyspace, key, field: Some(field.clone()) }, entry.floor())
    };
    write.entries.iter().map(place).collect()
}
