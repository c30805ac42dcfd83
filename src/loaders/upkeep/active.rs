//! Wallets that are likely to be read soon, filled at start.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{CHUNK, CacheAction, Upkeep};
use crate::{error::Result, loaders::Sources, store::wallets};

/// Between lines in the log.
const REPORT: Duration = Duration::from_secs(5);
/// How often the cache is looked for that is not there yet.
const PATIENCE: Duration = Duration::from_millis(100);

/// Fills the cache with so many wallets that changed last, where they are not there yet, and tells
/// the log how it goes.
pub async fn warm_active(sources: &Sources, most: u32) {
    if most == 0 {
        return;
    }
    while sources.cache().degraded() {
        sleep(PATIENCE).await;
    }
    let started = Instant::now();
    match warm(sources, most).await {
        Ok(Upkeep { affected, skipped }) => {
            let took = started.elapsed();
            tracing::info!(affected, skipped, ?took, "the cache is warm");
        }
        Err(error) => tracing::warn!(%error, "the cache was not warmed to the end"),
    }
}

async fn warm(sources: &Sources, most: u32) -> Result<Upkeep> {
    let uids = wallets::latest_changed(sources.reader(), most.into()).await?;
    let (mut done, mut reported) = (Upkeep::default(), Instant::now());
    for (index, chunk) in uids.chunks(CHUNK).enumerate() {
        done += sources.look_after_wallets(chunk, CacheAction::Warm).await?;
        if reported.elapsed() > REPORT {
            let wallets = index * CHUNK + chunk.len();
            tracing::info!(wallets, of = uids.len(), "warming the cache");
            reported = Instant::now();
        }
    }
    Ok(done)
}
