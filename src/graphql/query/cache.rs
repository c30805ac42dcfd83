//! Queries about the cache.

use async_graphql::{Context, Object, Result};

use super::super::{
    access::{Permission, known},
    cache::{CacheEntry, CacheStats, CacheTarget},
    context::ContextExt,
};

#[derive(Default)]
pub struct CacheQuery;

#[Object(guard = "known")]
impl CacheQuery {
    /// How the cache does, counted by this instance since its start. ADMIN.
    async fn cache_stats(&self, ctx: &Context<'_>) -> Result<CacheStats> {
        ctx.require(Permission::InspectCache)?;
        Ok(CacheStats(ctx.loaders().cache_stats().await))
    }

    /// What stands in the cache under these keys, of hot data the first thousand. ADMIN.
    async fn cache_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entries.")] target: CacheTarget,
    ) -> Result<Vec<CacheEntry>> {
        ctx.require(Permission::InspectCache)?;
        let target = target.into_loaded();
        let most = ctx.bounds().max_list_argument.into();
        let entries = ctx.state().sources.cache_entries(&target, most).await?;
        Ok(entries.into_iter().map(CacheEntry).collect())
    }
}
