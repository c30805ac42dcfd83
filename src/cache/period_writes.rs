//! What is written to periods: all of one, or single orders.

use std::collections::HashSet;

use super::{
    Cache, OnLoss,
    entry::{Entry, jittered},
    hash::{PeriodWrite, PeriodWritten},
    keyspaces::{self, Keyspace},
    outage::Place,
    periods::{PeriodOrders, key},
    rows::Filled,
    stats::count,
};
use crate::entity::{OrderNo, Period, order};

impl Cache {
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
