//! Long periods: read by the page, and filled in parts, in time and memory of the part.
//!
//! A fill takes its name to the hash before it reads the database, and gives it back with its
//! last part. Whatever makes an order unknown meanwhile removes the name, and the period does not
//! become complete.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{
    Cache, OnLoss, Unreachable,
    entry::{Found, jittered},
    hash::{Begin, LONG, PageWanted, PeriodWrite},
    keyspaces::{self, Keyspace},
    period_writes::{period_write, row},
    periods::key,
    stats::count,
};
use crate::entity::{OrderNo, Period, clock, order};

/// How long nobody else begins to fill a period that somebody fills.
const FILL_LEASE: Duration = Duration::from_secs(60);
/// What is gone is named so many fields at a time.
const GONE_CHUNK: usize = 500;

/// Which part of a long period.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PeriodQuery {
    /// Of which period.
    pub period: Period,
    /// Only orders in this status.
    pub status: Option<order::Status>,
    /// Only those after this one.
    pub after: Option<OrderNo>,
    /// Only those before this one.
    pub before: Option<OrderNo>,
    /// At most so many.
    pub limit: usize,
    /// Those at the end of what is left rather than at its beginning.
    pub from_end: bool,
}

impl PeriodQuery {
    /// No orders, only how many there are.
    pub fn total(period: &Period, status: Option<order::Status>) -> Self {
        let (period, after, before) = (period.clone(), None, None);
        Self { period, status, after, before, limit: 0, from_end: false }
    }
}

/// A part of a complete period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodPage {
    /// How many orders the period has, of the status that was asked for.
    pub total: u64,
    /// Those on the page, by number.
    pub orders: Vec<order::Model>,
}

/// A fill under way.
#[derive(Debug)]
pub struct LongFill {
    period: Period,
    name: String,
    /// Whether something was there when it began.
    has_fields: bool,
}

impl LongFill {
    /// More orders than this make a period long.
    pub const THRESHOLD: usize = LONG;

    /// Of which period.
    pub const fn period(&self) -> &Period {
        &self.period
    }
}

impl Cache {
    /// Pages of periods that are complete; `None` for others. Costs what the pages cost, whatever
    /// the length of the periods: one pipeline of script calls.
    pub async fn period_pages(&self, queries: &[PeriodQuery]) -> Vec<Option<PeriodPage>> {
        if queries.is_empty() || self.0.outage.is_overflown() {
            return vec![None; queries.len()];
        }
        let counters = self.0.stats.of(Keyspace::Orders);
        let started = Instant::now();
        let wanted: Vec<PageWanted> = queries.iter().map(page_wanted).collect();
        // Before Redis is asked: a floor may be settled while an answer from before is on its way.
        let floors = |page: &PageWanted| self.0.outage.floors_of(Keyspace::Orders, &page.key);
        let doubtful: Vec<bool> = wanted.iter().map(|page| !floors(page).is_empty()).collect();
        let found = self.0.backend.pages(&wanted).await;
        counters.took(started);
        let mut pages = Vec::with_capacity(queries.len());
        for ((query, doubtful), found) in queries.iter().zip(doubtful).zip(found) {
            let page = match found {
                Ok(Some(found)) if !doubtful => {
                    let orders = self.read_page(query, found.orders).await;
                    orders.map(|orders| PeriodPage { total: found.total, orders })
                }
                Ok(_) => None,
                Err(_) => {
                    count(&counters.errors, 1);
                    None
                }
            };
            count(if page.is_some() { &counters.hits } else { &counters.misses }, 1);
            pages.push(page);
        }
        pages
    }

    /// `None` where something is not what it should be: another service wrote it past the index,
    /// and all of it is read anew.
    async fn read_page(
        &self,
        query: &PeriodQuery,
        found: Vec<(String, Bytes)>,
    ) -> Option<Vec<order::Model>> {
        let readable = |(field, text): &(String, Bytes)| readable(query, field, text);
        let orders: Option<Vec<order::Model>> = found.iter().map(readable).collect();
        let Some(mut orders) = orders else {
            count(&self.0.stats.of(Keyspace::Orders).errors, 1);
            // Who cannot be reached now has nothing to be read from, either.
            let _ = self.forget_period(&query.period).await;
            return None;
        };
        if query.from_end {
            orders.reverse();
        }
        Some(orders)
    }

