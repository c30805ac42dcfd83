//! How fast changes reach many sockets, and what an idle one costs.
//!
//! ```text
//! cargo bench --bench sockets
//! cargo bench --bench sockets -- --sockets 5000 --rate 200 --time 60s
//! ```
//!
//! Starts a PostgreSQL, a Redis and instances of the service; opens sockets on each, one
//! subscription a socket; then changes balances at a fixed rate, whether the service keeps up or
//! not (open loop), and says what came where, and when. It ends with 1 when something was not
//! delivered, or a bound that it is held to was missed.

#![allow(clippy::print_stdout, reason = "this is a program that prints a table")]
#![allow(
    missing_docs,
    dead_code,
    reason = "nothing here is an API; the servers are the tests' own"
)]

mod changes;
mod instance;
#[path = "../../tests/api/support/servers/mod.rs"]
mod servers;
#[path = "../../tests/api/support/tokens.rs"]
mod tokens;
mod watcher;

use std::{sync::Arc, time::Duration};

use clap::Parser;
use futures::{StreamExt, stream};
use wallet_bff::auth::Role;

use changes::Changes;
use instance::Instance;
use watcher::{Seen, watch};

/// What it is held to: commit to client, 99 of 100; and the memory of an idle socket.
const MAX_P99: Duration = Duration::from_millis(250);
const MAX_BYTES: u64 = 25 * 1_000;
/// Handshakes at once.
const OPENING: usize = 64;
/// How long what is under way at the end may take.
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Parser)]
struct Options {
    /// Instances of the service
    #[arg(long, default_value_t = 2)]
    instances: usize,
    /// Sockets on each
    #[arg(long, default_value_t = 5_000)]
    sockets: usize,
    /// Wallets that they share
    #[arg(long, default_value_t = 1_000)]
    wallets: usize,
    /// Balance changes a second
    #[arg(long, default_value_t = 200)]
    rate: u64,
    /// How long balances change
    #[arg(long, default_value = "30s", value_parser = humantime::parse_duration)]
    time: Duration,
    /// What cargo passes
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let redis = servers::redis::Redis::start();
    let database = servers::postgres::database().await;
    let token = tokens::token(Role::Admin, "admin");
    let mut instances = Vec::with_capacity(options.instances);
    for _ in 0..options.instances {
        instances.push(Instance::start(&database, &redis.url()).await);
    }
    let addresses: Vec<_> = instances.iter().map(|instance| instance.address).collect();
    let changes = Changes::new(addresses.clone(), token.clone());
    changes.open_wallets(options.wallets).await;

    let before: Vec<u64> = instances.iter().map(Instance::resident_bytes).collect();
    let seen = Arc::new(Seen::default());
    let all = (0..options.sockets * options.instances).map(|number| {
        let address = addresses[number % addresses.len()];
        watch(address, token.clone(), number / addresses.len() % options.wallets, seen.clone())
    });
    let watchers: Vec<_> = stream::iter(all).buffer_unordered(OPENING).collect().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let bytes = instances
        .iter()
        .zip(&before)
        .map(|(instance, before)| (instance.resident_bytes() - before) / options.sockets as u64);
    let bytes: Vec<u64> = bytes.collect();
    println!("{} sockets open on each of {} instances", options.sockets, options.instances);
    println!("memory of an idle socket    {bytes:?} bytes");

    let sent = changes.run(options.rate, options.time, options.wallets).await;
    let versions = changes.versions(options.wallets).await;
    let behind = seen.wait_for(&watchers, &versions, PATIENCE).await;
    let lag = seen.lag();
    println!("changes                     {sent}");
    println!("sockets that are behind     {behind}");
    println!("events                      {} ({} folded)", lag.len(), seen.folded());
    for (name, quantile) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)] {
        println!("commit to client {name:<10} {} ms", millis(lag.value_at_quantile(quantile)));
    }
    println!("commit to client longest    {} ms", millis(lag.max()));
    let p99 = Duration::from_micros(lag.value_at_quantile(0.99));
    let holds = behind == 0 && p99 < MAX_P99 && bytes.iter().all(|bytes| *bytes < MAX_BYTES);
    println!("{}", if holds { "all bounds hold" } else { "A BOUND DOES NOT HOLD" });
    // What was started ends with this process; dropping says so in order.
    drop((instances, redis));
    std::process::exit(i32::from(!holds));
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}
