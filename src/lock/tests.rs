//! The same sentences about both backends.

use super::*;
use crate::redis::testing::{RedisCluster, RedisServer, config, until};

macro_rules! on_each_backend {
    ($($name:ident),+ $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Locks::connect("one", None)).await;
            })+
        }

        mod in_redis {
            $(#[tokio::test]
            async fn $name() {
                let server = super::RedisServer::start();
                super::$name(super::Locks::connect("one", Some(&server.connect().await))).await;
            })+
        }

        #[tokio::test]
        async fn cluster() {
            let cluster = RedisCluster::start();
            let redis = cluster.connect().await;
            $($name(Locks::connect("one", Some(&redis))).await;
            for node in &cluster.0 {
                node.cli(&["flushall"]);
            })+
        }
    };
}

on_each_backend! {
    one_holds_it_at_a_time,
    what_is_free_is_taken,
    only_the_holder_releases,
    it_shows_who_holds_it,
    it_can_be_taken_away,
    a_release_wakes_who_waits,
    a_held_lock_outlives_its_lease,
    a_dropped_grant_lapses,
}

const TTL: Duration = Duration::from_secs(30);

fn uids(names: &[&str]) -> Vec<Uid> {
    names.iter().map(|name| Uid::stored(*name)).collect()
}

async fn one_holds_it_at_a_time(locks: Locks) {
    let grants = futures::future::join_all(
        (0..20).map(|_| async { locks.try_acquire(&uids(&["ann"]), TTL).await }),
    );
    let grants = grants.await;
    assert_eq!(grants.iter().filter(|grant| !grant.held.is_empty()).count(), 1);
    assert_eq!((locks.stats().acquired, locks.stats().contended), (1, 19));
}

async fn what_is_free_is_taken(locks: Locks) {
    let first = locks.try_acquire(&uids(&["b"]), TTL).await;
    let second = locks.try_acquire(&uids(&["c", "a", "b", "a"]), TTL).await;
    assert_eq!(second.held, uids(&["a", "c"]));
    assert_eq!(second.busy, uids(&["b"]));
    locks.release(first).await;
    assert_eq!(locks.try_acquire(&uids(&["a", "b"]), TTL).await.held, uids(&["b"]));
    locks.release(second).await;
    assert_eq!(locks.try_acquire(&uids(&["a", "c"]), TTL).await.busy, []);
    assert_eq!(locks.try_acquire(&[], TTL).await.held, []);
}

async fn only_the_holder_releases(locks: Locks) {
    let old = locks.try_acquire(&uids(&["ann"]), TTL).await;
    locks.force_release(&uids(&["ann"])[0], None).await.unwrap();
    let new = locks.try_acquire(&uids(&["ann"]), TTL).await;
    assert_eq!(new.held, uids(&["ann"]));
    locks.release(old).await;
    assert_eq!(locks.try_acquire(&uids(&["ann"]), TTL).await.busy, uids(&["ann"]));
}

async fn it_shows_who_holds_it(locks: Locks) {
    let uid = &uids(&["ann"])[0];
    let free =
        LockStatus { held: false, holder: None, ttl_ms: None, acquired_at: None, waiters: 0 };
    assert_eq!(locks.status(uid).await, free);
    let grant = locks.try_acquire(std::slice::from_ref(uid), TTL).await;
    let status = locks.status(uid).await;
    assert!(status.held && status.holder.unwrap().starts_with("one/"));
    assert!((1..=5_000).contains(&status.ttl_ms.unwrap()));
    let age = clock::now() - status.acquired_at.unwrap();
    assert!(age.num_seconds() < 5);
    locks.release(grant).await;
    assert_eq!(locks.status(uid).await, free);
    assert!(locks.stats().hold_p99_ms > 0.0);
}

