//! Queries for hot data, and how it is kept fresh.

use async_graphql::{Context, Object, Result};

use super::super::{
    access::{Permission, known},
    connection::{Connection, page},
    context::ContextExt,
    hot::{self, HotDataKind, HotRecord, RefreshStatus},
};
use crate::loaders::Total;

#[derive(Default)]
pub struct HotQuery;

#[Object(guard = "known")]
impl HotQuery {
    /// Hot data of a kind, by number in its table. OPERATOR or ADMIN.
    #[allow(clippy::too_many_arguments)]
    async fn hot_data(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which kind.")] kind: HotDataKind,
        #[graphql(desc = "At most so many, from the start.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<HotRecord>> {
        ctx.require(Permission::Read)?;
        let kind = kind.into();
        let page = page(ctx, first, after.as_deref(), last, before.as_deref())?;
        let slice = hot::page(ctx, kind, &hot::page_by_id(page, kind)?).await?;
        Ok(Connection::new(slice, Total::Hot(kind)))
    }

    /// How the refresh of hot data does, by kind. OPERATOR or ADMIN.
    async fn refresh_status(&self, ctx: &Context<'_>) -> Result<Vec<RefreshStatus>> {
        ctx.require(Permission::Read)?;
        let status = ctx.state().refresh.status().await;
        Ok(status.into_iter().map(RefreshStatus).collect())
    }
}
