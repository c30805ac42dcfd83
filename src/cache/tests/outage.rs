//! Redis killed, paused, full.

use std::time::Duration;

use super::*;
use crate::redis::testing::until;

/// Reads and writes go on, fast, and nothing older is read when Redis is back.
#[tokio::test]
async fn a_killed_redis_costs_nothing() {
    let mut server = RedisServer::start();
    let cache = cache_in(&server.connect().await).await;
    cache.put(&[wallet("ann", 1)]).await;
    server.kill();
    for version in 2..5 {
        let started = Instant::now();
        assert_eq!(read(&cache, "ann").await, Lookup::Miss);
        cache.put(&[wallet("ann", version)]).await;
        cache.put_orders(&[order(1, version)]).await;
        assert!(started.elapsed() < Duration::from_millis(100), "{:?}", started.elapsed());
    }
    assert!(cache.degraded());
    server.restart();
    until(|| !cache.degraded()).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Miss);
    cache.fill(&[wallet("ann", 3)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Miss, "older than what was committed");
    cache.fill(&[wallet("ann", 4)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", 4)));
    let before = cache.periods(&[period()]).await.remove(0);
    cache.put_period(&period(), &before, &[order(1, 3)]).await;
    assert!(!cache.periods(&[period()]).await[0].complete, "the snapshot is too old");
}

/// A Redis that hangs keeps the old value; it must not be read.
#[tokio::test]
async fn a_paused_redis_never_shows_what_was_replaced() {
    let server = RedisServer::start();
    let cache = cache_in(&server.connect_hasty().await).await;
    cache.put(&[wallet("ann", 1), wallet("bob", 1)]).await;
    let before = PeriodOrders::default();
    cache.put_period(&period(), &before, &[order(1, 1), order(2, 1)]).await;
    server.pause();
    let started = Instant::now();
    assert_eq!(read(&cache, "ann").await, Lookup::Miss);
    assert!(started.elapsed() < Duration::from_millis(100), "{:?}", started.elapsed());
    let started = Instant::now();
    assert_eq!(read(&cache, "ann").await, Lookup::Miss);
    assert!(started.elapsed() < Duration::from_millis(10), "it is not asked again at once");
    cache.put(&[wallet("ann", 2)]).await;
    cache.remove::<wallet::Model>(&[(uid("bob"), 1)]).await;
    cache.remove_orders(&[order(2, 1)]).await;
    server.resume();
    let is_old = |found: &Lookup<wallet::Model>| *found == Lookup::Hit(wallet("ann", 1));
    while cache.degraded() {
        assert!(!is_old(&read(&cache, "ann").await));
        assert!(!cache.periods(&[period()]).await[0].complete);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(read(&cache, "ann").await, Lookup::Miss);
    cache.fill(&[wallet("bob", 1)]).await;
    assert_eq!(read(&cache, "bob").await, Lookup::Miss);
    // Another instance, which knows of no outage, sees none of it either.
    let other = cache_in(&server.connect().await).await;
    assert_eq!(read(&other, "ann").await, Lookup::Miss);
    let orders = other.periods(&[period()]).await.remove(0);
    assert_eq!((&*orders.orders, orders.complete), (&vec![order(1, 1)], false));
}

#[tokio::test]
async fn a_redis_that_comes_late_is_used() {
    let mut server = RedisServer::stopped();
    let redis = Redis::connect(&config(Some(&server.url()))).unwrap().unwrap();
    let cache = Cache::connect(&config(None), Some(&redis));
    assert_eq!(read(&cache, "ann").await, Lookup::Miss);
    assert!(cache.degraded());
    server.restart();
    until(|| !cache.degraded()).await;
    cache.put(&[wallet("ann", 1)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", 1)));
}

/// With `noeviction`, a full Redis refuses writes: what was there goes, rather than stay.
#[tokio::test]
async fn a_full_redis_does_not_keep_the_old_value() {
    let server = RedisServer::start();
    let cache = cache_in(&server.connect().await).await;
    cache.put(&[wallet("ann", 1)]).await;
    cache.put_orders(&[order(1, 1)]).await;
    server.cli(&["config", "set", "maxmemory", "1"]);
    cache.put(&[wallet("ann", 2)]).await;
    cache.put_orders(&[order(1, 2)]).await;
    let other = cache_in(&server.connect().await).await;
    assert_eq!(read(&other, "ann").await, Lookup::Miss);
    assert_eq!(*other.periods(&[period()]).await[0].orders, []);
    assert!(cache.degraded());
    server.cli(&["config", "set", "maxmemory", "0"]);
    until(|| !cache.degraded()).await;
    cache.put(&[wallet("ann", 2)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", 2)));
}

/// Scripts that a restarted or flushed Redis forgot are taught again.
#[tokio::test]
async fn scripts_are_taught_again() {
    let server = RedisServer::start();
    let cache = cache_in(&server.connect().await).await;
    for version in 1..3 {
        server.cli(&["script", "flush"]);
        cache.put(&[wallet("ann", version)]).await;
        assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", version)));
    }
}

/// Keys of another type are in nobody's way.
#[tokio::test]
async fn keys_of_another_type_are_replaced() {
    let server = RedisServer::start();
    let cache = cache_in(&server.connect().await).await;
    server.cli(&["sadd", "wallet_balance_ann", "x"]);
    server.cli(&["set", "fataMorgana_20241201_001", "x"]);
    assert_eq!(read(&cache, "ann").await, Lookup::Miss);
    assert!(!cache.periods(&[period()]).await[0].complete);
    cache.put(&[wallet("ann", 1)]).await;
    cache.put_period(&period(), &PeriodOrders::default(), &[order(1, 1)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", 1)));
    assert!(cache.periods(&[period()]).await[0].complete);
}

/// What is not ours is left alone when everything of ours must go.
#[tokio::test]
async fn clearing_takes_what_is_ours() {
    let cluster = RedisCluster::start();
    let cache = cache_in(&cluster.connect().await).await;
    let wallets: Vec<wallet::Model> = (0..50).map(|n| wallet(&format!("u{n}"), 1)).collect();
    cache.put(&wallets).await;
    cluster.0[0].cli(&["set", "theirs", "x"]);
    cache.0.backend.clear().await.unwrap();
    // Theirs, and that this Redis was seen to.
    assert_eq!(cache.snapshot().await.keys, Some(2));
    assert_eq!(cluster.0[0].cli(&["get", "theirs"]).trim(), "x");
}

/// Too many failed writes to remember: nothing is believed, and all of it is removed.
#[tokio::test]
async fn an_overflow_clears_the_cache() {
    let cache = in_memory();
    cache.put(&[wallet("ann", 1)]).await;
    for number in 0..=100_000 {
        let key = format!("wallet_balance_u{number}");
        cache.0.outage.raise(Place { keyspace: Keyspace::Wallet, key, field: None }, 1);
    }
    assert_eq!(read(&cache, "ann").await, Lookup::Miss);
    until(|| !cache.degraded()).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Miss);
    cache.put(&[wallet("ann", 1)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", 1)));
}

/// A cluster that lost a node answers late, if at all; requests do not wait for it.
#[tokio::test]
async fn a_cluster_without_a_node_costs_little() {
    let mut cluster = RedisCluster::start();
    let cache = cache_in(&cluster.connect_hasty().await).await;
    let ids: Vec<Uid> = (0..50).map(|n| uid(&format!("u{n}"))).collect();
    let wallets = |version| ids.iter().map(|id| wallet(id.as_str(), version)).collect::<Vec<_>>();
    cache.put(&wallets(1)).await;
    cluster.0[2].kill();
    cache.put(&wallets(2)).await;
    for _ in 0..20 {
        let started = Instant::now();
        let found = get::<wallet::Model>(&cache, &ids).await;
        assert!(started.elapsed() < Duration::from_millis(100), "{:?}", started.elapsed());
        assert!(found.iter().zip(wallets(1)).all(|(found, old)| *found != Lookup::Hit(old)));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    cluster.0[2].restart();
    until(|| !cache.degraded()).await;
    cache.put(&wallets(3)).await;
    let found = get::<wallet::Model>(&cache, &ids).await;
    assert!(found.into_iter().zip(wallets(3)).all(|(found, new)| found == Lookup::Hit(new)));
}

/// A Redis that starts with what it held some time ago: nothing of that is read, by nobody.
#[tokio::test]
async fn a_restored_snapshot_is_not_believed() {
    let mut server = RedisServer::start();
    let cache = cache_in(&server.connect().await).await;
    let other = cache_in(&server.connect().await).await;
    cache.put(&[wallet("ann", 1)]).await;
    cache.put_period(&period(), &PeriodOrders::default(), &[order(1, 1)]).await;
    server.cli(&["save"]);
    cache.put(&[wallet("ann", 2)]).await;
    cache.put_orders(&[order(1, 2)]).await;
    server.restart();
    assert!(
        server.cli(&["get", "wallet_balance_ann"]).contains("\"version\":1"),
        "it was restored"
    );
    let started = Instant::now();
    while cache.degraded() || other.degraded() || started.elapsed() < Duration::from_millis(300) {
        for cache in [&cache, &other] {
            assert_eq!(read(cache, "ann").await, Lookup::Miss);
            assert!(!cache.periods(&[period()]).await[0].complete);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(started.elapsed() < Duration::from_secs(20), "it is never believed again");
    }
    cache.put(&[wallet("ann", 2)]).await;
    assert_eq!(read(&other, "ann").await, Lookup::Hit(wallet("ann", 2)));
    // Who comes later finds that it was seen to.
    let third = cache_in(&server.connect().await).await;
    assert_eq!(read(&third, "ann").await, Lookup::Hit(wallet("ann", 2)));
}

/// A Redis whose disk is full answers reads and refuses writes, removals too: it is not read, also
/// by those who have nothing to write.
#[tokio::test]
async fn a_redis_whose_disk_is_full_is_not_read() {
    let server = RedisServer::start();
    let mend = ["config", "set", "stop-writes-on-bgsave-error", "no"];
    is_not_read_while_it_takes_no_writes(&server, || server.break_snapshots(), &mend).await;
}

/// Nor one that follows another: what it is told of is what that one is told.
#[tokio::test]
async fn a_redis_that_became_a_replica_is_not_read() {
    let server = RedisServer::start();
    let follow = || drop(server.cli(&["replicaof", "127.0.0.1", "1"]));
    is_not_read_while_it_takes_no_writes(&server, follow, &["replicaof", "no", "one"]).await;
}

async fn is_not_read_while_it_takes_no_writes(
    server: &RedisServer,
    break_it: impl FnOnce(),
    mend: &[&str],
) {
    let cache = cache_in(&server.connect().await).await;
    let other = cache_in(&server.connect().await).await;
    cache.put(&[wallet("ann", 1)]).await;
    assert_eq!(read(&other, "ann").await, Lookup::Hit(wallet("ann", 1)));
    break_it();
    let answer = server.cli(&["set", "x", "1"]);
    assert!(["MISCONF", "READONLY"].iter().any(|code| answer.contains(code)), "{answer}");
    cache.put(&[wallet("ann", 2)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Miss);
    until(|| other.degraded()).await;
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(2) {
        assert!(other.near::<wallet::Model>(&Uid::stored("ann")).is_none());
        assert_eq!(read(&other, "ann").await, Lookup::Miss);
        assert_eq!(read(&cache, "ann").await, Lookup::Miss);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.cli(mend);
    until(|| !cache.degraded() && !other.degraded()).await;
    assert_eq!(read(&other, "ann").await, Lookup::Miss, "what could not be written was made good");
}
