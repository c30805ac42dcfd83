//! Long periods: a page of one costs what the page costs, and it is filled in parts, beside the
//! requests that found it missing.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;

use super::{
    Loaders, OrderFilter, Page, Slice, Sources,
    batch::{Fetch, Fetched},
    page::{probe, trim},
    row::{Row, Source, Sourced},
};
use crate::{
    cache::{Eviction, LongFill, PeriodPage, PeriodQuery},
    entity::{OrderNo, Period, clock, order},
    error::Result,
    store::orders,
};

/// Orders that are read and written at a time.
const PART: u64 = 1_000;
/// Periods that this process fills at once; of others pages are read from the database meanwhile.
static FILLS: Semaphore = Semaphore::const_new(2);

/// A part of a long period.
#[derive(Clone)]
pub(super) struct LongPage {
    orders: Arc<Vec<order::Model>>,
    /// How many there are on all pages.
    total: u64,
    source: Source,
    read_at: DateTime<Utc>,
}

/// One pipeline of script calls for the batch; for each page of a period that is not complete in
/// the cache one SELECT.
#[derive(Clone)]
pub(super) struct LongPages(pub Sources);

impl Fetch for LongPages {
    type Key = PeriodQuery;
    type Row = LongPage;

    async fn fetch(&self, queries: &[PeriodQuery]) -> Fetched<Self> {
        let mut fetched = Fetched::with_capacity(queries.len());
        let mut misses = Vec::new();
        let cached = self.0.cache().period_pages(queries).await;
        for (query, cached) in queries.iter().zip(cached) {
            match cached {
                Some(page) => fetched.found(query.clone(), LongPage::new(page, Source::Cache)),
                None => misses.push(query),
            }
        }
        let periods: HashSet<&Period> = misses.iter().map(|query| &query.period).collect();
        periods.into_iter().for_each(|period| fill_beside(&self.0, period));
        if !misses.is_empty() {
            fetched.add(self.read(&misses).await);
        }
        fetched
    }
}

impl LongPages {
    async fn read(&self, misses: &[&PeriodQuery]) -> Result<Vec<(PeriodQuery, LongPage)>> {
        let mut pages = Vec::with_capacity(misses.len());
        for query in misses {
            let filter = OrderFilter {
                period_number: Some(query.period.clone()),
                status: query.status,
                uid: None,
            };
            // Who asks for no orders asks how many there are.
            let page = if query.limit == 0 {
                let total = orders::count(self.0.reader(), &filter).await?;
                PeriodPage { total, orders: Vec::new() }
            } else {
                let page = Page {
                    after: query.after.clone(),
                    before: query.before.clone(),
                    limit: query.limit as u64,
                    from_end: query.from_end,
                };
                let orders = orders::page(self.0.reader(), &filter, &page).await?;
                PeriodPage { total: 0, orders }
            };
            pages.push(((*query).clone(), LongPage::new(page, Source::Database)));
        }
        Ok(pages)
    }
}

impl LongPage {
    fn new(page: PeriodPage, source: Source) -> Self {
        let PeriodPage { total, orders } = page;
        Self { orders: Arc::new(orders), total, source, read_at: clock::now() }
    }

    fn rows(&self) -> Vec<Sourced<order::Model>> {
        let rows = Row::some(&self.orders, 0..self.orders.len());
        let sourced = |row: Row<order::Model>| match self.source {
            Source::Cache | Source::Stale => {
                let changed_at = row.updated_at;
                Sourced::cached(row, changed_at)
            }
            Source::Database => Sourced::stored(row, self.read_at),
        };
        rows.into_iter().map(sourced).collect()
    }
}

impl Loaders {
    pub(super) async fn long_page(
        &self,
        period: &Period,
        status: Option<order::Status>,
        page: &Page<OrderNo>,
    ) -> Result<Slice<Sourced<order::Model>>> {
        let Page { after, before, limit, from_end } = probe(page);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let period = period.clone();
        let query = PeriodQuery { period, status, after, before, limit, from_end };
        let found = self.batchers().long_pages.load(query).await?;
        Ok(trim(found.map(|found| found.rows()).unwrap_or_default(), page))
    }

    pub(super) async fn long_count(
        &self,
        period: &Period,
        status: Option<order::Status>,
    ) -> Result<u64> {
        Ok(self
            .batchers()
            .long_pages
            .load(PeriodQuery::total(period, status))
            .await?
            .map_or(0, |found| found.total))
    }
}

/// Some of a period's orders, by number.
pub(super) async fn part(
    sources: &Sources,
    period: &Period,
    after: Option<OrderNo>,
    limit: u64,
) -> Result<Vec<order::Model>> {
    let filter = OrderFilter { period_number: Some(period.clone()), ..OrderFilter::default() };
    let page = Page { after, before: None, limit, from_end: false };
    Ok(orders::page(sources.reader(), &filter, &page).await?)
}

/// Fills a period in the background, unless this process has enough to do, or somebody is at it.
pub(super) fn fill_beside(sources: &Sources, period: &Period) {
    let Ok(permit) = FILLS.try_acquire() else { return };
    let (sources, period) = (sources.clone(), period.clone());
    tokio::spawn(async move {
        let _permit = permit;
        let Ok(Some(begun)) = sources.cache().begin_fill(&period, false).await else { return };
        if let Err(error) = fill(&sources, begun).await {
            tracing::warn!(%period, %error, "a long period is not filled");
        }
    });
}

/// Reads a period part by part, and stores each; the memory is that of a part, and of the names
/// of what was there before.
pub(super) async fn fill(sources: &Sources, fill: LongFill) -> Result<()> {
    let cache = sources.cache();
    let mut gone: HashMap<String, i64> = cache.fields_before(&fill).await?.into_iter().collect();
    let (mut after, mut undone) = (None, Vec::new());
    loop {
        let orders = part(sources, fill.period(), after, PART).await?;
        let Some(last) = orders.last() else { break };
        after = Some(last.order_no.clone());
        for order in &orders {
            let seen = gone.remove(order.order_no.as_str());
            if seen > Some(order.version) {
                let id = (order.period_number.clone(), order.order_no.clone());
                undone.push(Eviction { id, seen, stored: Some(order.version) });
            }
        }
        cache.fill_part(&fill, &orders).await;
    }
    // What was newer there than it is stored was put back by hand. The next fill brings it.
    cache.evict_orders(&undone).await;
    cache.end_fill(fill, gone.into_iter().collect()).await;
    Ok(())
}
