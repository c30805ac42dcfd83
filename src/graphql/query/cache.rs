//! Queries about the cache.

use async_graphql::{Context, Object, Result};

use super::super::{
    access::{Permission, known},
    cache::CacheStats,
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
}
