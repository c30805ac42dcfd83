//! Orders by period: a hash each, which is answered from only when it is complete.

use std::{collections::HashMap, sync::Arc, time::Instant};

use super::{
    Cache,
    entry::{Entry, Found},
    hash::{COMPLETE, DOUBTS, FILLING, Fields, Hash, INDEXED, doubts},
    keyspaces::{self, Keyspace},
    outage::Floors,
    stats::count,
};
use crate::{
    entity::{Period, order},
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
    pub(super) seen: Seen,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Orders that are newer than what is there, and as of which version.
    pub(super) unknown: Vec<(String, i64)>,
    /// Orders that are not there any more, as of which version.
    removed: Vec<(String, i64)>,
    /// Fields that hold no order.
    pub(super) unreadable: Vec<(String, i64)>,
    /// How often an order had become unknown.
    pub(super) doubts: i64,
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
    pub(super) fn undone(&self, orders: &[order::Model]) -> Vec<(String, Entry)> {
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
                self.0.near.keep(key, Some(stamp), (0, period.orders.clone()), bytes);
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
}

pub(super) fn key(period: &Period) -> String {
    Keyspace::Orders.key(period)
}
