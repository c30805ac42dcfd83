//! `audit`.

use std::cell::RefCell;

use indicatif::ProgressBar;

use super::{Failure, connect_existing, progress::bar, wait_until_connected};
use crate::{
    audit::{self, Progress},
    cache::Cache,
    config::{CacheConfig, DatabaseConfig},
    redis::Redis,
};

/// What to audit.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    database: DatabaseConfig,
    #[command(flatten)]
    cache: CacheConfig,
}

/// Audits, and fails when anything is found.
pub async fn run(args: Args) -> Result<(), Failure> {
    let database = connect_existing(&args.database).await?;
    let redis = Redis::connect(&args.cache).map_err(|error| Failure(error.to_string()))?;
    let cache = Cache::connect(&args.cache, redis.as_ref());
    // A cache that cannot be read looks empty, and an empty one is clean.
    wait_until_connected(&cache).await?;
    let shown = RefCell::new(ProgressBar::hidden());
    let report = audit::audit(&database, &cache, |progress| match progress {
        Progress::Begin(what, total) => shown.replace(bar(what, total)).finish_and_clear(),
        Progress::Advance(count) => shown.borrow().inc(count),
    });
    let report = report.await.map_err(|error| {
        Failure::while_doing("the audit stopped; see that the database runs, is migrated", error)
    })?;
    shown.borrow().finish_and_clear();
    println!("{report}");
    if report.is_clean() {
        return require_whole(&cache).await;
    }
    Err(Failure(format!("{} findings; stop the writers, and look into them", report.finding_count)))
}

/// What could not be read of the cache was not checked.
async fn require_whole(cache: &Cache) -> Result<(), Failure> {
    let unread: u64 = cache.snapshot().await.keyspaces.iter().map(|k| k.errors).sum();
    if unread == 0 && !cache.degraded() {
        return Ok(());
    }
    let text = "what is stored is clean, but not all that is cached could be read; run it again";
    Err(Failure(text.to_owned()))
}
