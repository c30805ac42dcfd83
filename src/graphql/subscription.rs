//! Live changes.

use std::{collections::HashSet, ops::RangeInclusive, sync::Arc, time::Duration};

use async_graphql::{Context, Result, Subscription};
use async_stream::stream;
use futures::Stream;
use tokio::time::{MissedTickBehavior, interval};

use super::{
    access::{Permission, known},
    balance_event::BalanceEvent,
    cache::CacheStats,
    connection::Cursor,
    context::ContextExt,
    feed::{Feed, FeedCursor},
    live::Live,
    order_event::OrderEvent,
    order_watch::OrderWatch,
    watch::Watch,
};
use crate::{
    entity::{Money, Period, Uid},
    error::Error,
    loaders::{Loaders, OpenOrders},
};

/// How often statistics may be asked for, in milliseconds: each costs Redis a few commands.
const STATS_INTERVAL_MS: RangeInclusive<u64> = 100..=60_000;

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

    /// Every change of every wallet from now on, each once, in version order for each wallet;
    /// first the wallet that changed last, as a snapshot, for its cursor. Where too much was
    /// missed to be sent singly, and where it is not known what was, wallets are sent as
    /// snapshots. OPERATOR or ADMIN.
    async fn admin_balance_feed(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The cursor of the last event seen, of whatever instance. What was missed since is sent first; when that is too much, the error CURSOR_EXPIRED."
        )]
        after_cursor: Option<String>,
        #[graphql(desc = "Only changes of at least this amount, in or out.")] min_amount: Option<
            Money,
        >,
    ) -> Result<impl Stream<Item = Result<BalanceEvent>> + use<>> {
        ctx.require(Permission::Read)?;
        let after = after_cursor.as_deref().map(FeedCursor::decode).transpose()?;
        let changes = ctx.state().events.subscribe_all();
        let loaders = Arc::clone(&ctx.session().loaders);
        Ok(Feed::new(loaders, changes, min_amount).events(after))
    }

    /// First the orders of a period that may still change (PENDING, PAID), by number, as
    /// snapshots, then every change of any, in version order for each order. After a gap those
    /// that changed meanwhile are sent as snapshots; one that was deleted meanwhile is not told
    /// of. Users see their own only.
    async fn order_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, such as 20241201_001.")] period_number: Period,
    ) -> Result<impl Stream<Item = Result<OrderEvent>> + use<>> {
        let uid = match ctx.require(Permission::Read) {
            Ok(_) => None,
            Err(_) => Some(ctx.identity()?.uid.clone()),
        };
        let changes = ctx.state().events.subscribe_orders(period_number.clone(), uid.clone());
        let orders = OpenOrders { period_number, uid, or_changed_since: None };
        let loaders = Arc::clone(&ctx.session().loaders);
        Ok(OrderWatch::new(loaders, changes, orders).events())
    }

    /// How the cache does, now and then again and again. ADMIN.
    async fn cache_stats(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            default = 1000,
            desc = "How often, in milliseconds: from 100 to 60,000. Who reads slower gets the newest only."
        )]
        interval_ms: i32,
    ) -> Result<impl Stream<Item = CacheStats> + use<>> {
        ctx.require(Permission::InspectCache)?;
        let period = stats_period(interval_ms)?;
        let loaders = Arc::clone(&ctx.session().loaders);
        Ok(cache_stats(loaders, period))
    }
}

fn stats_period(interval_ms: i32) -> Result<Duration, Error> {
    u64::try_from(interval_ms)
        .ok()
        .filter(|ms| STATS_INTERVAL_MS.contains(ms))
        .map(Duration::from_millis)
        .ok_or_else(|| Error::BadInput("intervalMs must be from 100 to 60000".to_owned()))
}

fn cache_stats(loaders: Arc<Loaders>, period: Duration) -> impl Stream<Item = CacheStats> {
    let live = Live::start("cacheStats");
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    stream! {
        let _live = live;
        loop {
            ticks.tick().await;
            yield CacheStats(loaders.cache_stats().await);
        }
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
