//! What follows a commit: caches, then events. None of it can fail the operation.

use std::{collections::HashMap, time::Duration};

use backon::{ExponentialBuilder, Retryable};
use sea_orm::DbErr;

use super::books::Changes;
use crate::{
    cache::{Cache, Eviction, LatestTransactions, versions},
    entity::{Uid, order, wallet},
    events::{BalanceEvent, Events, OrderEvent},
    store::{self, Database},
};

/// Writes what changed to the cache, where it is newer than what is there. Answers whether all of
/// the wallets were.
pub async fn write_cache(cache: &Cache, changes: &Changes) -> bool {
    let wallets = changes.opened.iter().chain(&changes.changed).chain(&changes.seen);
    let wallets: Vec<wallet::Model> = wallets.cloned().collect();
    let histories: Vec<(Uid, i64)> =
        wallets.iter().map(|wallet| (wallet.uid.clone(), wallet.version)).collect();
    let orders = changes.created_orders.iter().chain(&changes.changed_orders);
    let orders: Vec<_> = orders.chain(&changes.seen_orders).cloned().collect();
    let (put, ..) = tokio::join!(
        cache.put_before::<_, LatestTransactions>(&wallets, &histories),
        cache.put_orders(&orders),
        cache.remove_orders(&changes.deleted_orders),
    );
    put.refused == 0
}

/// Has the cache forget what is older than what is known of wallets. They were read a while ago: as
/// they were they may be old themselves by now, and must not follow a newer one that came and went
/// with a flush of Redis meanwhile.
pub async fn outdate_cache(cache: &Cache, changes: &Changes) {
    let mut newest = HashMap::new();
    for wallet in changes.changed.iter().chain(&changes.seen) {
        let version = newest.entry(wallet.uid.clone()).or_insert(wallet.version);
        *version = wallet.version.max(*version);
    }
    let outdated: Vec<(Uid, i64)> = newest.into_iter().collect();
    tokio::join!(
        cache.invalidate::<wallet::Model>(&outdated),
        cache.invalidate::<LatestTransactions>(&outdated),
        cache.put_orders(&changes.changed_orders),
        cache.remove_orders(&changes.deleted_orders),
    );
}

/// Looks into why something newer than a change that was just committed is cached. Either it was
/// changed again, or no database ever had that version, and it goes.
pub async fn doubt_cache(database: &Database, cache: &Cache, changes: &Changes) {
    let wallets = changes.opened.iter().chain(&changes.changed).chain(&changes.seen);
    let uids: Vec<Uid> = wallets.map(|wallet| wallet.uid.clone()).collect();
    // What is cached first: what is seen there cannot be newer than what is stored after that.
    let Ok(entries) = cache.inspect::<wallet::Model>(&uids).await else { return };
    let stored = match store::wallets::by_uids(database.reader(), &uids).await {
        Ok(stored) => stored,
        Err(error) => return tracing::warn!(%error, "cached wallets may be what never was"),
    };
    let mut evictions = Eviction::of_impossible(&uids, &entries, &versions(&stored));
    evictions.retain(|eviction| eviction.stored.is_some());
    for Eviction { id, seen, .. } in &evictions {
        tracing::warn!(wallet.uid = %id, ?seen, "a cached wallet is newer than the stored one");
    }
    if !evictions.is_empty() {
        cache.evict::<wallet::Model>(&evictions).await;
        cache.evict::<LatestTransactions>(&evictions).await;
    }
}

/// Tells subscribers of each ledger line, with the wallet as that line left it, and of each order.
pub fn publish(events: &Events, mut changes: Changes) {
    let orders = orders_told(&mut changes);
    let wallets: HashMap<Uid, wallet::Model> = changes
        .opened
        .into_iter()
        .chain(changes.changed)
        .map(|wallet| (wallet.uid.clone(), wallet))
        .collect();
    let told = changes.lines.into_iter().filter_map(|transaction| {
        let last = wallets.get(&transaction.uid)?;
        let wallet = wallet::Model {
            balance: transaction.balance_after,
            version: transaction.version,
            updated_at: transaction.created_at,
            ..last.clone()
        };
        Some(BalanceEvent { wallet, transaction })
    });
    events.publish(told.collect(), orders);
}

/// What became of orders. One that goes has no row with the version that this would be.
fn orders_told(changes: &mut Changes) -> Vec<OrderEvent> {
    let created = std::mem::take(&mut changes.created_orders);
    let left = created.into_iter().chain(std::mem::take(&mut changes.changed_orders));
    let deleted = std::mem::take(&mut changes.deleted_orders).into_iter().map(|order| OrderEvent {
        order: order::Model { version: order.version + 1, ..order },
        deleted: true,
    });
    left.map(|order| OrderEvent { order, deleted: false }).chain(deleted).collect()
}

/// Has nothing older read of wallets that a batch may have changed, or not, once the database says which. Their row
/// locks are waited for: who was still at it has ended then.
pub async fn recheck(database: &Database, cache: &Cache, uids: &[Uid]) {
    let pauses = ExponentialBuilder::default()
        .with_jitter()
        .with_max_delay(Duration::from_secs(10))
        .with_max_times(20);
    let found = (|| look_at(database, uids)).retry(pauses).await;
    match found {
        Ok(seen) => {
            let changes = Changes { seen, ..Changes::default() };
            Box::pin(outdate_cache(cache, &changes)).await;
        }
        Err(error) => {
            let wallets = uids.len();
            tracing::error!(%error, wallets, "cached wallets may be old: the database stays away");
        }
    }
}

async fn look_at(database: &Database, uids: &[Uid]) -> Result<Vec<wallet::Model>, DbErr> {
    let transaction = database.begin().await?;
    let wallets = store::wallets::lock(&transaction, uids).await?;
    transaction.rollback().await?;
    Ok(wallets)
}
