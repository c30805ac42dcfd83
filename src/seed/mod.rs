//! Data to look at, to test and to measure with: the same every time, and nothing twice.
//!
//! Each wallet is made with its ledger and its orders in one transaction, or not at all: a
//! wallet that exists is left as it is, whatever moved in it since.

mod ledger;
mod plan;
mod progress;

use std::{collections::HashSet, ops::Range};

use futures::{StreamExt, TryStreamExt, stream};
use sea_orm::{ConnectionTrait, DbErr};

pub use self::{plan::Plan, progress::Progress};
use crate::{
    entity::{OrderNo, order},
    store::{self, Database},
};
use ledger::Account;

/// Most rows in one statement, and about as many in one transaction.
const CHUNK_ROWS: usize = 5_000;
/// Transactions under way at once; SQLite has one writer.
const CHUNKS_IN_FLIGHT: usize = 4;

/// How much was added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seeded {
    /// Wallets, and as many users.
    pub wallets: u64,
    /// Ledger lines.
    pub transactions: u64,
    /// Orders.
    pub orders: u64,
}

/// Adds what `plan` has and the database lacks.
///
/// # Errors
/// When the database fails. What was added until then stays, and the next call adds the rest.
pub async fn seed(db: &Database, plan: &Plan, progress: &Progress) -> Result<Seeded, DbErr> {
    db.writer().execute_unprepared(include_str!("hot.sql")).await?;
    let in_flight = if db.is_postgres() { CHUNKS_IN_FLIGHT } else { 1 };
    let added = stream::iter(plan.chunks(CHUNK_ROWS))
        .map(|wallets| seed_chunk(db, plan, wallets, progress))
        .buffer_unordered(in_flight)
        .try_fold(Seeded::default(), async |sum, chunk| Ok(sum + chunk))
        .await?;
    if added != Seeded::default() {
        analyze(db.writer()).await?;
    }
    progress.finish();
    Ok(added)
}

async fn seed_chunk(
    db: &Database,
    plan: &Plan,
    wallets: Range<u64>,
    progress: &Progress,
) -> Result<Seeded, DbErr> {
    let wallet_count = wallets.end - wallets.start;
    let transaction = db.begin().await?;
    let added = add_missing(&transaction, plan, wallets).await?;
    transaction.commit().await?;
    progress.advance(wallet_count);
    Ok(added)
}

async fn add_missing(
    conn: &impl ConnectionTrait,
    plan: &Plan,
    wallets: Range<u64>,
) -> Result<Seeded, DbErr> {
    let mut accounts: Vec<_> = wallets.map(|index| Account::new(plan, index)).collect();
    leave_out_existing_orders(conn, &mut accounts).await?;

    let wallets: Vec<_> = accounts.iter().map(Account::wallet).collect();
    let new = store::wallets::insert_missing(conn, &wallets).await?;
    let new: HashSet<_> = new.into_iter().collect();
    accounts.retain(|account| new.contains(&account.uid));

    let users: Vec<_> = accounts.iter().map(Account::user).collect();
    store::users::insert_missing(conn, &users).await?;
    let transactions = add_lines(conn, &accounts).await?;
    let orders: Vec<_> = accounts.iter().flat_map(|account| account.orders.clone()).collect();
    for orders in orders.chunks(CHUNK_ROWS) {
        store::orders::insert(conn, orders).await?;
    }
    Ok(Seeded { wallets: new.len() as u64, transactions, orders: orders.len() as u64 })
}

/// A smaller plan that was seeded before gave some of these orders to other wallets.
async fn leave_out_existing_orders(
    conn: &impl ConnectionTrait,
    accounts: &mut [Account],
) -> Result<(), DbErr> {
    let planned: Vec<OrderNo> =
        accounts.iter().flat_map(|a| &a.orders).map(|order| order.order_no.clone()).collect();
    let mut existing = HashSet::new();
    for numbers in planned.chunks(CHUNK_ROWS) {
        let found = store::orders::by_nos(conn, numbers).await?;
        existing.extend(found.into_iter().map(|order| order.order_no));
    }
    let is_new = |order: &order::Model| !existing.contains(&order.order_no);
    accounts.iter_mut().for_each(|account| account.orders.retain(is_new));
    Ok(())
}

/// A chunk of the ledger is in memory at a time, however long a wallet's is.
async fn add_lines(conn: &impl ConnectionTrait, accounts: &[Account]) -> Result<u64, DbErr> {
    let mut added = 0;
    let mut chunks = stream::iter(accounts.iter().flat_map(Account::lines)).chunks(CHUNK_ROWS);
    while let Some(lines) = chunks.next().await {
        store::transactions::insert(conn, &lines).await?;
        added += lines.len() as u64;
    }
    Ok(added)
}

/// Plans made from the statistics of empty tables would be bad ones.
async fn analyze(conn: &impl ConnectionTrait) -> Result<(), DbErr> {
    for table in ["wallets", "wallet_transactions", "orders", "users"] {
        conn.execute_unprepared(&format!("ANALYZE {table}")).await?;
    }
    Ok(())
}

impl std::ops::Add for Seeded {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            wallets: self.wallets + other.wallets,
            transactions: self.transactions + other.transactions,
            orders: self.orders + other.orders,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::database;

    async fn seed_quietly(db: &Database, plan: &Plan) -> Seeded {
        seed(db, plan, &Progress::hidden(plan.wallets)).await.unwrap()
    }

    #[tokio::test]
    async fn the_second_time_nothing_changes() {
        let db = database().await;
        let plan = Plan { wallets: 30, transactions: 100, periods: 3, orders: 40 };
        let added = seed_quietly(&db, &plan).await;
        assert_eq!(added, Seeded { wallets: 30, transactions: 100, orders: 40 });
        assert_eq!(seed_quietly(&db, &plan).await, Seeded::default());
    }

    /// The larger plan would give some of the smaller one's orders to other wallets.
    #[tokio::test]
    async fn a_larger_plan_adds_to_a_smaller_one() {
        let db = database().await;
        let plan = Plan { wallets: 3, transactions: 0, periods: 3, orders: 40 };
        seed_quietly(&db, &plan).await;
        let added = seed_quietly(&db, &Plan { wallets: 30, orders: 50, ..plan }).await;
        assert_eq!(added.wallets, 27);
        let all = store::OrderFilter::default();
        let orders = store::orders::count(db.reader(), &all).await.unwrap();
        assert_eq!(orders, 40 + added.orders);
    }
}
