//! Queries for wallets.

use async_graphql::{Context, Object, Result};
use futures::future::join_all;

use super::super::{
    access::{Permission, known},
    connection::{Connection, page},
    context::ContextExt,
    rendered::Rendered,
    wallet::{Consistency, Wallet, WalletFilter},
};
use crate::{
    entity::{Amount, Money, Uid},
    loaders::{self, Freshness, Total},
};

#[derive(Default)]
pub struct WalletQuery;

#[Object(guard = "known")]
impl WalletQuery {
    /// A wallet; null when there is none. Users ask for their own only.
    async fn wallet(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] uid: Uid,
        #[graphql(
            desc = "How fresh the answer must be.",
            default_with = "Some(Consistency::Cached)"
        )]
        consistency: Option<Consistency>,
        #[graphql(
            desc = "Answered from at least this version: the cache if it is new enough, else the database. What a mutation answered, to read your own writes."
        )]
        min_version: Option<i64>,
    ) -> Option<Result<Rendered<Wallet>>> {
        let freshness = match (consistency, min_version) {
            (Some(Consistency::Latest), _) => Freshness::Latest,
            (_, Some(version)) => Freshness::AtLeast(version),
            (_, None) => Freshness::Cached,
        };
        rendered(ctx, &uid, freshness).await
    }

    /// Wallets by uid, in the order asked for; null where there is none. Users ask for their
    /// own only.
    async fn wallets_by_uid(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] uids: Vec<Uid>,
    ) -> Result<Vec<Option<Result<Rendered<Wallet>>>>> {
        for uid in &uids {
            ctx.require_for(Permission::Read, uid)?;
        }
        let wallet = |uid| rendered(ctx, uid, Freshness::Cached);
        Ok(join_all(uids.iter().map(wallet)).await)
    }

    /// All wallets, by uid. OPERATOR or ADMIN. Always the database's.
    #[allow(clippy::too_many_arguments)]
    async fn wallets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many, from the start.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most so many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only these.")] filter: Option<WalletFilter>,
    ) -> Result<Rendered<Connection<Wallet>>> {
        ctx.require(Permission::Read)?;
        let page = page(ctx, first, after.as_deref(), last, before.as_deref())?;
        let filter = filter.map(loaders::WalletFilter::from).unwrap_or_default();
        let slice = ctx.loaders().wallet_page(&filter, &page).await?;
        Ok(Rendered(Connection::new(slice.map(Wallet), Total::Wallets(filter))))
    }

    /// Whether a wallet holds at least this much, now, in the database; false when there is no
    /// such wallet. Only a withdrawal itself decides. Users ask about their own only.
    async fn balance_sufficient(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] uid: Uid,
        #[graphql(desc = "How much; more than zero.")] amount: Money,
    ) -> Result<bool> {
        let amount = Amount::try_from(amount).map_err(crate::error::Error::from)?;
        let wallet = read(ctx, &uid, Freshness::Latest).await?;
        Ok(wallet.is_some_and(|wallet| wallet.0.balance >= amount.money()))
    }
}

async fn rendered(
    ctx: &Context<'_>,
    uid: &Uid,
    freshness: Freshness,
) -> Option<Result<Rendered<Wallet>>> {
    let wallet = read(ctx, uid, freshness).await.transpose()?;
    Some(wallet.map(Rendered))
}

/// A wallet, for somebody who may see it.
pub async fn read(ctx: &Context<'_>, uid: &Uid, freshness: Freshness) -> Result<Option<Wallet>> {
    ctx.require_for(Permission::Read, uid)?;
    Ok(ctx.loaders().wallet(uid, freshness).await?.map(Wallet))
}
