//! Hot data: what a back office edits directly in the database, and every page needs.

mod record;
mod settings;
mod status;

use async_graphql::{Context, Enum, ID, Interface, Result};

use super::{
    connection::{Cursor, Listed},
    context::ContextExt,
    scalars::DateTime,
};
use crate::{
    entity::hot,
    error::Error,
    loaders::{Hot, Page, Slice},
};

pub use self::{
    record::{Channel, Merchant, Plugin, PluginConfig, PluginPaymentMethod, Tenant},
    status::RefreshStatus,
};

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

/// A row of hot data: edited by a back office, cached, and refreshed by itself.
#[allow(clippy::duplicated_attributes, reason = "several fields are texts")]
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Opaque, globally unique."),
    field(name = "key", ty = "String", desc = "What it is cached under, such as `merchant:7`."),
    field(name = "name", ty = "String", desc = "What people call it."),
    field(name = "enabled", ty = "bool", desc = "Whether it is in use."),
    field(name = "updated_at", ty = "DateTime", desc = "When it last changed."),
    field(
        name = "cached_at",
        ty = "Option<DateTime>",
        desc = "When it was put into the cache; null for an answer from the database."
    )
)]
pub enum HotRecord {
    /// A merchant.
    Merchant(Merchant),
    /// A tenant.
    Tenant(Tenant),
    /// A payment channel.
    Channel(Channel),
    /// A payment plugin.
    Plugin(Plugin),
    /// A plugin's settings.
    PluginConfig(PluginConfig),
    /// A way to pay.
    PluginPaymentMethod(PluginPaymentMethod),
}

/// The place of a row in the list of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotPlace {
    kind: hot::Kind,
    id: i64,
}

impl Cursor for HotPlace {
    const LIST: &'static str = "hot";

    fn text(&self) -> String {
        format!("{}/{}", type_name(self.kind), self.id)
    }

    fn parse(text: &str) -> Option<Self> {
        let (name, id) = text.split_once('/')?;
        Some(Self { kind: kind_of(name)?, id: id.parse().ok()? })
    }
}

impl Listed for HotRecord {
    type Cursor = HotPlace;

    fn cursor(&self) -> HotPlace {
        let (kind, id) = self.place();
        HotPlace { kind, id }
    }
}

/// The name of a kind's GraphQL type.
pub const fn type_name(kind: hot::Kind) -> &'static str {
    match kind {
        hot::Kind::Merchant => "Merchant",
        hot::Kind::Tenant => "Tenant",
        hot::Kind::Channel => "Channel",
        hot::Kind::Plugin => "Plugin",
        hot::Kind::PluginConfig => "PluginConfig",
        hot::Kind::PluginPayType => "PluginPaymentMethod",
    }
}

/// The kind whose GraphQL type has this name.
pub fn kind_of(name: &str) -> Option<hot::Kind> {
    hot::Kind::ALL.into_iter().find(|kind| type_name(*kind) == name)
}

/// The same page by ids, for a list of this kind.
///
/// # Errors
/// `BadInput` for a cursor of another kind's list.
pub fn page_by_id(page: Page<HotPlace>, kind: hot::Kind) -> Result<Page<i64>, Error> {
    let id = |place: HotPlace| match place.kind == kind {
        true => Ok(place.id),
        false => Err(Error::BadInput("this is no cursor of this list".to_owned())),
    };
    Ok(Page {
        after: page.after.map(id).transpose()?,
        before: page.before.map(id).transpose()?,
        limit: page.limit,
        from_end: page.from_end,
    })
}

/// A page of the list of a kind.
///
/// # Errors
/// The loader's.
pub async fn page(
    ctx: &Context<'_>,
    kind: hot::Kind,
    page: &Page<i64>,
) -> Result<Slice<HotRecord>> {
    match kind {
        hot::Kind::Merchant => page_of::<_, Merchant>(ctx, page).await,
        hot::Kind::Tenant => page_of::<_, Tenant>(ctx, page).await,
        hot::Kind::Channel => page_of::<_, Channel>(ctx, page).await,
        hot::Kind::Plugin => page_of::<_, Plugin>(ctx, page).await,
        hot::Kind::PluginConfig => page_of::<_, PluginConfig>(ctx, page).await,
        hot::Kind::PluginPayType => page_of::<_, PluginPaymentMethod>(ctx, page).await,
    }
}

async fn page_of<T, R>(ctx: &Context<'_>, page: &Page<i64>) -> Result<Slice<HotRecord>>
where
    T: Hot,
    R: From<crate::loaders::Sourced<T>> + Into<HotRecord>,
{
    Ok(ctx.loaders().hot_page::<T>(page).await?.map(|row| R::from(row).into()))
}

/// A row by kind and id, if there is one.
///
/// # Errors
/// The loader's.
pub async fn read(ctx: &Context<'_>, kind: hot::Kind, id: i64) -> Result<Option<HotRecord>> {
    match kind {
        hot::Kind::Merchant => row::<_, Merchant>(ctx, id).await,
        hot::Kind::Tenant => row::<_, Tenant>(ctx, id).await,
        hot::Kind::Channel => row::<_, Channel>(ctx, id).await,
        hot::Kind::Plugin => row::<_, Plugin>(ctx, id).await,
        hot::Kind::PluginConfig => row::<_, PluginConfig>(ctx, id).await,
        hot::Kind::PluginPayType => row::<_, PluginPaymentMethod>(ctx, id).await,
    }
}

async fn row<T, R>(ctx: &Context<'_>, id: i64) -> Result<Option<HotRecord>>
where
    T: Hot,
    R: From<crate::loaders::Sourced<T>> + Into<HotRecord>,
{
    Ok(ctx.loaders().row::<T>(id).await?.map(|row| R::from(row).into()))
}
