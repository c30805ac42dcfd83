//! Ledger lines.

use std::{collections::HashMap, fmt, sync::Arc};

use super::{
    Loaders, Sources,
    batch::{Fetch, Fetched},
    page::{Page, Slice, cut, probe, trim},
    row::Row,
};
use crate::{
    cache::{Cached, LatestTransactions, Lookup},
    entity::{TransactionNo, Uid, transaction},
    error::{Error, Result},
    store::transactions,
};

pub use crate::store::transactions::TransactionFilter;

/// The newest lines of a wallet, no older than the wallet that they are shown with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Newest {
    uid: Uid,
    /// Each version of a wallet has one line, so a list that ends before the wallet's own
    /// version is stale.
    at_least: i64,
}

/// The newest lines of a wallet, newest first.
#[derive(Clone)]
pub(super) struct Lines(Arc<Vec<transaction::Model>>);

/// As its wallet: whoever loads the lines loads all of them.
impl fmt::Display for Newest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uid.fmt(f)
    }
}

impl Lines {
    /// The page, if it lies within these lines.
    fn page(&self, page: &Page<i64>) -> Option<Slice<Row<transaction::Model>>> {
        let lines = &*self.0;
        let is_all = lines.len() < LatestTransactions::CAPACITY;
        let range = cut(lines, page, |line, version| version.cmp(&line.version));
        if !is_all && range.end == lines.len() {
            return None;
        }
        Some(Slice {
            has_next: range.end < lines.len(),
            has_previous: range.start > 0,
            rows: Row::some(&self.0, range),
        })
    }
}

/// One MGET for the batch, one SELECT for its misses, one script call to fill them.
#[derive(Clone)]
pub(super) struct NewestLines(pub Sources);

impl Fetch for NewestLines {
    type Key = Newest;
    type Row = Lines;

    async fn fetch(&self, keys: &[Newest]) -> Fetched<Self> {
        let mut fetched = Fetched::with_capacity(keys.len());
        let misses = self.ask_cache(keys, &mut fetched).await;
        if !misses.is_empty() {
            let read = Box::pin(self.load_once(&misses));
            let kept = |key: &Newest| self.kept(key);
            self.0.outage().read_or_keep(&mut fetched, &misses, read, kept).await;
        }
        fetched
    }
}

/// Whether cached lines are as new as the wallet, and can be paged by version. Other services
/// may write lines without versions, which cannot.
fn is_usable(lines: &[transaction::Model], at_least: i64) -> bool {
    lines.first().map_or(0, |newest| newest.version) >= at_least
        && lines.is_sorted_by(|newer, older| newer.version > older.version)
}

impl NewestLines {
    /// Adds what is cached and new enough; answers what is not.
    async fn ask_cache(&self, keys: &[Newest], fetched: &mut Fetched<Self>) -> Vec<Newest> {
        let mut misses = Vec::new();
        let uids: Vec<Uid> = keys.iter().map(|key| key.uid.clone()).collect();
        let lookups = self.0.cache().get::<LatestTransactions>(&uids).await;
        for (key, lookup) in keys.iter().zip(lookups) {
            match lookup {
                Lookup::Hit(latest) if is_usable(&latest.lines, key.at_least) => {
                    fetched.found(key.clone(), Lines(latest.lines.clone()));
                }
                Lookup::Hit(_) | Lookup::Absent | Lookup::Miss => misses.push(key.clone()),
            }
        }
        misses
    }

    /// Reads what nobody else in this process reads at the moment; the rest is in the cache then.
    async fn load_once(&self, keys: &[Newest]) -> Result<Vec<(Newest, Lines)>> {
        if self.0.cache().degraded() {
            return self.read_and_fill(keys).await;
        }
        let (boarded, theirs) = self.0.flights().board(LatestTransactions::KEYSPACE, keys);
        let mut lines = self.read_and_fill(&boarded.keys).await?;
        // Two who wait for each other must not do so with full hands.
        drop(boarded);
        let theirs = theirs.landed().await;
        let mut fetched = Fetched::with_capacity(theirs.len());
        let left = self.ask_cache(&theirs, &mut fetched).await;
        lines.extend(fetched.into_rows());
        lines.extend(self.read_and_fill(&left).await?);
        Ok(lines)
    }

    fn kept(&self, key: &Newest) -> Option<Lines> {
        let kept = self.0.cache().kept::<LatestTransactions>(&key.uid)?;
        is_usable(&kept.lines, key.at_least).then(|| Lines(kept.lines.clone()))
    }

