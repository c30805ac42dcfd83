//! Walks over all that is cached, and what stands where.

use std::time::Duration;

use super::*;

on_each_backend! {
    a_walk_meets_all_that_is_ours,
    what_stands_somewhere_is_told,
    an_eviction_takes_what_was_seen_and_nothing_newer,
}

async fn walked(cache: &Cache) -> Vec<Walked> {
    let (mut all, mut next) = (Vec::new(), Some(WalkCursor::default()));
    while let Some(from) = next {
        let (walked, after) = cache.walk(from).await.unwrap();
        all.extend(walked);
        next = after;
    }
    all
}

async fn a_walk_meets_all_that_is_ours(cache: Cache) {
    let wallets: Vec<wallet::Model> = (0..1_200).map(|n| wallet(&format!("u{n}"), 1)).collect();
    cache.put(&wallets).await;
    cache.put_period(&period(), &PeriodOrders::default(), &[order(1, 1)]).await;
    let (mut ids, mut orders) = (Vec::new(), 0);
    for Walked { keyspace, id, entry } in walked(&cache).await {
        match keyspace {
            Keyspace::Wallet => ids.push(id),
            Keyspace::Orders if entry.standing == Standing::Period => orders += 1,
            other => panic!("{other:?} {entry:?}"),
        }
    }
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), orders), (1_200, 1));
    assert!(cache.take_turn("test", Duration::from_secs(9)).await);
}

async fn what_stands_somewhere_is_told(cache: Cache) {
    cache.put(&[wallet("ann", 7)]).await;
    cache.remove::<wallet::Model>(&[(uid("bob"), 3)]).await;
    cache.invalidate::<wallet::Model>(&[(uid("cid"), 4)]).await;
    let ids = ["ann", "bob", "cid", "dan"].map(uid);
    let entries = cache.inspect::<wallet::Model>(&ids).await.unwrap();
    let told: Vec<_> = entries.iter().map(|entry| (entry.standing, entry.version)).collect();
    let expected = [
        (Standing::Row, Some(7)),
        (Standing::Absent, Some(3)),
        (Standing::Unknown, Some(4)),
        (Standing::Nothing, None),
    ];
    assert_eq!(told, expected);
    assert_eq!(entries[0].key, "wallet_balance_ann");
    assert!(entries[0].ttl.is_some_and(|ttl| ttl > Duration::from_secs(60)));
    assert!(entries[0].bytes.is_some_and(|bytes| bytes > 100), "{entries:?}");
}

async fn an_eviction_takes_what_was_seen_and_nothing_newer(cache: Cache) {
    let evict = async |seen, stored| {
        let eviction = Eviction { id: uid("ann"), seen: Some(seen), stored: Some(stored) };
        cache.evict::<wallet::Model>(&[eviction]).await.stored
    };
    // A version that no database had, and that nothing real can pass.
    cache.put(&[wallet("ann", 1_000_000)]).await;
    cache.put(&[wallet("ann", 5)]).await;
    assert_eq!(evict(1_000_000, 5).await, 1);
    assert_eq!(read(&cache, "ann").await, Lookup::Miss);
    cache.fill(&[wallet("ann", 4)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Miss, "older than the database");
    // Somebody writes between the look and the eviction.
    cache.put(&[wallet("ann", 6)]).await;
    assert_eq!(evict(1_000_000, 5).await, 0);
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", 6)));
}
