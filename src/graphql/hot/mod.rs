//! Hot data: what a back office edits directly in the database, and every page needs.

use async_graphql::Enum;

use crate::entity::hot;

/// A kind of hot data.
#[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
#[graphql(remote = "hot::Kind")]
pub enum HotDataKind {
    /// Merchants.
    Merchant,
    /// Tenants.
    Tenant,
    /// Payment channels.
    Channel,
    /// Payment plugins.
    Plugin,
    /// Settings of plugins.
    PluginConfig,
    /// Ways to pay that plugins offer.
    PluginPayType,
}
