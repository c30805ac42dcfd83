//! `audit`.

use std::cell::RefCell;

use indicatif::ProgressBar;

use super::{Failure, connect, progress::bar};
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
    let database = connect(&args.database).await?;
    let redis = Redis::connect(&args.cache).map_err(|error| Failure(error.to_string()))?;
    let cache = Cache::connect(&args.cache, redis.as_ref());
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
        return Ok(());
    }
    Err(Failure(format!("{} findings; stop the writers, and look into them", report.finding_count)))
}
