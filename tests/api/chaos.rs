//! Random load from several instances, while what they stand on breaks.

use std::{sync::Arc, time::Duration};

use rand::Rng;
use tokio::time::sleep;
use wallet_bff::entity::Uid;

use crate::support::{
    Backend,
    engine::{Engine, Ground},
    load::{Door, Load, seconds, tell},
    proxy::Proxy,
};

/// How many ask at once.
const HANDS: usize = 24;

async fn engines(ground: &Ground, count: usize) -> Vec<Engine> {
    futures::future::join_all((0..count).map(|_| ground.engine())).await
}

fn doors(engines: &[Engine]) -> Vec<Arc<dyn Door>> {
    engines.iter().map(|engine| Arc::new(engine.clone()) as Arc<dyn Door>).collect()
}

/// Three instances, eight wallets, everything that moves money.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_share_eight_wallets() {
    let ground = Ground::on(Backend::PostgresRedis).await;
    let engines = engines(&ground, 3).await;
    let load = Load::prepare(&ground, doors(&engines)).await;
    load.run(HANDS, seconds()).await;
    for engine in &engines {
        tell(&format!("{:?}", engine.balance.locks().stats()));
    }
    load.assert_sound(&ground).await;
    load.assert_never_in_doubt();
}

/// The same on the embedded defaults, which are one instance.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_instance_is_sound() {
    let ground = Ground::on(Backend::Embedded).await;
    let engines = engines(&ground, 1).await;
    let load = Load::prepare(&ground, doors(&engines)).await;
    load.run(HANDS, seconds() / 2).await;
    load.assert_sound(&ground).await;
    load.assert_never_in_doubt();
}

/// Redis dies, hangs and comes back empty: money moves on, and the cache is right again soon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_breaks_under_load() {
    let mut ground = Ground::on(Backend::PostgresRedis).await;
    let engines = engines(&ground, 3).await;
    let load = Load::prepare(&ground, doors(&engines)).await;
    let time = seconds();
    let running = tokio::spawn({
        let load = load.clone();
        async move { load.run(HANDS, time).await }
    });
    let step = time / 6;
    sleep(step).await;
    ground.redis().pause();
    assert_goes_on(&load, step, "Redis hangs").await;
    ground.redis().resume();
    sleep(step).await;
    ground.redis().kill();
    assert_goes_on(&load, step, "Redis is dead").await;
    ground.redis().restart();
    running.await.expect("the load ends");
    for engine in &engines {
        engine.assert_cache_catches_up(load.uids()).await;
    }
    load.assert_sound(&ground).await;
    load.assert_never_in_doubt();
}

async fn assert_goes_on(load: &Load, time: Duration, what: &str) {
    let since = std::time::Instant::now();
    sleep(time).await;
    let (answered, wallets) = load.answered_since(since);
    assert!(
        answered > 20 && wallets == load.uids().len(),
        "{what}, and in {time:?} only {answered} were answered, on {wallets} wallets"
    );
}

/// Locks are broken by hand again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locks_are_broken_under_load() {
    let ground = Ground::on(Backend::PostgresRedis).await;
    let engines = engines(&ground, 3).await;
    let load = Load::prepare(&ground, doors(&engines)).await;
    let breaking = tokio::spawn({
        let (engine, uids) = (engines[0].clone(), load.uids().to_vec());
        async move { break_locks(&engine, &uids).await }
    });
    load.run(HANDS, seconds()).await;
    breaking.abort();
    load.assert_sound(&ground).await;
    load.assert_never_in_doubt();
}

async fn break_locks(engine: &Engine, uids: &[Uid]) {
    loop {
        let uid = &uids[rand::rng().random_range(0..uids.len())];
        engine.balance.locks().force_release(uid, None).await;
        sleep(Duration::from_millis(2)).await;
    }
}

/// PostgreSQL ends the service's connections again and again, in the middle of whatever they do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_cut_under_load() {
    let ground = Ground::on(Backend::PostgresRedis).await;
    let engines = engines(&ground, 3).await;
    let load = Load::prepare(&ground, doors(&engines)).await;
    let time = seconds();
    let running = tokio::spawn({
        let load = load.clone();
        async move { load.run(HANDS, time).await }
    });
    let until = std::time::Instant::now() + time.mul_f64(0.8);
    while std::time::Instant::now() < until {
        let pause = rand::rng().random_range(50..400);
        sleep(Duration::from_millis(pause)).await;
        ground.cut_connections().await;
    }
    running.await.expect("the load ends");
    for engine in &engines {
        engine.assert_cache_catches_up(load.uids()).await;
    }
    load.assert_sound(&ground).await;
}

/// The network to the database is cut without a word, and mended: nobody waits for ever, and what
/// was in doubt is done once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_network_goes_silent_under_load() {
    let ground = Ground::on(Backend::PostgresRedis).await;
    let proxy = Proxy::to(ground.place().port()).await;
    let engine = Engine::start(&ground.place().through(proxy.port())).await;
    let load = Load::prepare(&ground, doors(&[engine])).await;
    let running = tokio::spawn({
        let load = load.clone();
        async move { load.run(HANDS, Duration::from_secs(4)).await }
    });
    sleep(Duration::from_secs(1)).await;
    proxy.stall();
    let stalled = std::time::Instant::now();
    // Longer than one attempt: some are told that it is in doubt.
    sleep(Duration::from_secs(12)).await;
    assert!(load.doubts() > 0, "nobody was told anything in {:?}", stalled.elapsed());
    proxy.mend();
    running.await.expect("the load ends");
    load.assert_sound(&ground).await;
}
