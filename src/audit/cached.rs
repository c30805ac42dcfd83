//! What is cached, against what is stored.

use std::{collections::HashMap, sync::Arc, time::Duration};

use super::Report;
use crate::{
    cache::{Cache, Lookup},
    entity::{Uid, wallet},
    error::Result,
    store::{self, Database},
};

/// How long a committed change may take to reach the cache before it is a finding.
const GRACE: Duration = Duration::from_secs(3);

pub(super) async fn check(
    database: &Database,
    cache: &Cache,
    wallets: &[wallet::Model],
    report: &mut Report,
) -> Result<()> {
    let suspects = differing(cache, wallets).await;
    if suspects.is_empty() {
        return Ok(());
    }
    // A change between the two reads, or between its commit and its cache write, is none.
    tokio::time::sleep(GRACE).await;
    let uids: Vec<Uid> = suspects.into_iter().map(|(stored, _)| stored.uid).collect();
    let stored = store::wallets::by_uids(database.reader(), &uids).await?;
    for (stored, cached) in differing(cache, &stored).await {
        report.find(format!(
            "wallet {} is cached at version {} with {}, and stored at version {} with {}",
            stored.uid, cached.version, cached.balance, stored.version, stored.balance
        ));
    }
    Ok(())
}

/// Rows whose cached value is older, or is of the same version and says something else. One of
/// another service, without a version, is judged by its balance.
async fn differing(
    cache: &Cache,
    stored: &[wallet::Model],
) -> Vec<(wallet::Model, Arc<wallet::Model>)> {
    let uids: Vec<Uid> = stored.iter().map(|wallet| wallet.uid.clone()).collect();
    let by_uid: HashMap<&Uid, &wallet::Model> = stored.iter().map(|w| (&w.uid, w)).collect();
    let cached = cache.get::<wallet::Model>(&uids).await;
    cached
        .into_iter()
        .filter_map(|lookup| match lookup {
            Lookup::Hit(cached) => Some(cached),
            Lookup::Absent | Lookup::Miss => None,
        })
        .filter_map(|cached| {
            let stored = *by_uid.get(&cached.uid)?;
            let same = (cached.balance, cached.status) == (stored.balance, stored.status);
            (cached.version <= stored.version && !same).then(|| (stored.clone(), cached))
        })
        .collect()
}
