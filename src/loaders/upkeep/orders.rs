//! Orders: a period has one entry, and an order a part of it.

use super::{CacheAction, Upkeep, certain, is_there};
use crate::{
    cache::{CacheEntry, Standing},
    entity::{OrderNo, Period},
    error::Result,
    loaders::{Sources, order::OrdersByPeriod},
    store::orders,
};

impl Sources {
    pub(super) async fn look_after_period(
        &self,
        period: &Period,
        action: CacheAction,
    ) -> Result<Upkeep> {
        let entries = self.cache().inspect_period(period).await?;
        let is_complete = entries.iter().any(|entry| entry.standing == Standing::Period);
        let is_empty = entries.iter().all(|entry| entry.standing == Standing::Nothing);
        match action {
            CacheAction::Warm if is_complete => return Ok(Upkeep::of(0, 1)),
            CacheAction::Warm | CacheAction::Refresh => {
                OrdersByPeriod(self.clone()).refill(period).await?;
            }
            CacheAction::Invalidate => {
                self.cache().forget_period(period).await?;
            }
        }
        let nothing_gone = action == CacheAction::Invalidate && is_empty;
        Ok(Upkeep::of(u64::from(!nothing_gone), 1))
    }

    pub(super) async fn look_after_order(
        &self,
        number: &OrderNo,
        action: CacheAction,
    ) -> Result<Upkeep> {
        let by_number = orders::by_nos(self.reader(), std::slice::from_ref(number));
        let Some(order) = by_number.await?.pop() else { return Ok(Upkeep::of(0, 1)) };
        let entry = self.cache().inspect_order(&order).await?.remove(0);
        // Again, after the look: what was seen cannot be newer than this.
        let by_number = orders::by_nos(self.reader(), std::slice::from_ref(number));
        let Some(order) = by_number.await?.pop() else { return Ok(Upkeep::of(0, 1)) };
        let is_impossible = entry.version.is_some_and(|seen| seen > order.version);
        let affected = match action {
            CacheAction::Warm if entry.standing == Standing::Row => 0,
            CacheAction::Invalidate => {
                let evicted = certain(self.cache().evict_order(&order, entry.version).await)?;
                if is_there(&entry) { evicted } else { 0 }
            }
            CacheAction::Warm | CacheAction::Refresh => {
                if is_impossible {
                    certain(self.cache().evict_order(&order, entry.version).await)?;
                }
                certain(self.cache().put_orders(std::slice::from_ref(&order)).await)?
            }
        };
        Ok(Upkeep::of(affected, 1))
    }

    pub(super) async fn order_entries(&self, number: &OrderNo) -> Result<Vec<CacheEntry>> {
        let by_number = orders::by_nos(self.reader(), std::slice::from_ref(number));
        match by_number.await?.pop() {
            Some(order) => Ok(self.cache().inspect_order(&order).await?),
            None => Ok(Vec::new()),
        }
    }
}
