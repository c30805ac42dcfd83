//! Queries for operations.

use async_graphql::{Context, Object, Result};

use super::super::{
    access::{Permission, known},
    connection::{Connection, page},
    context::ContextExt,
    operation::{Operation, OperationFilter},
};
use crate::{
    balance::Known,
    entity::{IdempotencyKey, Uid},
    loaders::{Slice, Total},
};

#[derive(Default)]
pub struct OperationQuery;

#[Object(guard = "known")]
impl OperationQuery {
    /// What became of a mutation of the caller's, by its key: the answer to a lost reply. Null
    /// when none was made under it, or one waits its turn on another instance.
    async fn operation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The mutation's key.")] idempotency_key: IdempotencyKey,
    ) -> Option<Result<Operation>> {
        let caller = match ctx.identity() {
            Ok(identity) => identity.uid.clone(),
            Err(denied) => return Some(Err(denied.into())),
        };
        read(ctx, caller, idempotency_key).await.transpose()
    }

    /// What everybody did, newest first: who asked for what, and what it changed. ADMIN. At most
    /// 100 a page.
    #[allow(clippy::too_many_arguments)]
    async fn operation_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many, from the start.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only these.")] filter: Option<OperationFilter>,
    ) -> Result<Connection<Operation>> {
        ctx.require(Permission::ReadLog)?;
        let page = page(ctx, first, after.as_deref(), last, before.as_deref())?;
        let filter = filter.map(OperationFilter::into_loaded).unwrap_or_default();
        let Slice { rows, has_next, has_previous } =
            ctx.loaders().operation_page(&filter, &page).await?;
        let rows = rows.iter().map(Operation::of_record).collect::<Result<_, _>>()?;
        Ok(Connection::new(Slice { rows, has_next, has_previous }, Total::Operations(filter)))
    }
}

/// An operation of `caller`'s, if there is one and whoever asks may see it.
pub async fn read(
    ctx: &Context<'_>,
    caller: Uid,
    key: IdempotencyKey,
) -> Result<Option<Operation>> {
    if ctx.identity()?.uid != caller && ctx.require(Permission::ReadLog).is_err() {
        return Ok(None);
    }
    Ok(match ctx.balance().find(caller.as_str(), &key).await? {
        None => None,
        Some(Known::InProgress) => Some(Operation::in_progress(caller, key)),
        Some(Known::Ended(mut outcome)) => Some(Operation::of(caller, &mut outcome)),
    })
}
