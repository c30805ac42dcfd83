//! The cache. It cannot fail: a failure is a miss, counted and logged once.

use std::{hash::Hash, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

use crate::entity::{Period, Uid, order, transaction};

/// Handle to the cache, in Redis or in this process; cheap to clone.
#[derive(Clone)]
pub struct Cache {}

/// What the cache knows of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<T> {
    /// The value.
    Hit(T),
    /// There is no such row.
    Absent,
    /// Nothing that can be used.
    Miss,
}

/// A value that is cached as one string under one key.
pub trait Cached: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// What it is looked up by.
    type Id: Clone + Eq + Hash + Send + Sync;
    /// Its keyspace's name in statistics, such as `wallet`.
    const KEYSPACE: &'static str;
    /// How long it is kept, before jitter.
    const TTL: Duration;
    /// The Redis key; a contract with other services.
    fn key(id: &Self::Id) -> String;
    /// Its own id.
    fn id(&self) -> Self::Id;
    /// What orders it: a higher version replaces a lower one, never the other way round.
    fn version(&self) -> i64;
}

/// The newest lines of a wallet's ledger, newest first: a JSON array under
/// `wallet_transactions_{uid}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatestTransactions {
    /// Whose wallet.
    pub uid: Uid,
    /// At most [`Self::CAPACITY`]; fewer means that there are no others.
    pub lines: Vec<transaction::Model>,
}

impl LatestTransactions {
    /// How many lines are cached.
    pub const CAPACITY: usize = 50;
}

/// What the cache has of a period's orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodOrders {
    /// The orders, by number.
    pub orders: Vec<order::Model>,
    /// Whether these are all. Lists and counts are answered from a complete period only.
    pub complete: bool,
}

impl Cache {
    /// Looks up `ids`, answers in their order. One MGET (a pipeline by slot on a cluster).
    pub async fn get<T: Cached>(&self, ids: &[T::Id]) -> Vec<Lookup<T>> {
        let _ = ids;
        todo!("cache")
    }

    /// Stores rows where they are newer than what is there. One script call (by slot).
    pub async fn put<T: Cached>(&self, rows: &[T]) {
        let _ = rows;
        todo!("cache")
    }

    /// Remembers for a short while that these rows do not exist, where nothing is there.
    pub async fn put_absent<T: Cached>(&self, ids: &[T::Id]) {
        let _ = ids;
        todo!("cache")
    }

    /// Forgets values older than the given version, and lets none of them come back.
    pub async fn invalidate<T: Cached>(&self, ids: &[(T::Id, i64)]) {
        let _ = ids;
        todo!("cache")
    }

    /// What is cached of these periods. One pipeline of HGETALL.
    pub async fn periods(&self, periods: &[Period]) -> Vec<PeriodOrders> {
        let _ = periods;
        todo!("cache")
    }

    /// Stores all orders of a period, and marks it complete. One pipeline.
    pub async fn put_period(&self, period: &Period, orders: &[order::Model]) {
        let _ = (period, orders);
        todo!("cache")
    }

    /// Stores single orders, where newer, without making their period complete.
    pub async fn put_orders(&self, orders: &[order::Model]) {
        let _ = orders;
        todo!("cache")
    }

    /// Takes deleted orders out of their periods.
    pub async fn remove_orders(&self, orders: &[order::Model]) {
        let _ = orders;
        todo!("cache")
    }
}
