//! `warm`.

use super::{Failure, connect_existing, progress::bar, wait_until_connected};
use crate::{
    cache::Cache,
    config::{CacheConfig, DatabaseConfig},
    entity::hot::Kind,
    error::Error,
    loaders::{CacheAction, CacheTarget, Sources},
    redis::Redis,
    store::{self, Database, Page, WalletFilter},
};

/// Wallets that are read and written at a time.
const CHUNK: u64 = 500;

/// What to warm.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Most wallets, in the order of their uids; all when not given
    #[arg(long, value_name = "N")]
    wallets: Option<u64>,
    /// Most periods, latest first
    #[arg(long, default_value_t = 10, value_name = "N")]
    periods: u64,
    /// Leave hot data (merchants, tenants, channels, plugins, …) as it is
    #[arg(long)]
    no_hot_data: bool,
    #[command(flatten)]
    database: DatabaseConfig,
    #[command(flatten)]
    cache: CacheConfig,
}

/// Reads wallets with their latest transactions, periods, and hot data, and makes what is in Redis
/// the same, where that is not newer.
pub async fn run(args: Args) -> Result<(), Failure> {
    let database = connect_existing(&args.database).await?;
    let cache = connect_redis(&args.cache).await?;
    let failed = |error| Failure::while_doing("warming stopped; run it again", error);
    let sources = Sources::new(database.clone(), cache.clone());
    let rows =
        if args.no_hot_data { 0 } else { warm_hot(&database, &sources).await.map_err(failed)? };
    let wallets = warm_wallets(&database, &sources, args.wallets).await.map_err(failed)?;
    let periods = warm_periods(&database, &sources, args.periods).await.map_err(failed)?;
    if cache.degraded() {
        return Err(Failure("Redis went away; check --redis-url, and run it again".to_owned()));
    }
    println!("warmed {wallets} wallets, {periods} periods and {rows} rows of hot data");
    Ok(())
}

/// A cache in this process would end with it, so Redis it must be, and there.
async fn connect_redis(config: &CacheConfig) -> Result<Cache, Failure> {
    let redis = Redis::connect(config).map_err(|error| Failure(error.to_string()))?;
    let Some(redis) = redis else {
        return Err(Failure("there is no Redis to warm; set --redis-url (REDIS_URL)".to_owned()));
    };
    let cache = Cache::connect(config, Some(&redis));
    wait_until_connected(&cache).await?;
    Ok(cache)
}

async fn warm_hot(database: &Database, sources: &Sources) -> Result<u64, Error> {
    let mut total = 0;
    for kind in Kind::ALL {
        total += store::hot::count(database.reader(), kind).await?;
    }
    let progress = bar("hot data", total);
    for kind in Kind::ALL {
        sources.refresh_kind(kind, |rows| progress.inc(rows)).await?;
    }
    progress.finish_and_clear();
    Ok(progress.position())
}

async fn warm_wallets(
    database: &Database,
    sources: &Sources,
    most: Option<u64>,
) -> Result<u64, Error> {
    let filter = WalletFilter::default();
    let total = store::wallets::count(database.reader(), &filter).await?;
    let total = most.map_or(total, |most| most.min(total));
    let progress = bar("wallets", total);
    let mut last = None;
    while progress.position() < total {
        let limit = CHUNK.min(total - progress.position());
        let page = Page { after: last, before: None, limit, from_end: false };
        let wallets = store::wallets::page(database.reader(), &filter, &page).await?;
        let uids: Vec<_> = wallets.into_iter().map(|wallet| wallet.uid).collect();
        let count = uids.len() as u64;
        last = uids.last().cloned();
        if last.is_none() {
            break;
        }
        sources.look_after(&CacheTarget::Wallets(uids), CacheAction::Refresh).await?;
        progress.inc(count);
    }
    progress.finish_and_clear();
    Ok(progress.position())
}

async fn warm_periods(database: &Database, sources: &Sources, most: u64) -> Result<u64, Error> {
    let periods = store::orders::latest_periods(database.reader(), most).await?;
    let progress = bar("periods", periods.len() as u64);
    for period in periods {
        sources.look_after(&CacheTarget::Period(period), CacheAction::Refresh).await?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(progress.position())
}
