//! Rows under keys of their own.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::*;
use crate::entity::hot::merchant;

on_each_backend! {
    a_batch_is_answered_in_its_order,
    an_older_fill_loses,
    an_absent_row_can_be_created,
    what_is_invalidated_stays_away_until_newer,
    what_is_removed_stays_away_until_newer,
    a_list_is_as_new_as_its_first_line,
    a_hot_row_is_as_new_as_its_change,
    entries_of_other_services_are_read,
    what_cannot_be_read_is_a_miss,
    it_is_counted,
    many_keys_at_once,
}

async fn a_batch_is_answered_in_its_order(cache: Cache) {
    cache.put(&[wallet("b", 2), wallet("a", 1)]).await;
    cache.put_absent::<wallet::Model>(&[uid("none")]).await;
    let found = get::<wallet::Model>(&cache, &["a", "none", "miss", "b"].map(uid)).await;
    let (a, b) = (Lookup::Hit(wallet("a", 1)), Lookup::Hit(wallet("b", 2)));
    assert_eq!(found, [a, Lookup::Absent, Lookup::Miss, b]);
}

async fn an_older_fill_loses(cache: Cache) {
    cache.put(&[wallet("ann", 7)]).await;
    cache.fill(&[wallet("ann", 6)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", 7)));
    // The same version again: the newcomer stays.
    let again = wallet::Model { balance: money("0.01"), ..wallet("ann", 7) };
    cache.put(std::slice::from_ref(&again)).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(again));
    // Whatever the order inside one batch.
    cache.put(&[wallet("ann", 9), wallet("ann", 8)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", 9)));
}

async fn an_absent_row_can_be_created(cache: Cache) {
    cache.put_absent::<wallet::Model>(&[uid("ann")]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Absent);
    cache.put(&[wallet("ann", 0)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", 0)));
    // A reader that looked before the creation comes late.
    cache.put_absent::<wallet::Model>(&[uid("ann")]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", 0)));
}

async fn what_is_invalidated_stays_away_until_newer(cache: Cache) {
    cache.put(&[wallet("ann", 4)]).await;
    cache.invalidate::<wallet::Model>(&[(uid("ann"), 4)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", 4)), "new enough");
    cache.invalidate::<wallet::Model>(&[(uid("ann"), 5)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Miss);
    cache.fill(&[wallet("ann", 4)]).await;
    cache.put_absent::<wallet::Model>(&[uid("ann")]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Miss, "an older fill does not cross it");
    cache.fill(&[wallet("ann", 5)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", 5)));
}

async fn what_is_removed_stays_away_until_newer(cache: Cache) {
    cache.put(&[wallet("ann", 5)]).await;
    cache.remove::<wallet::Model>(&[(uid("ann"), 4)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", 5)));
    cache.remove::<wallet::Model>(&[(uid("ann"), 5)]).await;
    cache.fill(&[wallet("ann", 5)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Absent);
    cache.put(&[wallet("ann", 6)]).await;
    assert_eq!(read(&cache, "ann").await, Lookup::Hit(wallet("ann", 6)));
}

async fn a_list_is_as_new_as_its_first_line(cache: Cache) {
    let list = |versions: &[i64]| LatestTransactions {
        uid: uid("ann"),
        lines: versions.iter().map(|&version| line("ann", version)).collect::<Vec<_>>().into(),
    };
    for (put, kept) in [
        (&[][..], &[][..]),
        (&[2, 1], &[2, 1]),
        (&[], &[2, 1]),
        (&[1], &[2, 1]),
        (&[3, 2, 1], &[3, 2, 1]),
    ] {
        cache.put(&[list(put)]).await;
        assert_eq!(get(&cache, &[uid("ann")]).await, [Lookup::Hit(list(kept))], "{put:?}");
    }
}

async fn a_hot_row_is_as_new_as_its_change(cache: Cache) {
    let changed = |name: &str, micros: i64| merchant::Model {
        id: 1,
        name: name.to_owned(),
        enabled: true,
        tenant_id: Some(2),
        create_datetime: time(),
        update_datetime: DateTime::from_timestamp_micros(1_733_011_200_000_000 + micros).unwrap(),
        cached_at: None,
    };
    cache.put(&[changed("new", 1)]).await;
    cache.put(&[changed("old", 0)]).await;
    let found = get::<merchant::Model>(&cache, &[1]).await;
    let [Lookup::Hit(found)] = &found[..] else { panic!("it is cached: {found:?}") };
    let cached_at = found.cached_at;
    assert_eq!(*found, merchant::Model { cached_at, ..changed("new", 1) });
    assert!(cached_at.is_some(), "it says since when it is cached");
    assert_eq!(cache.refresh(&[changed("new", 1)]).await, 0, "it is there");
    assert_eq!(cache.refresh(&[changed("newer", 2)]).await, 1);
    cache.invalidate::<merchant::Model>(&[(1, changed("", 3).version())]).await;
    assert_eq!(cache.refresh(&[changed("newer", 2)]).await, 0, "it is gone");
    assert_eq!(cache.refresh(&[changed("newest", 3)]).await, 1);
}

async fn entries_of_other_services_are_read(cache: Cache) {
    let entries: BTreeMap<String, &RawValue> =
        serde_json::from_str(include_str!("go_entries.json")).unwrap();
    for (key, text) in entries {
        write_raw(&cache, Keyspace::Wallet, &key, text.get()).await;
    }
    let wallets = get::<wallet::Model>(&cache, &["go1", "go2", "go3", "go4"].map(uid)).await;
    let wallets: Vec<wallet::Model> = wallets.into_iter().map(hit).collect();
    let balances: Vec<String> = wallets.iter().map(|w| w.balance.to_string()).collect();
    assert_eq!(balances, ["1000.50", "1000.50", "1000.00", "123456789012345.1234"]);
    assert_eq!(wallets.iter().map(|w| w.version).collect::<Vec<_>>(), [0, 12, 0, 0]);
    assert_eq!(wallets[0].created_at.to_rfc3339(), "2024-12-01T00:00:00.123456789+00:00");
    assert_eq!(wallets[1].status, wallet::Status::Frozen);

    let list = hit(get::<LatestTransactions>(&cache, &[uid("go1")]).await.remove(0));
    assert_eq!(list.lines[0].signed_amount(), money("-0.5"));
    assert_eq!((list.lines.len(), list.version()), (2, 0));
    assert_eq!(hit(get::<merchant::Model>(&cache, &[9]).await.remove(0)).name, "Müller & Söhne");

    // Without a version they are older than anything of ours.
    cache.put(&[wallet("go1", 0)]).await;
    assert_eq!(read(&cache, "go1").await, Lookup::Hit(wallet("go1", 0)));
}

fn hit<T: std::fmt::Debug>(lookup: Lookup<T>) -> T {
    match lookup {
        Lookup::Hit(value) => value,
        other => panic!("{other:?} is no hit"),
    }
}

async fn what_cannot_be_read_is_a_miss(cache: Cache) {
    for text in ["", "null", "{}", "{\"uid\":", "!x", "?", "[]", "\u{1F600}"] {
        write_raw(&cache, Keyspace::Wallet, "wallet_balance_odd", text).await;
        let found = read(&cache, "odd").await;
        assert!(!matches!(found, Lookup::Hit(_)), "{text:?}: {found:?}");
    }
    write_raw(&cache, Keyspace::Wallet, "wallet_balance_odd", "{}").await;
    cache.put(&[wallet("odd", 0)]).await;
    assert_eq!(read(&cache, "odd").await, Lookup::Hit(wallet("odd", 0)));
}

async fn it_is_counted(cache: Cache) {
    cache.put(&[wallet("ann", 2)]).await;
    cache.put(&[wallet("ann", 1)]).await;
    cache.put_absent::<wallet::Model>(&[uid("bob")]).await;
    write_raw(&cache, Keyspace::Wallet, "wallet_balance_odd", "{}").await;
    get::<wallet::Model>(&cache, &["ann", "bob", "eve", "odd"].map(uid)).await;
    let snapshot = cache.snapshot().await;
    let wallets = &snapshot.keyspaces[0];
    assert_eq!(wallets.name, "wallet");
    assert_eq!((wallets.hits, wallets.negative_hits, wallets.misses), (1, 1, 2));
    assert_eq!((wallets.fills, wallets.rejected_stale, wallets.errors), (2, 1, 1));
    assert_eq!(wallets.hit_ratio(), 0.5);
    assert!(wallets.p99_ms > 0.0 && snapshot.p50_ms <= snapshot.p99_ms);
    // In a Redis there is a note that it was seen to.
    assert!(matches!(snapshot.keys, Some(3 | 4)), "{snapshot:?}");
    assert!(snapshot.memory_bytes > Some(0) && !snapshot.degraded);
}

async fn many_keys_at_once(cache: Cache) {
    let names: Vec<String> = (0..1_200).map(|n| format!("u{n}")).collect();
    let wallets: Vec<wallet::Model> = names.iter().map(|name| wallet(name, 1)).collect();
    cache.put(&wallets).await;
    let ids: Vec<Uid> = names.iter().map(|name| uid(name)).collect();
    let found = get::<wallet::Model>(&cache, &ids).await;
    assert!(found.into_iter().zip(wallets).all(|(found, wallet)| found == Lookup::Hit(wallet)));
    assert_eq!(get::<wallet::Model>(&cache, &[]).await, []);
}

/// What is in Redis is what other services expect.
#[tokio::test]
async fn keys_and_json_are_the_contract() {
    let server = RedisServer::start();
    let cache = cache_in(&server.connect().await).await;
    cache.put(&[wallet("ann", 3)]).await;
    cache.put(&[LatestTransactions { uid: uid("ann"), lines: Arc::default() }]).await;
    cache.put_orders(&[order(1, 1)]).await;
    assert_eq!(
        server.cli(&["get", "wallet_balance_ann"]).trim(),
        r#"{"uid":"ann","balance":3.00,"status":1,"currency":"PHP","version":3,"created_at":"2024-12-01T00:00:00Z","updated_at":"2024-12-01T00:00:00Z"}"#
    );
    assert_eq!(server.cli(&["get", "wallet_transactions_ann"]).trim(), "[]");
    assert_eq!(server.cli(&["hkeys", "fataMorgana_20241201_001"]).trim(), "ORDER_00001");
    let ttl = |key: &str| server.cli(&["ttl", key]).trim().parse::<i64>().unwrap();
    assert!((1_619..=1_980).contains(&ttl("wallet_balance_ann")));
    assert!((809..=990).contains(&ttl("wallet_transactions_ann")));
    assert!((77_759..=95_040).contains(&ttl("fataMorgana_20241201_001")));
    cache.put_absent::<wallet::Model>(&[uid("bob")]).await;
    assert!((4..=6).contains(&ttl("wallet_balance_bob")));
}

/// A batch is one command each way.
#[tokio::test]
async fn a_batch_is_one_round_trip() {
    let server = RedisServer::start();
    let cache = cache_in(&server.connect().await).await;
    let wallets: Vec<wallet::Model> = (0..100).map(|n| wallet(&format!("u{n}"), 1)).collect();
    cache.put(&wallets).await;
    server.cli(&["config", "resetstat"]);
    cache.put(&wallets).await;
    let ids: Vec<Uid> = wallets.iter().map(|wallet| wallet.uid.clone()).collect();
    get::<wallet::Model>(&cache, &ids).await;
    let stats = server.cli(&["info", "commandstats"]);
    assert!(stats.contains("cmdstat_mget:calls=1,"), "{stats}");
    assert!(stats.contains("cmdstat_evalsha:calls=1,"), "{stats}");
}

#[tokio::test]
async fn users_are_cached_only_when_asked_for() {
    let cache = Cache::connect(&CacheConfig { cache_users: false, ..config(None) }, None);
    let user = crate::entity::user::Model {
        uid: uid("ann"),
        name: "Ann".to_owned(),
        created_at: time(),
        updated_at: time(),
    };
    cache.put(std::slice::from_ref(&user)).await;
    assert_eq!(get::<crate::entity::user::Model>(&cache, &[uid("ann")]).await, [Lookup::Miss]);
    in_memory().put(&[user]).await;
}
