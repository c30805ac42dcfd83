//! Hot data: pages of it, and what belongs to a plugin.

use std::collections::HashMap;

use futures::future::try_join_all;

use super::{
    Loaders, Sources,
    batch::{Fetch, Fetched},
    page::{Page, Slice, probe, trim},
    read_through::Stored,
    row::{Row, Sourced},
};
use crate::{
    entity::{
        clock,
        hot::{plugin_config, plugin_pay_type},
    },
    error::{Error, Result},
    store::hot::{self, HotEntity},
};

/// Hot data: a row that a back office edits, with a table and keys of its own.
pub trait Hot: Stored<Id = i64> {
    /// Its table.
    type Entity: HotEntity<Model = Self>;

    /// What it is cached under, such as `merchant:7`.
    fn key(&self) -> String {
        Self::KEYSPACE.key(&self.id())
    }
}

macro_rules! hot {
    ($($noun:ident),*) => {$(
        impl Hot for crate::entity::hot::$noun::Model {
            type Entity = crate::entity::hot::$noun::Entity;
        }
    )*};
}
hot!(channel, merchant, plugin, plugin_config, plugin_pay_type, tenant);

/// One SELECT for the batch: no cached key lists what belongs to a plugin.
#[derive(Clone)]
pub(super) struct PayTypesByPlugin(pub Sources);

impl Fetch for PayTypesByPlugin {
    type Key = i64;
    type Row = Vec<Sourced<plugin_pay_type::Model>>;

    async fn fetch(&self, plugins: &[i64]) -> Fetched<Self> {
        let read_at = clock::now();
        let mut fetched = Fetched::with_capacity(plugins.len());
        let rows = hot::pay_types_by_plugins(self.0.reader(), plugins).await;
        fetched.add(rows.map_err(Error::from).map(|rows| {
            let mut of = HashMap::<i64, Self::Row>::new();
            for row in Row::each(rows) {
                of.entry(row.plugin_id).or_default().push(Sourced::stored(row, read_at));
            }
            of
        }));
        fetched
    }
}

/// One SELECT for the batch; of several settings of one plugin the first counts.
#[derive(Clone)]
pub(super) struct ConfigByPlugin(pub Sources);

impl Fetch for ConfigByPlugin {
    type Key = i64;
    type Row = Sourced<plugin_config::Model>;

    async fn fetch(&self, plugins: &[i64]) -> Fetched<Self> {
        let read_at = clock::now();
        let mut fetched = Fetched::with_capacity(plugins.len());
        let rows = hot::configs_by_plugins(self.0.reader(), plugins).await;
        fetched.add(rows.map_err(Error::from).map(|rows| {
            let mut of = HashMap::new();
            for row in Row::each(rows) {
                of.entry(row.plugin_id).or_insert_with(|| Sourced::stored(row, read_at));
            }
            of
        }));
        fetched
    }
}

impl Loaders {
    /// A page of all rows of a kind, by id: which these are the database says (one SELECT), and
    /// what they hold the loader of the kind, from the cache where it can.
    ///
    /// # Errors
    /// The database's.
    pub async fn hot_page<T: Hot>(&self, page: &Page<i64>) -> Result<Slice<Sourced<T>>> {
        let ids = hot::page_of_ids::<T::Entity>(self.sources.reader(), &probe(page)).await?;
        let Slice { rows: ids, has_next, has_previous } = trim(ids, page);
        let rows = try_join_all(ids.into_iter().map(|id| self.row::<T>(id))).await?;
        Ok(Slice { rows: rows.into_iter().flatten().collect(), has_next, has_previous })
    }

    /// How one can pay with a plugin, by id.
    ///
    /// # Errors
    /// The database's.
    pub async fn pay_types_of(&self, plugin: i64) -> Result<Vec<Sourced<plugin_pay_type::Model>>> {
        Ok(self.batchers().pay_types_by_plugin.load(plugin).await?.unwrap_or_default())
    }

    /// A plugin's settings, if it has any.
    ///
    /// # Errors
    /// The database's.
    pub async fn config_of(&self, plugin: i64) -> Result<Option<Sourced<plugin_config::Model>>> {
        self.batchers().config_by_plugin.load(plugin).await
    }
}
