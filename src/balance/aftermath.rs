//! What follows a commit: caches, then events. None of it can fail the operation.

use std::collections::HashMap;

use super::books::Changes;
use crate::{
    cache::{Cache, LatestTransactions},
    entity::{Uid, wallet},
    events::{BalanceEvent, Events},
};

/// Writes what changed to the cache, where it is newer than what is there.
pub async fn write_cache(cache: &Cache, changes: &Changes) {
    let wallets: Vec<wallet::Model> =
        changes.opened.iter().chain(&changes.changed).cloned().collect();
    let histories: Vec<(Uid, i64)> =
        wallets.iter().map(|wallet| (wallet.uid.clone(), wallet.version)).collect();
    let orders: Vec<_> =
        changes.created_orders.iter().chain(&changes.changed_orders).cloned().collect();
    tokio::join!(
        cache.put(&wallets),
        cache.invalidate::<LatestTransactions>(&histories),
        cache.put_orders(&orders),
        cache.remove_orders(&changes.deleted_orders),
    );
}

/// Tells subscribers of each ledger line, with the wallet as that line left it.
pub async fn publish(events: &Events, changes: Changes) {
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
    events.publish(told.collect()).await;
}
