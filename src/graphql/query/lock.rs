//! Queries about locks.

use async_graphql::{Context, Object, Result};

use super::super::{
    access::{Permission, known},
    context::ContextExt,
    lock::{LockStats, LockStatus},
};
use crate::entity::Uid;

#[derive(Default)]
pub struct LockQuery;

#[Object(guard = "known")]
impl LockQuery {
    /// A wallet's lock as it stands, whether or not there is such a wallet. OPERATOR or ADMIN.
    async fn lock_status(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] uid: Uid,
    ) -> Result<LockStatus> {
        ctx.require(Permission::InspectLock)?;
        Ok(LockStatus::read(ctx, uid).await)
    }

    /// How the locks do, counted by this instance since its start. ADMIN.
    async fn lock_stats(&self, ctx: &Context<'_>) -> Result<LockStats> {
        ctx.require(Permission::ManageLocks)?;
        Ok(LockStats(ctx.balance().locks().stats()))
    }
}
