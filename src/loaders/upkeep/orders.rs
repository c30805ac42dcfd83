//! Orders: a period has one entry, and an order a part of it.

use std::{collections::HashMap, time::Duration};

use sea_orm::Iterable;
use tokio::time::sleep;

use super::{CacheAction, Upkeep, certain, is_there};
use crate::{
    cache::{CacheEntry, Eviction, LongFill, PeriodPage, PeriodQuery, Standing, order_versions},
    entity::{OrderNo, Period, order},
    error::Result,
    loaders::{Sources, long, order::OrdersByPeriod},
    store::orders,
};

/// How often a period is looked at before it is called wrong, and how long in between.
const LOOKS: u32 = 3;
const BETWEEN_LOOKS: Duration = Duration::from_millis(300);

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
        let id = [(order.period_number, order.order_no)];
        let entry = self.cache().inspect_orders(&id).await?;
        // Again, after the look: what was seen cannot be newer than this.
        let by_number = orders::by_nos(self.reader(), std::slice::from_ref(number));
        let Some(order) = by_number.await?.pop() else { return Ok(Upkeep::of(0, 1)) };
        let stored = order_versions(std::slice::from_ref(&order));
        let affected = match action {
            CacheAction::Warm if entry[0].standing == Standing::Row => 0,
            CacheAction::Invalidate => {
                let [id] = id;
                let (seen, stored) = (entry[0].version, Some(order.version));
                let eviction = [Eviction { id, seen, stored }];
                let evicted = certain(self.cache().evict_orders(&eviction).await)?;
                if is_there(&entry[0]) { evicted } else { 0 }
            }
            CacheAction::Warm | CacheAction::Refresh => {
                let impossible = Eviction::of_impossible(&id, &entry, &stored);
                certain(self.cache().evict_orders(&impossible).await)?;
                certain(self.cache().put_orders(std::slice::from_ref(&order)).await)?
            }
        };
        Ok(Upkeep::of(affected, 1))
    }

    /// Whether a complete period was not what the database has, and was filled anew. Of a long one
    /// the numbers by status are compared.
    pub(super) async fn sweep_period(&self, period: &Period) -> Result<bool> {
        for _ in 0..LOOKS {
            if self.is_right(period).await? {
                return Ok(false);
            }
            // A change may be on its way from the database to the cache.
            sleep(BETWEEN_LOOKS).await;
        }
        OrdersByPeriod(self.clone()).refill(period).await?;
        Ok(true)
    }

    async fn is_right(&self, period: &Period) -> Result<bool> {
        let cached = self.cache().periods(std::slice::from_ref(period)).await.pop();
        let cached = cached.unwrap_or_default();
        if cached.complete {
            let most = LongFill::THRESHOLD as u64 + 1;
            return Ok(long::part(self, period, None, most).await? == *cached.orders);
        }
        if !cached.long {
            // It is filled by its next reader.
            return Ok(true);
        }
        let stored = orders::count_by_status(self.reader(), period).await?;
        let stored: HashMap<order::Status, u64> =
            stored.into_iter().map(|(status, count)| (status, count.unsigned_abs())).collect();
        let query = |status| PeriodQuery::total(period, Some(status));
        let statuses: Vec<order::Status> = order::Status::iter().collect();
        let queries: Vec<PeriodQuery> = statuses.iter().copied().map(query).collect();
        let pages = self.cache().period_pages(&queries).await;
        let is_same = |(status, page): (&order::Status, &Option<PeriodPage>)| {
            let stored = stored.get(status).copied().unwrap_or(0);
            page.as_ref().is_none_or(|page| page.total == stored)
        };
        Ok(statuses.iter().zip(&pages).all(is_same))
    }

    pub(super) async fn order_entries(&self, number: &OrderNo) -> Result<Vec<CacheEntry>> {
        let by_number = orders::by_nos(self.reader(), std::slice::from_ref(number));
        match by_number.await?.pop() {
            Some(order) => {
                Ok(self.cache().inspect_orders(&[(order.period_number, order.order_no)]).await?)
            }
            None => Ok(Vec::new()),
        }
    }
}
