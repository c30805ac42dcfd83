//! Rows that are cached under a key of their own: wallets, users and hot data are read alike.

use std::{collections::HashSet, fmt::Debug, marker::PhantomData, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::{DatabaseConnection, DbErr};
use tokio::time::sleep;

use super::{
    Loaders, Sources,
    batch::{Batcher, Fetch, Fetched},
    row::{Row, Sourced},
};
use crate::{
    cache::{Cached, Lookup},
    entity::{
        clock,
        hot::{channel, merchant, plugin, plugin_config, plugin_pay_type, tenant},
        user, wallet,
    },
    error::Result,
    store::{hot, users, wallets},
};

/// How often, and how long after another, the cache is asked for what another instance loads.
const LOOKS: u32 = 8;
const PAUSE: Duration = Duration::from_millis(20);

/// A row that is cached under a key of its own.
pub trait Stored: Cached<Id: Debug> {
    /// Those of `ids` that exist. One SELECT.
    fn select(
        connection: &DatabaseConnection,
        ids: &[Self::Id],
    ) -> impl Future<Output = Result<Vec<Self>, DbErr>> + Send;

    /// When it last changed.
    fn changed_at(&self) -> DateTime<Utc>;

    /// The loader of such rows.
    fn loader(loaders: &Loaders) -> &Batcher<ReadThrough<Self>>;
}

/// One MGET for the batch, one SELECT for its misses, one script call to fill them (and one to
/// remember which do not exist). While the database is down, misses are what was kept.
pub struct ReadThrough<T>(Sources, PhantomData<T>);

impl<T> ReadThrough<T> {
    /// Reads from these.
    pub fn new(sources: &Sources) -> Self {
        Self(sources.clone(), PhantomData)
    }
}

impl<T> Clone for ReadThrough<T> {
    fn clone(&self) -> Self {
        Self::new(&self.0)
    }
}

impl<T: Stored> Fetch for ReadThrough<T> {
    type Key = T::Id;
    type Row = Sourced<T>;

    async fn fetch(&self, ids: &[T::Id]) -> Fetched<Self> {
        let mut fetched = Fetched::with_capacity(ids.len());
        let misses = self.ask_cache(ids, &mut fetched).await;
        if !misses.is_empty() {
            let read = Box::pin(self.load_once(&misses));
            let kept = |id: &T::Id| self.kept(id);
            self.0.outage().read_or_keep(&mut fetched, &misses, read, kept).await;
        }
        fetched
    }
}

impl<T: Stored> ReadThrough<T> {
    /// Adds what is cached; answers what is not.
    async fn ask_cache(&self, ids: &[T::Id], fetched: &mut Fetched<Self>) -> Vec<T::Id> {
        let mut misses = Vec::new();
        for (id, lookup) in ids.iter().zip(self.0.cache().get::<T>(ids).await) {
            match lookup {
                Lookup::Hit(row) => {
                    let changed_at = row.changed_at();
                    fetched.found(id.clone(), Sourced::cached(Row::Single(row), changed_at));
                }
                Lookup::Absent => fetched.absent(id.clone()),
                Lookup::Miss => misses.push(id.clone()),
            }
        }
        misses
    }

    /// Reads what nobody else reads at the moment. For the rest the cache is asked again once that
    /// is done: what others found may be older than what was committed since, and the cache knows.
    async fn load_once(&self, ids: &[T::Id]) -> Result<Vec<(T::Id, Sourced<T>)>> {
        if self.0.cache().degraded() {
            // Nothing that somebody else reads would be found there.
            return self.read_and_fill(ids).await;
        }
        let (boarded, theirs) = self.0.flights().board(T::KEYSPACE, ids);
        let mut elsewhere = self.0.cache().loaded_elsewhere::<T>(&boarded.keys).await;
        let ours: Vec<T::Id> =
            boarded.keys.iter().filter(|id| !elsewhere.contains(id)).cloned().collect();
        let mut rows = self.read_and_fill(&ours).await?;
        for _ in 0..LOOKS {
            if elsewhere.is_empty() {
                break;
            }
            sleep(PAUSE).await;
            let ids: Vec<T::Id> = elsewhere.into_iter().collect();
            elsewhere = self.look_again(&ids, &mut rows).await.into_iter().collect();
        }
        // Two who wait for each other must not do so with full hands.
        drop(boarded);
        let mut left: Vec<T::Id> = elsewhere.into_iter().collect();
        left.extend(self.look_again(&theirs.landed().await, &mut rows).await);
        rows.extend(self.read_and_fill(&left).await?);
        Ok(rows)
    }

    /// Adds what is cached by now; answers what is still missing.
    async fn look_again(&self, ids: &[T::Id], rows: &mut Vec<(T::Id, Sourced<T>)>) -> Vec<T::Id> {
        let mut fetched = Fetched::with_capacity(ids.len());
        let misses = self.ask_cache(ids, &mut fetched).await;
        rows.extend(fetched.into_rows());
        misses
    }

    fn kept(&self, id: &T::Id) -> Option<Sourced<T>> {
        let row = self.0.cache().kept::<T>(id)?;
        let changed_at = row.changed_at();
        Some(Sourced::stale(Row::Single(row), changed_at))
    }

    async fn read_and_fill(&self, ids: &[T::Id]) -> Result<Vec<(T::Id, Sourced<T>)>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (read_at, moment) = (clock::now(), self.0.cache().moment::<T>(ids));
        let rows = T::select(self.0.reader(), ids).await?;
        self.0.cache().fill_since(&rows, &moment).await;
        if rows.len() < ids.len() {
            let found: HashSet<T::Id> = rows.iter().map(Cached::id).collect();
            let absent: Vec<T::Id> = ids.iter().filter(|id| !found.contains(id)).cloned().collect();
            self.0.cache().put_absent::<T>(&absent).await;
        }
        Ok(Row::each(rows).map(|row| (row.id(), Sourced::stored(row, read_at))).collect())
    }
}

