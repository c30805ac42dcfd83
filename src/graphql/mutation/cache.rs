//! Mutations of the cache.

use async_graphql::{Context, InputObject, Object, Result};

use super::super::{
    access::{Permission, known},
    cache::CacheTarget,
    context::ContextExt,
    operation::Operation,
    user_error::UserError,
};
use crate::{
    entity::IdempotencyKey,
    loaders::{CacheAction, Upkeep},
};

/// What is to be done to which part of the cache.
#[derive(InputObject)]
pub struct CacheInput {
    /// Taken as of every mutation, and not kept: to repeat this is always safe.
    #[allow(dead_code)]
    idempotency_key: IdempotencyKey,
    /// Which entries.
    target: CacheTarget,
}

#[derive(Default)]
pub struct CacheMutation;

#[Object(guard = "known")]
impl CacheMutation {
    /// Fills what is not cached. ADMIN. What is there stays as it is, and is skipped; so is what
    /// does not exist.
    async fn warm_cache(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entries.")] input: CacheInput,
    ) -> Result<CachePayload> {
        look_after(ctx, input, CacheAction::Warm).await
    }

    /// Makes what is cached what the database has. ADMIN. Fills what is not there, removes what the
    /// database has no more or never had, and skips what became newer meanwhile.
    async fn refresh_cache(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entries.")] input: CacheInput,
    ) -> Result<CachePayload> {
        look_after(ctx, input, CacheAction::Refresh).await
    }

    /// Removes what is cached, for the next reader to fill again. ADMIN. Nothing older than the
    /// database has now comes back, and what is not there is skipped.
    async fn invalidate_cache(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entries.")] input: CacheInput,
    ) -> Result<CachePayload> {
        look_after(ctx, input, CacheAction::Invalidate).await
    }
}

async fn look_after(
    ctx: &Context<'_>,
    input: CacheInput,
    action: CacheAction,
) -> Result<CachePayload> {
    let identity = ctx.require(Permission::ManageCache)?;
    let target = input.target.into_loaded();
    let done = ctx.state().sources.look_after(&target, action).await?;
    ctx.loaders().start_over().await;
    let Upkeep { affected, skipped } = done;
    tracing::info!(caller = %identity.uid, ?action, affected, skipped, "the cache was looked after");
    Ok(CachePayload(done))
}

/// What looking after the cache came to.
pub struct CachePayload(Upkeep);

/// What looking after the cache came to.
#[Object]
impl CachePayload {
    /// Always null: nothing is kept of what can be repeated at will.
    pub async fn operation(&self) -> Option<Operation> {
        None
    }

    /// Always empty: a cache that cannot be reached is a fault, SERVICE_UNAVAILABLE.
    pub async fn errors(&self) -> Vec<UserError> {
        Vec::new()
    }

    /// Entries that were written or removed. A wallet has two: itself, and its latest
    /// transactions; a period has one, whatever its length.
    async fn affected_keys(&self) -> u64 {
        self.0.affected
    }

    /// Entries that needed nothing: as new or newer already, or not there.
    async fn skipped_keys(&self) -> u64 {
        self.0.skipped
    }
}
