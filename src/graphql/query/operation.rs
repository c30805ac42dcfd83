//! Queries for operations.

use async_graphql::{Context, Object, Result};

use super::super::{access::known, context::ContextExt, operation::Operation};
use crate::{balance::Known, entity::IdempotencyKey};

#[derive(Default)]
pub struct OperationQuery;

#[Object(guard = "known")]
impl OperationQuery {
    /// What became of a mutation of the caller's, by its key: the answer to a lost reply. Null
    /// when none was made under it.
    async fn operation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mutation's key.")] idempotency_key: IdempotencyKey,
    ) -> Option<Result<Operation>> {
        read(ctx, idempotency_key).await.transpose()
    }
}

/// An operation of whoever asks, if there is one.
pub async fn read(ctx: &Context<'_>, key: IdempotencyKey) -> Result<Option<Operation>> {
    let caller = ctx.identity()?.uid.clone();
    Ok(match ctx.balance().find(caller.as_str(), &key).await? {
        None => None,
        Some(Known::InProgress) => Some(Operation::in_progress(caller, key)),
        Some(Known::Ended(mut outcome)) => Some(Operation::of(caller, &mut outcome)),
    })
}