impl Loaders {
    /// A row by its id, such as `row::<merchant::Model>(7)`, if there is one. What is near costs
    /// nothing; the rest is read in batches.
    ///
    /// # Errors
    /// The database's, for what is not cached.
    pub async fn row<T: Stored>(&self, id: T::Id) -> Result<Option<Sourced<T>>> {
        if let Some(row) = self.sources.cache().near::<T>(&id) {
            let changed_at = row.changed_at();
            return Ok(Some(Sourced::cached(Row::Single(row), changed_at)));
        }
        T::loader(self).load(id).await
    }
}

/// How each noun is read, and which loader it has.
macro_rules! stored {
    ($($row:ty: $select:path, $changed_at:ident, $loader:ident;)*) => {$(
        impl Stored for $row {
            async fn select(
                connection: &DatabaseConnection,
                ids: &[Self::Id],
            ) -> Result<Vec<Self>, DbErr> {
                $select(connection, ids).await
            }

            fn changed_at(&self) -> DateTime<Utc> {
                self.$changed_at
            }

            fn loader(loaders: &Loaders) -> &Batcher<ReadThrough<Self>> {
                &loaders.batchers().$loader
            }
        }
    )*};
}

stored! {
    wallet::Model: wallets::by_uids, updated_at, wallets;
    user::Model: users::by_uids, updated_at, users;
    merchant::Model: hot::by_ids::<merchant::Entity>, update_datetime, merchants;
    tenant::Model: hot::by_ids::<tenant::Entity>, update_datetime, tenants;
    channel::Model: hot::by_ids::<channel::Entity>, update_datetime, channels;
    plugin::Model: hot::by_ids::<plugin::Entity>, update_datetime, plugins;
    plugin_config::Model: hot::by_ids::<plugin_config::Entity>, update_datetime, plugin_configs;
    plugin_pay_type::Model: hot::by_ids::<plugin_pay_type::Entity>, update_datetime, plugin_pay_types;
}