    async fn read_and_fill(&self, keys: &[Newest]) -> Result<Vec<(Newest, Lines)>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut uids: Vec<Uid> = keys.iter().map(|key| key.uid.clone()).collect();
        uids.sort_unstable();
        uids.dedup();
        let moment = self.0.cache().moment::<LatestTransactions>(&uids);
        let capacity = LatestTransactions::CAPACITY as u64;
        let rows = transactions::latest(self.0.reader(), &uids, capacity).await?;
        let latest = by_wallet(uids, rows);
        self.0.cache().fill_since(&latest, &moment).await;
        let lines: HashMap<Uid, Lines> =
            latest.into_iter().map(|latest| (latest.uid, Lines(latest.lines))).collect();
        let of_key = |key: &Newest| Some((key.clone(), lines.get(&key.uid)?.clone()));
        Ok(keys.iter().filter_map(of_key).collect())
    }
}

/// The lines of each wallet, wallets without any included.
pub(super) fn by_wallet(uids: Vec<Uid>, rows: Vec<transaction::Model>) -> Vec<LatestTransactions> {
    let mut lines: HashMap<Uid, Vec<transaction::Model>> = HashMap::with_capacity(uids.len());
    for row in rows {
        match lines.get_mut(&row.uid) {
            Some(lines) => lines.push(row),
            None => drop(lines.insert(row.uid.clone(), vec![row])),
        }
    }
    let of_uid = |uid: Uid| {
        let lines = lines.remove(&uid).unwrap_or_default();
        LatestTransactions { uid, lines: Arc::new(lines) }
    };
    uids.into_iter().map(of_uid).collect()
}

/// One SELECT for the batch; single lines are not cached.
#[derive(Clone)]
pub(super) struct LinesByNumber(pub Sources);

impl Fetch for LinesByNumber {
    type Key = TransactionNo;
    type Row = Row<transaction::Model>;

    async fn fetch(&self, numbers: &[TransactionNo]) -> Fetched<Self> {
        let mut fetched = Fetched::with_capacity(numbers.len());
        let rows = transactions::by_nos(self.0.reader(), numbers).await.map_err(Error::from);
        let numbered = |row: Row<transaction::Model>| (row.transaction_no.clone(), row);
        fetched.add(rows.map(|rows| Row::each(rows).map(numbered)));
        fetched
    }
}

impl Loaders {
    /// A ledger line, if there is one.
    pub async fn transaction(
        &self,
        number: TransactionNo,
    ) -> Result<Option<Row<transaction::Model>>> {
        self.batchers().transactions.load(number).await
    }

    /// A page of a wallet's ledger, newest first. Cut from the newest lines, which may be near; one
    /// SELECT beyond them, or with a filter. `at_least` is the version of the wallet it is shown with.
    pub async fn transaction_page(
        &self,
        uid: &Uid,
        at_least: i64,
        filter: Option<&TransactionFilter>,
        page: &Page<i64>,
    ) -> Result<Slice<Row<transaction::Model>>> {
        if filter.is_none() {
            let near = self.sources.cache().near::<LatestTransactions>(uid);
            let lines = match near.filter(|latest| is_usable(&latest.lines, at_least)) {
                Some(latest) => Some(Lines(latest.lines.clone())),
                None => {
                    self.batchers().newest_lines.load(Newest { uid: uid.clone(), at_least }).await?
                }
            };
            if let Some(slice) = lines.and_then(|lines| lines.page(page)) {
                return Ok(slice);
            }
        }
        let everything = TransactionFilter::default();
        let filter = filter.unwrap_or(&everything);
        let rows =
            Box::pin(transactions::page(self.sources.reader(), uid, filter, &probe(page))).await?;
        Ok(trim(Row::each(rows).collect(), page))
    }

    /// The lines after a version of a wallet, oldest first, at most `limit`. One SELECT.
    pub async fn transactions_after(
        &self,
        uid: &Uid,
        version: i64,
        limit: u64,
    ) -> Result<Vec<transaction::Model>> {
        Ok(transactions::after_version(self.sources.reader(), uid, version, limit).await?)
    }

    /// The numbers of lines after one and up to another, and whose they are, newest first, at
    /// most `limit`. One SELECT.
    pub async fn line_numbers(
        &self,
        after: &TransactionNo,
        up_to: &TransactionNo,
        limit: u64,
    ) -> Result<Vec<(TransactionNo, Uid)>> {
        Ok(transactions::numbers(self.sources.reader(), after, up_to, limit).await?)
    }

    /// Whose wallet has the newest line. One SELECT.
    pub async fn last_changed(&self) -> Result<Option<Uid>> {
        let (first, last) = (TransactionNo::stored("TX"), TransactionNo::stored("TXZ"));
        Ok(self.line_numbers(&first, &last, 1).await?.pop().map(|(_, uid)| uid))
    }
}
