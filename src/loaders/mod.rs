//! Reads: one loader a noun, in front of the cache and the database. Nothing is changed here
//! but the cache, which is filled with what the database had.
//!
//! A set of loaders serves one request. Within it each row is read once, in batches; each
//! batch's documentation says what it costs.

mod batch;
mod early;
mod fallback;
mod flight;
mod hot;
mod long;
mod operation;
mod order;
mod page;
mod read_through;
mod row;
#[cfg(test)]
mod tests;
mod total;
mod transaction;
mod upkeep;
mod wallet;

use std::sync::{Arc, OnceLock};

use sea_orm::DatabaseConnection;

use self::{
    batch::Batcher,
    fallback::Outage,
    flight::Flights,
    hot::{ConfigByPlugin, PayTypesByPlugin},
    long::LongPages,
    operation::LinesByOperation,
    order::{OrdersByNumber, OrdersByPeriod},
    read_through::ReadThrough,
    transaction::{LinesByNumber, NewestLines},
    wallet::LatestWallets,
};
pub use self::{
    early::refresh_early,
    hot::Hot,
    operation::OperationFilter,
    order::{OpenOrders, OrderFilter},
    page::{Page, Slice},
    row::{Row, Source, Sourced},
    total::Total,
    transaction::TransactionFilter,
    upkeep::{CacheAction, CacheTarget, Upkeep, keep_swept, warm_active},
    wallet::{Freshness, WalletFilter},
};
pub use crate::cache::{CacheEntry, KeyspaceSnapshot as KeyspaceStats, Snapshot as CacheStats};
use crate::{
    cache::Cache,
    entity::{
        self,
        hot::{channel, merchant, plugin, plugin_config, plugin_pay_type, tenant},
        user,
    },
    store::Database,
};

/// Where rows are read; cheap to clone.
#[derive(Clone)]
pub struct Sources(Arc<Parts>);

struct Parts {
    database: Database,
    cache: Cache,
    outage: Outage,
    flights: Flights,
}

impl Sources {
    /// Reads through `cache` to `database`.
    pub fn new(database: Database, cache: Cache) -> Self {
        Self(Arc::new(Parts {
            database,
            cache,
            outage: Outage::default(),
            flights: Flights::default(),
        }))
    }

    fn reader(&self) -> &DatabaseConnection {
        self.0.database.reader()
    }

    fn cache(&self) -> &Cache {
        &self.0.cache
    }

    fn flights(&self) -> &Flights {
        &self.0.flights
    }

    fn outage(&self) -> &Outage {
        &self.0.outage
    }
}

/// The loaders of one request.
pub struct Loaders {
    sources: Sources,
    /// Made when one is first asked: what is near needs none.
    batchers: OnceLock<Batchers>,
}

struct Batchers {
    wallets: Batcher<ReadThrough<entity::wallet::Model>>,
    latest_wallets: Batcher<LatestWallets>,
    newest_lines: Batcher<NewestLines>,
    transactions: Batcher<LinesByNumber>,
    operation_lines: Batcher<LinesByOperation>,
    orders: Batcher<OrdersByNumber>,
    periods: Batcher<OrdersByPeriod>,
    long_pages: Batcher<LongPages>,
    users: Batcher<ReadThrough<user::Model>>,
    merchants: Batcher<ReadThrough<merchant::Model>>,
    tenants: Batcher<ReadThrough<tenant::Model>>,
    channels: Batcher<ReadThrough<channel::Model>>,
    plugins: Batcher<ReadThrough<plugin::Model>>,
    plugin_configs: Batcher<ReadThrough<plugin_config::Model>>,
    plugin_pay_types: Batcher<ReadThrough<plugin_pay_type::Model>>,
    pay_types_by_plugin: Batcher<PayTypesByPlugin>,
    config_by_plugin: Batcher<ConfigByPlugin>,
}

impl Loaders {
    /// Loaders that have not loaded anything.
    pub fn new(sources: &Sources) -> Self {
        Self { sources: sources.clone(), batchers: OnceLock::new() }
    }

    fn batchers(&self) -> &Batchers {
        self.batchers.get_or_init(|| Batchers::new(&self.sources))
    }

    /// Forgets what was loaded: after a mutation, and before each event of a subscription,
    /// whose request goes on for hours.
    pub async fn start_over(&self) {
        if let Some(batchers) = self.batchers.get() {
            batchers.clear().await;
        }
    }

    /// How the cache does.
    pub async fn cache_stats(&self) -> CacheStats {
        self.sources.cache().snapshot().await
    }
}

impl Batchers {
    fn new(sources: &Sources) -> Self {
        Self {
            wallets: Batcher::new(ReadThrough::new(sources)),
            latest_wallets: Batcher::new(LatestWallets(sources.clone())),
            newest_lines: Batcher::new(NewestLines(sources.clone())),
            transactions: Batcher::new(LinesByNumber(sources.clone())),
            operation_lines: Batcher::new(LinesByOperation(sources.clone())),
            orders: Batcher::new(OrdersByNumber(sources.clone())),
            periods: Batcher::new(OrdersByPeriod(sources.clone())),
            long_pages: Batcher::new(LongPages(sources.clone())),
            users: Batcher::new(ReadThrough::new(sources)),
            merchants: Batcher::new(ReadThrough::new(sources)),
            tenants: Batcher::new(ReadThrough::new(sources)),
            channels: Batcher::new(ReadThrough::new(sources)),
            plugins: Batcher::new(ReadThrough::new(sources)),
            plugin_configs: Batcher::new(ReadThrough::new(sources)),
            plugin_pay_types: Batcher::new(ReadThrough::new(sources)),
            pay_types_by_plugin: Batcher::new(PayTypesByPlugin(sources.clone())),
            config_by_plugin: Batcher::new(ConfigByPlugin(sources.clone())),
        }
    }

    async fn clear(&self) {
        self.wallets.clear().await;
        self.latest_wallets.clear().await;
        self.newest_lines.clear().await;
        self.transactions.clear().await;
        self.operation_lines.clear().await;
        self.orders.clear().await;
        self.periods.clear().await;
        self.long_pages.clear().await;
        self.users.clear().await;
        self.merchants.clear().await;
        self.tenants.clear().await;
        self.channels.clear().await;
        self.plugins.clear().await;
        self.plugin_configs.clear().await;
        self.plugin_pay_types.clear().await;
        self.pay_types_by_plugin.clear().await;
        self.config_by_plugin.clear().await;
    }
}
