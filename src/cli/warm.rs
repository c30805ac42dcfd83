//! `warm`.

use super::{Failure, connect_existing, progress::bar, wait_until_connected};
use crate::{
    cache::{Cache, LatestTransactions},
    config::{CacheConfig, DatabaseConfig},
    entity::{Uid, wallet},
    error::Error,
    loaders::{Loaders, Sources},
    redis::Redis,
    store::{self, Database, Page, WalletFilter},
};

/// Wallets that are read and written at a time.
const CHUNK: u64 = 1_000;

/// What to warm.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Most wallets, in the order of their uids; all when not given
    #[arg(long, value_name = "N")]
    wallets: Option<u64>,
    /// Most periods, latest first
    #[arg(long, default_value_t = 10, value_name = "N")]
    periods: u64,
    #[command(flatten)]
    database: DatabaseConfig,
    #[command(flatten)]
    cache: CacheConfig,
}

/// Reads wallets with their latest transactions, and periods, and writes them to Redis where
/// newer than what is there.
pub async fn run(args: Args) -> Result<(), Failure> {
    let database = connect_existing(&args.database).await?;
    let cache = connect_redis(&args.cache).await?;
    let failed = |error| Failure::while_doing("warming stopped; run it again", error);
    let wallets = warm_wallets(&database, &cache, args.wallets).await.map_err(failed)?;
    let periods = warm_periods(&database, &cache, args.periods).await.map_err(failed)?;
    if cache.degraded() {
        return Err(Failure("Redis went away; check --redis-url, and run it again".to_owned()));
    }
    println!("warmed {wallets} wallets and {periods} periods");
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

/// Two SELECTs and two script calls a chunk.
async fn warm_wallets(database: &Database, cache: &Cache, most: Option<u64>) -> Result<u64, Error> {
    let filter = WalletFilter::default();
    let total = store::wallets::count(database.reader(), &filter).await?;
    let total = most.map_or(total, |most| most.min(total));
    let progress = bar("wallets", total);
    let mut last = None;
    while progress.position() < total {
        let limit = CHUNK.min(total - progress.position());
        let page = Page { after: last, before: None, limit, from_end: false };
        let wallets = store::wallets::page(database.reader(), &filter, &page).await?;
        if wallets.is_empty() {
            break;
        }
        cache.fill(&latest_transactions(database, &wallets).await?).await;
        cache.fill(&wallets).await;
        progress.inc(wallets.len() as u64);
        last = wallets.last().map(|wallet| wallet.uid.clone());
    }
    progress.finish_and_clear();
    Ok(progress.position())
}

async fn latest_transactions(
    database: &Database,
    wallets: &[wallet::Model],
) -> Result<Vec<LatestTransactions>, Error> {
    let uids: Vec<Uid> = wallets.iter().map(|wallet| wallet.uid.clone()).collect();
    let most = LatestTransactions::CAPACITY as u64;
    let lines = store::transactions::latest(database.reader(), &uids, most).await?;
    let by_wallet = lines.chunk_by(|one, next| one.uid == next.uid);
    Ok(by_wallet
        .map(|l| LatestTransactions { uid: l[0].uid.clone(), lines: l.to_vec().into() })
        .collect())
}

/// Counting a period's orders reads all of them through the cache, which fills it.
async fn warm_periods(database: &Database, cache: &Cache, most: u64) -> Result<u64, Error> {
    let periods = store::orders::latest_periods(database.reader(), most).await?;
    let progress = bar("periods", periods.len() as u64);
    let sources = Sources::new(database.clone(), cache.clone());
    for period in &periods {
        Loaders::new(&sources).period_count(period, None).await?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(progress.position())
}