async fn it_can_be_taken_away(locks: Locks) {
    let uid = &uids(&["ann"])[0];
    assert_eq!(locks.force_release(uid, None).await, None);
    let _grant = locks.try_acquire(std::slice::from_ref(uid), TTL).await;
    let holder = locks.status(uid).await.holder.unwrap();
    assert_eq!(locks.force_release(uid, Some("somebody else")).await, None);
    assert_eq!(locks.force_release(uid, Some(&holder)).await, Some(holder));
    assert!(!locks.status(uid).await.held);
}

async fn a_release_wakes_who_waits(locks: Locks) {
    let grant = locks.try_acquire(&uids(&["ann"]), TTL).await;
    let mut released = locks.released();
    released.mark_unchanged();
    let (woken, ()) = tokio::join!(
        tokio::time::timeout(Duration::from_secs(1), released.changed()),
        locks.release(grant),
    );
    woken.unwrap().unwrap();
}

async fn a_held_lock_outlives_its_lease(locks: Locks) {
    let uid = &uids(&["ann"])[0];
    let grant = locks.try_acquire(std::slice::from_ref(uid), TTL).await;
    tokio::time::sleep(LEASE + Duration::from_millis(500)).await;
    let status = locks.status(uid).await;
    assert!(status.ttl_ms.is_some_and(|ttl| ttl > 2_000), "{status:?}");
    locks.release(grant).await;
}

async fn a_dropped_grant_lapses(locks: Locks) {
    let uid = &uids(&["ann"])[0];
    drop(locks.try_acquire(std::slice::from_ref(uid), TTL).await);
    assert!(locks.status(uid).await.held);
    tokio::time::sleep(LEASE + Duration::from_millis(100)).await;
    assert!(!locks.status(uid).await.held);
}

/// Another instance's waiters are woken, and its locks respected.
#[tokio::test]
async fn a_release_wakes_other_instances() {
    let server = RedisServer::start();
    let one = Locks::connect("one", Some(&server.connect().await));
    let two = Locks::connect("two", Some(&server.connect().await));
    until(|| server.cli(&["pubsub", "numsub", "wallet_lock_released"]).contains('2')).await;
    // What connecting itself told is over.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let grant = one.try_acquire(&uids(&["ann"]), TTL).await;
    let mut released = two.released();
    released.mark_unchanged();
    assert_eq!(two.try_acquire(&uids(&["ann"]), TTL).await.busy, uids(&["ann"]));
    let waited = Instant::now();
    let (woken, ()) = tokio::join!(
        tokio::time::timeout(Duration::from_secs(1), released.changed()),
        one.release(grant),
    );
    woken.unwrap().unwrap();
    assert!(waited.elapsed() < Duration::from_millis(300));
    assert_eq!(two.try_acquire(&uids(&["ann"]), TTL).await.held, uids(&["ann"]));
}

/// With Redis gone everything is granted, fast.
#[tokio::test]
async fn without_redis_everything_is_granted() {
    let mut server = RedisServer::start();
    let locks = Locks::connect("one", Some(&server.connect().await));
    let grant = locks.try_acquire(&uids(&["ann"]), TTL).await;
    server.kill();
    let started = Instant::now();
    let second = locks.try_acquire(&uids(&["ann", "bob"]), TTL).await;
    assert_eq!(second.held, uids(&["ann", "bob"]));
    assert!(!locks.status(&uids(&["ann"])[0]).await.held);
    locks.release(grant).await;
    locks.release(second).await;
    assert!(started.elapsed() < Duration::from_millis(200), "{:?}", started.elapsed());
    server.restart();
    let mut back = false;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let _grant = locks.try_acquire(&uids(&["eve"]), TTL).await;
        back = locks.status(&uids(&["eve"])[0]).await.held;
        if back {
            break;
        }
    }
    assert!(back);
}

#[tokio::test]
async fn a_redis_that_was_never_there_is_no_obstacle() {
    let server = RedisServer::stopped();
    let redis = Redis::connect(&config(Some(&server.url()))).unwrap().unwrap();
    let locks = Locks::connect("one", Some(&redis));
    assert_eq!(locks.try_acquire(&uids(&["ann"]), TTL).await.held, uids(&["ann"]));
}
