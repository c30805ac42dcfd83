//! Orders, singly and by period.

use std::sync::Arc;

use super::{
    Loaders, Sources,
    batch::{Fetch, Fetched},
    long,
    page::{Page, Slice, cut, probe, trim},
    row::{Row, Source, Sourced},
};
use crate::{
    cache::{LongFill, PeriodOrders},
    entity::{OrderNo, Period, clock, order},
    error::{Error, Result},
    store::orders,
};
use chrono::{DateTime, Utc};

pub use crate::store::orders::{OpenOrders, OrderFilter};

/// One SELECT for the batch: an order's number does not say in which period's hash it is.
#[derive(Clone)]
pub(super) struct OrdersByNumber(pub Sources);

impl Fetch for OrdersByNumber {
    type Key = OrderNo;
    type Row = Sourced<order::Model>;

    async fn fetch(&self, numbers: &[OrderNo]) -> Fetched<Self> {
        let mut fetched = Fetched::with_capacity(numbers.len());
        let read_at = clock::now();
        let rows = orders::by_nos(self.0.reader(), numbers).await.map_err(Error::from);
        let numbered =
            |row: Row<order::Model>| (row.order_no.clone(), Sourced::stored(row, read_at));
        fetched.add(rows.map(|rows| Row::each(rows).map(numbered)));
        fetched
    }
}

/// All orders of a period, by number.
#[derive(Clone)]
pub(super) struct PeriodRows {
    orders: Arc<Vec<order::Model>>,
    source: Source,
    read_at: DateTime<Utc>,
}

impl PeriodRows {
    fn cached(orders: Arc<Vec<order::Model>>) -> Self {
        Self { orders, source: Source::Cache, read_at: clock::now() }
    }

    fn stale(orders: Arc<Vec<order::Model>>) -> Self {
        Self { source: Source::Stale, ..Self::cached(orders) }
    }

    fn stored(mut orders: Vec<order::Model>) -> Self {
        // A database's collation may have an order of its own.
        orders.sort_unstable_by(|a, b| a.order_no.cmp(&b.order_no));
        Self { orders: Arc::new(orders), source: Source::Database, read_at: clock::now() }
    }

    fn sourced(&self, row: Row<order::Model>) -> Sourced<order::Model> {
        match self.source {
            Source::Cache => {
                let changed_at = row.updated_at;
                Sourced::cached(row, changed_at)
            }
            Source::Stale => {
                let changed_at = row.updated_at;
                Sourced::stale(row, changed_at)
            }
            Source::Database => Sourced::stored(row, self.read_at),
        }
    }

    fn page(
        &self,
        status: Option<order::Status>,
        page: &Page<OrderNo>,
    ) -> Slice<Sourced<order::Model>> {
        let wanted =
            |index: &usize| status.is_none_or(|status| self.orders[*index].status == status);
        let indexes: Vec<usize> = (0..self.orders.len()).filter(wanted).collect();
        let range = cut(&indexes, page, |index, number| self.orders[*index].order_no.cmp(number));
        let rows = Row::some(&self.orders, indexes[range.clone()].iter().copied());
        Slice {
            rows: rows.into_iter().map(|row| self.sourced(row)).collect(),
            has_next: range.end < indexes.len(),
            has_previous: range.start > 0,
        }
    }
}

/// A period as it is read.
#[derive(Clone)]
pub(super) enum PeriodRead {
    /// At once.
    Short(PeriodRows),
    /// By the page.
    Long,
}

/// One pipeline of script calls for the batch; for each period that is not complete in the cache
/// one SELECT, and one pipeline to fill it.
#[derive(Clone)]
pub(super) struct OrdersByPeriod(pub Sources);

impl Fetch for OrdersByPeriod {
    type Key = Period;
    type Row = PeriodRead;

    async fn fetch(&self, periods: &[Period]) -> Fetched<Self> {
        let mut fetched = Fetched::with_capacity(periods.len());
        let (mut misses, mut before) = (Vec::new(), Vec::new());
        let cached = self.0.cache().periods(periods).await;
        for (period, cached) in periods.iter().zip(cached) {
            if cached.complete {
                let rows = PeriodRows::cached(cached.orders);
                fetched.found(period.clone(), PeriodRead::Short(rows));
            } else if cached.long {
                fetched.found(period.clone(), PeriodRead::Long);
            } else {
                misses.push(period.clone());
                before.push(cached);
            }
        }
        if !misses.is_empty() {
            let read = Box::pin(self.read_and_fill(&misses, &before));
            let kept = |period: &Period| {
                let kept = self.0.cache().kept_period(period);
                kept.map(|orders| PeriodRead::Short(PeriodRows::stale(orders)))
            };
            self.0.outage().read_or_keep(&mut fetched, &misses, read, kept).await;
        }
        fetched
    }
}