    /// Begins to fill a period, before it is read from the database. `None` when somebody else is
    /// at it, unless it is to be done `regardless`.
    ///
    /// # Errors
    /// When the cache cannot be reached.
    pub async fn begin_fill(
        &self,
        period: &Period,
        regardless: bool,
    ) -> Result<Option<LongFill>, Unreachable> {
        let until = (clock::now() + FILL_LEASE).timestamp_millis();
        let name = format!("{} {until}", ulid::Ulid::new());
        let ttl = jittered(Keyspace::Orders.ttl());
        let begin = Begin { key: key(period), fill: name.clone(), ttl, regardless };
        let began = self.0.backend.begin_fill(&begin).await.map_err(|_| Unreachable)?;
        let fill = |has_fields| LongFill { period: period.clone(), name, has_fields };
        Ok(began.map(fill))
    }

    /// The orders that were there before a fill, with their versions. A step at a time; of a
    /// period that was empty, none.
    ///
    /// # Errors
    /// When the cache cannot be reached.
    pub async fn fields_before(&self, fill: &LongFill) -> Result<Vec<(String, i64)>, Unreachable> {
        let (mut fields, mut cursor) = (Vec::new(), None);
        if !fill.has_fields {
            return Ok(fields);
        }
        loop {
            let scanned = self.0.backend.scan_fields(&key(&fill.period), cursor).await;
            let (next, found) = scanned.map_err(|_| Unreachable)?;
            fields.extend(found);
            cursor = next;
            if cursor.is_none() {
                return Ok(fields);
            }
        }
    }

    /// Stores some of a period's orders, where newer.
    pub async fn fill_part(&self, fill: &LongFill, orders: &[order::Model]) {
        let write = period_write(&fill.period, orders.iter().filter_map(row));
        self.write_periods(vec![write], OnLoss::Forget).await;
    }

    /// Ends a fill: takes out what was there before and is in no part, and marks the period
    /// complete, if nothing came between that makes it doubtful.
    pub async fn end_fill(&self, fill: LongFill, gone: Vec<(String, i64)>) {
        for gone in gone.chunks(GONE_CHUNK) {
            let write = PeriodWrite { gone: gone.to_vec(), ..period_write(&fill.period, []) };
            self.write_periods(vec![write], OnLoss::Forget).await;
        }
        let write = PeriodWrite { ends: Some(fill.name), ..period_write(&fill.period, []) };
        self.write_periods(vec![write], OnLoss::Forget).await;
    }
}

fn page_wanted(query: &PeriodQuery) -> PageWanted {
    let text = |number: &OrderNo| number.as_str().to_owned();
    PageWanted {
        key: key(&query.period),
        status: query.status.map(word),
        after: query.after.as_ref().map(text),
        before: query.before.as_ref().map(text),
        limit: query.limit,
        from_end: query.from_end,
    }
}

/// As it stands in JSON.
const fn word(status: order::Status) -> &'static str {
    match status {
        order::Status::Pending => "pending",
        order::Status::Paid => "paid",
        order::Status::Completed => "completed",
        order::Status::Cancelled => "cancelled",
        order::Status::Expired => "expired",
    }
}

/// The order, if it is one that belongs there.
fn readable(query: &PeriodQuery, field: &str, text: &[u8]) -> Option<order::Model> {
    let Found::Row(json) = Found::parse(text) else { return None };
    let order: order::Model = keyspaces::decode(json).ok()?;
    let belongs = order.order_no.as_str() == field
        && order.period_number == query.period
        && query.status.is_none_or(|status| order.status == status);
    belongs.then_some(order)
}
