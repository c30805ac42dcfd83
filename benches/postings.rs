//! How many balance changes a second the write path takes, and how long one waits.
//!
//! ```text
//! cargo bench --bench postings -- --database-url postgres://… --redis-url redis://…
//! ```
//!
//! Without URLs on SQLite, in a folder of its own, and the cache in the process. The database
//! is migrated, and gets wallets named `bench…`. Figures of two runs compare only when they are
//! of one sitting on one machine.

#![allow(clippy::print_stdout, reason = "this is a program that prints a table")]
#![allow(missing_docs, reason = "nothing here is an API")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser;
use futures::future::join_all;
use hdrhistogram::Histogram;
use wallet_bff::{
    balance::{Balance, Command, Movement, Request},
    cache::Cache,
    config::{BalanceConfig, CacheConfig, DatabaseConfig},
    entity::{IdempotencyKey, Uid, id},
    events::Events,
    lock::Locks,
    redis::Redis,
    store::Database,
};

/// Callers at once, and how many wallets they share.
const LOADS: [(usize, usize); 5] = [(1, 1_000), (32, 10_000), (128, 10_000), (32, 1), (128, 1)];

#[derive(Parser)]
struct Options {
    #[command(flatten)]
    cache: CacheConfig,
    #[command(flatten)]
    balance: BalanceConfig,
    /// postgres://… or sqlite://…
    #[arg(long, env = "DATABASE_URL")]
    database_url: Option<String>,
    /// How long each load lasts
    #[arg(long, default_value = "5s", value_parser = humantime::parse_duration)]
    time: Duration,
    /// What cargo passes
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let folder = tempfile::tempdir().expect("a folder for the database");
    let file = format!("sqlite://{}/bench.db", folder.path().display());
    let database = DatabaseConfig {
        database_url: options.database_url.clone().unwrap_or(file),
        database_read_connections: 4,
        database_write_connections: 4,
        migrate: false,
    };
    let database = Database::connect(&database).await.expect("a database");
    migrations::up(database.writer()).await.expect("tables");
    let redis = Redis::connect(&options.cache).expect("a Redis URL");
    let balance = Balance::start(
        &options.balance,
        database,
        Cache::connect(&options.cache, redis.as_ref()),
        Locks::connect("bench", redis.as_ref()),
        Events::connect("bench", redis.as_ref(), |_| {}),
    );
    if let Some(redis) = &redis {
        redis.wait(Duration::from_secs(5)).await;
    }
    let balance = Arc::new(balance);
    let most = LOADS.iter().map(|(_, wallets)| *wallets).max().unwrap_or_default();
    join_all((0..most).map(|wallet| open(&balance, wallet))).await;

    println!("callers  wallets  changes/s  p50 ms  p99 ms");
    for (callers, wallets) in LOADS {
        let began = Instant::now();
        let until = began + options.time;
        let calls = (0..callers)
            .map(|caller| tokio::spawn(deposit_until(balance.clone(), until, caller, wallets)));
        let mut waits = Histogram::<u64>::new(3).expect("three digits");
        for caller in join_all(calls).await {
            waits.add(caller.expect("a caller that ends well")).expect("the same digits");
        }
        let rate = waits.len() as f64 / began.elapsed().as_secs_f64();
        let millis = |quantile| waits.value_at_quantile(quantile) as f64 / 1_000.0;
        let (p50, p99) = (millis(0.5), millis(0.99));
        println!("{callers:7}  {wallets:7}  {rate:9.0}  {p50:6.2}  {p99:6.2}");
    }
}

fn uid(wallet: usize) -> Uid {
    Uid::stored(format!("bench{wallet:06}"))
}

async fn execute(balance: &Balance, command: Command) {
    let request = Request {
        caller: "bench".to_owned(),
        key: IdempotencyKey::stored(id::operation_id()),
        request_id: String::new(),
    };
    let outcome = balance.execute(request, command).await.expect("an outcome");
    assert!(!outcome.wallets.is_empty(), "{outcome:?}");
}

async fn open(balance: &Balance, wallet: usize) {
    let currency = "PHP".to_owned();
    execute(balance, Command::OpenWallet { uid: uid(wallet), currency }).await;
}

/// Deposits one after another, each into the next of a caller's own sequence of wallets.
async fn deposit_until(
    balance: Arc<Balance>,
    until: Instant,
    caller: usize,
    wallets: usize,
) -> Histogram<u64> {
    let mut waits = Histogram::new(3).expect("three digits");
    let mut place = caller.wrapping_mul(7_919);
    while Instant::now() < until {
        place = place.wrapping_add(104_729);
        let movement = Movement {
            uid: uid(place % wallets),
            amount: "0.01".parse().expect("an amount"),
            description: None,
        };
        let began = Instant::now();
        execute(&balance, Command::Deposit(movement)).await;
        waits.saturating_record(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    waits
}