impl OrdersByPeriod {
    /// Reads a period from the database, whatever the cache has, and fills it.
    pub async fn refill(&self, period: &Period) -> Result<()> {
        let before = self.0.cache().periods(std::slice::from_ref(period)).await.pop();
        let before = before.unwrap_or_default();
        if !before.long && matches!(self.read_one(period, &before).await?, PeriodRead::Short(_)) {
            return Ok(());
        }
        match self.0.cache().begin_fill(period, true).await? {
            Some(fill) => long::fill(&self.0, fill).await,
            None => Ok(()),
        }
    }

    async fn read_and_fill(
        &self,
        periods: &[Period],
        before: &[PeriodOrders],
    ) -> Result<Vec<(Period, PeriodRead)>> {
        let mut filled = Vec::with_capacity(periods.len());
        for (period, before) in periods.iter().zip(before) {
            let read = self.read_one(period, before).await?;
            if matches!(read, PeriodRead::Long) {
                long::fill_beside(&self.0, period);
            }
            filled.push((period.clone(), read));
        }
        Ok(filled)
    }

    /// A fill needs what the cache had before the read, to tell what was deleted since.
    async fn read_one(&self, period: &Period, before: &PeriodOrders) -> Result<PeriodRead> {
        let orders = long::part(&self.0, period, None, LongFill::THRESHOLD as u64 + 1).await?;
        if orders.len() > LongFill::THRESHOLD {
            return Ok(PeriodRead::Long);
        }
        self.0.cache().put_period(period, before, &orders).await;
        Ok(PeriodRead::Short(PeriodRows::stored(orders)))
    }
}

impl Loaders {
    /// An order, if there is one; always the database's.
    pub async fn order(&self, number: OrderNo) -> Result<Option<Sourced<order::Model>>> {
        self.batchers().orders.load(number).await
    }

    async fn period(&self, period: &Period) -> Result<Option<PeriodRead>> {
        match self.sources.cache().near_period(period) {
            Some(orders) => Ok(Some(PeriodRead::Short(PeriodRows::cached(orders)))),
            None => self.batchers().periods.load(period.clone()).await,
        }
    }

    /// A page of a period's orders, by number.
    pub async fn period_page(
        &self,
        period: &Period,
        status: Option<order::Status>,
        page: &Page<OrderNo>,
    ) -> Result<Slice<Sourced<order::Model>>> {
        match self.period(period).await? {
            Some(PeriodRead::Short(rows)) => Ok(rows.page(status, page)),
            Some(PeriodRead::Long) | None => self.long_page(period, status, page).await,
        }
    }

    /// How many orders a period has, of one status or in all.
    pub async fn period_count(
        &self,
        period: &Period,
        status: Option<order::Status>,
    ) -> Result<u64> {
        let wanted = |order: &&order::Model| status.is_none_or(|status| order.status == status);
        match self.period(period).await? {
            Some(PeriodRead::Short(rows)) => Ok(rows.orders.iter().filter(wanted).count() as u64),
            Some(PeriodRead::Long) | None => self.long_count(period, status).await,
        }
    }

    /// A page of a wallet's orders, by number. One SELECT; always the database's.
    pub async fn order_page(
        &self,
        filter: &OrderFilter,
        page: &Page<OrderNo>,
    ) -> Result<Slice<Sourced<order::Model>>> {
        let read_at = clock::now();
        let rows = Box::pin(orders::page(self.sources.reader(), filter, &probe(page))).await?;
        let rows = Row::each(rows).map(|row| Sourced::stored(row, read_at)).collect();
        Ok(trim(rows, page))
    }

    /// Orders of a period that may still change, by number, after this one. One SELECT; always
    /// the database's.
    pub async fn open_orders(
        &self,
        filter: &OpenOrders,
        after: Option<&OrderNo>,
        limit: u64,
    ) -> Result<Vec<Sourced<order::Model>>> {
        let read_at = clock::now();
        let rows = orders::open(self.sources.reader(), filter, after, limit).await?;
        Ok(Row::each(rows).map(|row| Sourced::stored(row, read_at)).collect())
    }
}
