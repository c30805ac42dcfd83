//! Rows in this process, in front of Redis.

use std::time::Duration;

use super::*;
use crate::redis::testing::until;

fn near(cache: &Cache, name: &str) -> Option<i64> {
    cache.near::<wallet::Model>(&uid(name)).map(|wallet| wallet.version)
}

/// A cache to which Redis tells its changes.
async fn tracking(redis: &Redis) -> Cache {
    let cache = cache_in(redis).await;
    until(|| cache.0.near.is_sure()).await;
    cache
}

/// Reads until the row is near: the news of a write may be on its way.
async fn bring_near(cache: &Cache, name: &str) {
    let started = Instant::now();
    while near(cache, name).is_none() {
        assert!(started.elapsed() < Duration::from_secs(5), "{name} does not come near");
        read(cache, name).await;
        // What is answered without a wait would let nobody else do anything.
        tokio::task::yield_now().await;
    }
}

async fn what_was_read_is_near_until_it_changes(cache: Cache) {
    until(|| cache.0.near.is_sure()).await;
    assert_eq!(near(&cache, "ann"), None);
    cache.put(&[wallet("ann", 1)]).await;
    assert_eq!(near(&cache, "ann"), None, "not read yet");
    bring_near(&cache, "ann").await;
    assert_eq!(near(&cache, "ann"), Some(1));
    cache.put(&[wallet("ann", 2)]).await;
    assert_eq!(near(&cache, "ann"), None, "as soon as the write is done");
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", 2)));
}

async fn a_period_is_near_until_one_of_its_orders_changes(cache: Cache) {
    until(|| cache.0.near.is_sure()).await;
    let before = PeriodOrders::default();
    cache.put_period(&period(), &before, &[order(1, 1), order(2, 1)]).await;
    let bring_near = async || {
        let started = Instant::now();
        while cache.near_period(&period()).is_none() {
            assert!(started.elapsed() < Duration::from_secs(5), "the period does not come near");
            cache.periods(&[period()]).await;
        }
        cache.near_period(&period()).unwrap()
    };
    assert_eq!(*bring_near().await, [order(1, 1), order(2, 1)]);
    cache.put_orders(&[order(2, 2)]).await;
    assert_eq!(cache.near_period(&period()), None);
    assert_eq!(*bring_near().await, [order(1, 1), order(2, 2)]);
    cache.remove_orders(&[order(2, 2)]).await;
    assert_eq!(cache.near_period(&period()), None);
    assert_eq!(*bring_near().await, [order(1, 1)]);
}

on_each_backend! {
    what_was_read_is_near_until_it_changes,
    a_period_is_near_until_one_of_its_orders_changes,
}

/// What another instance, or another service, writes is heard of.
async fn changes_elsewhere_are_heard_of(ours: Cache, other: Cache) {
    for round in 1..20 {
        let name = format!("ann{round}");
        other.put(&[wallet(&name, 1)]).await;
        bring_near(&ours, &name).await;
        other.put(&[wallet(&name, 2)]).await;
        let written = Instant::now();
        until(|| near(&ours, &name) != Some(1)).await;
        assert!(written.elapsed() < Duration::from_millis(250), "{:?}", written.elapsed());
        assert_eq!(read(&ours, &name).await, Lookup::Hit(wallet(&name, 2)));
    }
}

#[tokio::test]
async fn changes_elsewhere_are_heard_of_from_redis() {
    let server = RedisServer::start();
    let (ours, other) = (server.connect().await, server.connect().await);
    changes_elsewhere_are_heard_of(tracking(&ours).await, cache_in(&other).await).await;
}

/// Each master tells of its own keys.
#[tokio::test]
async fn changes_elsewhere_are_heard_of_from_a_cluster() {
    let cluster = RedisCluster::start();
    let (ours, other) = (cluster.connect().await, cluster.connect().await);
    changes_elsewhere_are_heard_of(tracking(&ours).await, cache_in(&other).await).await;
}

/// The race on purpose: a reader is answered, a change is heard of, and only then the reader keeps
/// what it was answered.
#[tokio::test]
async fn an_answer_from_before_a_change_is_not_kept() {
    let cache = in_memory();
    let (near_by, key) = (&cache.0.near, "wallet_balance_ann");
    let keep = |stamp, version| {
        near_by.keep(key, Some(stamp), (version, Arc::new(wallet("ann", version))), 100);
    };
    let before = near_by.stamp(key).unwrap();
    cache.put(&[wallet("ann", 2)]).await;
    keep(before, 1);
    assert_eq!(near(&cache, "ann"), None);
    // Of two readers that both may be right, the later one is not taken back.
    let now = near_by.stamp(key).unwrap();
    keep(now, 2);
    keep(now, 1);
    assert_eq!(near(&cache, "ann"), Some(2));
    near_by.hear(Tracked::Missed);
    assert_eq!(near(&cache, "ann"), None, "some news was lost");
}

