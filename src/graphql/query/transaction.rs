//! Queries for ledger lines.

use async_graphql::{Context, Object, Result};

use super::super::{
    access::known, context::ContextExt, rendered::Rendered, transaction::Transaction,
};
use crate::entity::TransactionNo;

#[derive(Default)]
pub struct TransactionQuery;

#[Object(guard = "known")]
impl TransactionQuery {
    /// A ledger line; null when there is none, or it is not the caller's to see.
    async fn transaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its number.")] transaction_no: TransactionNo,
    ) -> Option<Result<Rendered<Transaction>>> {
        Some(read(ctx, transaction_no).await.transpose()?.map(Rendered))
    }
}

/// A ledger line, if whoever asks may see it.
pub async fn read(ctx: &Context<'_>, number: TransactionNo) -> Result<Option<Transaction>> {
    ctx.identity()?;
    let line = ctx.loaders().transaction(number).await?;
    Ok(line.filter(|line| ctx.may_see(&line.uid)).map(Transaction))
}
