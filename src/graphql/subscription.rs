//! Live changes.

use std::{collections::HashSet, sync::Arc};

use async_graphql::{Context, Result, Subscription};
use futures::Stream;

use super::{
    access::{Permission, known},
    balance_event::BalanceEvent,
    context::{ContextExt, bounded},
    watch::Watch,
};
use crate::{entity::Uid, error::Error};

/// Live changes.
pub struct Subscription;

/// Live changes. A stream ends with an error when it cannot go on; ask again to resume.
#[Subscription(guard = "known")]
impl Subscription {
    /// First the current state of each wallet, then every change, in version order for each
    /// wallet. Users watch their own only.
    async fn balance_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose wallets.")] uids: Vec<Uid>,
        #[graphql(
            desc = "The last version seen of each of `uids`, in their order. What was missed since is sent instead of the current state, where the ledger still has it and it is not too much."
        )]
        after_versions: Option<Vec<i64>>,
    ) -> Result<impl Stream<Item = Result<BalanceEvent>> + use<>> {
        bounded(ctx, "uids", uids.len())?;
        for uid in &uids {
            ctx.require_for(Permission::Read, uid)?;
        }
        let after = after_each(uids, after_versions)?;
        // Attached before the state is read, so that nothing falls between the two.
        let uids: Vec<Uid> = after.iter().map(|(uid, _)| uid.clone()).collect();
        let changes = ctx.state().events.subscribe(&uids);
        let loaders = Arc::clone(&ctx.session().loaders);
        Ok(Watch::new(loaders, changes).events(after))
    }
}

/// The version after which each wallet is watched, each wallet once.
fn after_each(
    uids: Vec<Uid>,
    versions: Option<Vec<i64>>,
) -> Result<Vec<(Uid, Option<i64>)>, Error> {
    let versions = match versions {
        Some(versions) if versions.len() != uids.len() => {
            return Err(Error::BadInput("afterVersions must be as many as uids".to_owned()));
        }
        Some(versions) => versions.into_iter().map(Some).collect(),
        None => vec![None; uids.len()],
    };
    let mut after: Vec<_> = uids.into_iter().zip(versions).collect();
    let mut seen = HashSet::with_capacity(after.len());
    after.retain(|(uid, _)| seen.insert(uid.clone()));
    Ok(after)
}