/// While Redis cannot tell of changes nothing near is shown; when it can again, nothing from
/// before.
#[tokio::test]
async fn nothing_near_is_shown_while_redis_cannot_tell() {
    let mut server = RedisServer::start();
    let cache = tracking(&server.connect_hasty().await).await;
    cache.put(&[wallet("ann", 1)]).await;
    bring_near(&cache, "ann").await;

    server.cli(&["client", "kill", "type", "normal", "skipme", "yes"]);
    let killed = Instant::now();
    until(|| near(&cache, "ann").is_none()).await;
    assert!(killed.elapsed() < Duration::from_millis(250), "{:?}", killed.elapsed());
    until(|| cache.0.near.is_sure()).await;
    assert_eq!(near(&cache, "ann"), None, "something may have changed meanwhile");
    bring_near(&cache, "ann").await;

    server.pause();
    let paused = Instant::now();
    until(|| near(&cache, "ann").is_none()).await;
    assert!(paused.elapsed() < Duration::from_millis(1_200), "{:?}", paused.elapsed());
    server.resume();
    until(|| cache.0.near.is_sure()).await;
    bring_near(&cache, "ann").await;

    server.kill();
    until(|| near(&cache, "ann").is_none()).await;
    server.restart();
    until(|| cache.0.near.is_sure() && !cache.degraded()).await;
    cache.put(&[wallet("ann", 2)]).await;
    bring_near(&cache, "ann").await;
    assert_eq!(near(&cache, "ann"), Some(2));
}

/// Whatever is heard or not, a row is asked for again after a while, and the least used go when
/// there are too many.
#[tokio::test]
async fn what_is_near_is_bounded() {
    let brief = CacheConfig {
        near_cache_mb: 1,
        near_cache_ttl: Duration::from_millis(300),
        ..config(None)
    };
    let cache = Cache::connect(&brief, None);
    cache.put(&[wallet("ann", 1)]).await;
    read(&cache, "ann").await;
    assert_eq!(near(&cache, "ann"), Some(1));
    until(|| near(&cache, "ann").is_none()).await;

    let names: Vec<Uid> = (0..10_000).map(|n| uid(&format!("w{n}"))).collect();
    let wallets: Vec<_> = names.iter().map(|uid| wallet(uid.as_str(), 1)).collect();
    cache.put(&wallets).await;
    get::<wallet::Model>(&cache, &names).await;
    assert!(cache.0.near.bytes() <= 1 << 20, "{} bytes", cache.0.near.bytes());

    let without = CacheConfig { near_cache_mb: 0, ..config(None) };
    let cache = Cache::connect(&without, None);
    cache.put(&[wallet("ann", 1)]).await;
    read(&cache, "ann").await;
    assert_eq!(near(&cache, "ann"), None);
}

/// Of two instances that miss a hot key one loads it; nobody asks about others.
#[tokio::test]
async fn a_hot_key_is_loaded_by_one_instance() {
    let server = RedisServer::start();
    let (ours, other) = (server.connect().await, server.connect().await);
    let caches = [tracking(&ours).await, tracking(&other).await];
    let both = [uid("hot"), uid("cold")];
    caches[0].put(&[wallet("hot", 1), wallet("cold", 1)]).await;
    for cache in &caches {
        bring_near(cache, "cold").await;
        bring_near(cache, "hot").await;
        (0..200).for_each(|_| assert_eq!(near(cache, "hot"), Some(1)));
    }
    server.cli(&["flushall"]);
    assert!(caches[0].loaded_elsewhere::<wallet::Model>(&both).await.is_empty(), "the first");
    let elsewhere = caches[1].loaded_elsewhere::<wallet::Model>(&both).await;
    assert_eq!(elsewhere, [uid("hot")].into());
    until_async(async || caches[1].loaded_elsewhere::<wallet::Model>(&both).await.is_empty()).await;
}

/// What is read often and lapses soon is known in time.
#[tokio::test]
async fn hot_rows_that_lapse_soon_are_known() {
    let server = RedisServer::start();
    let cache = tracking(&server.connect().await).await;
    cache.put(&[wallet("hot", 1), wallet("cold", 1)]).await;
    server.cli(&["pexpire", "wallet_balance_hot", "60000"]);
    server.cli(&["pexpire", "wallet_balance_cold", "60000"]);
    bring_near(&cache, "cold").await;
    let read_often = async || {
        bring_near(&cache, "hot").await;
        (0..200).for_each(|_| assert_eq!(near(&cache, "hot"), Some(1)));
    };
    read_often().await;
    assert_eq!(cache.lapsing::<wallet::Model>().await, [uid("hot")]);
    assert_eq!(cache.lapsing::<wallet::Model>().await, [], "not read since");
    cache.fill(&[wallet("hot", 1)]).await;
    read_often().await;
    assert_eq!(cache.lapsing::<wallet::Model>().await, [], "it was read anew");
}

async fn until_async(holds: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < Duration::from_secs(5), "it never held");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
