//! What is cached is held against the database now and then, and filled at start.

use std::time::{Duration, Instant};

use fred::interfaces::{HashesInterface, KeysInterface};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{Client, TestApp, on_every_backend, tests_on};

on_every_backend! {
    with ["--cache-sweep-interval", "1s"];
    what_was_deleted_goes,
}

tests_on! {
    redis: PostgresRedis with ["--cache-sweep-interval", "1s"];
    what_others_wrote_is_made_right,
    an_order_that_nobody_stored_goes,
    keys_are_counted_by_keyspace,
    active_wallets_are_warm_at_start,
    warm_fills_everything,
}

tests_on! {
    cluster: PostgresCluster with ["--cache-sweep-interval", "1s"];
    what_was_deleted_goes,
    what_others_wrote_is_made_right,
    an_order_that_nobody_stored_goes,
    keys_are_counted_by_keyspace,
    active_wallets_are_warm_at_start,
    warm_fills_everything,
}

const PERIOD: &str = "20241201_001";
const LIMIT: Duration = Duration::from_secs(20);

/// Asks until the answer is as it should be.
async fn until(client: &Client, document: &str, pointer: &str, expected: Value) {
    let started = Instant::now();
    loop {
        let reply = client.query(document, json!({})).await;
        if reply.data(pointer) == &expected {
            return;
        }
        assert!(started.elapsed() < LIMIT, "{pointer} never was {expected}: {reply}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Rows that were deleted past the service.
async fn what_was_deleted_goes(app: TestApp) {
    app.given_wallet("ann", "5").await;
    app.given_orders("ann", PERIOD, 3).await;
    app.query("{ wallet(uid: \"ann\") { transactions { edges { cursor } } } }", json!({})).await;
    let count = "{ orderCount(periodNumber: \"20241201_001\") }";
    assert_eq!(app.query(count, json!({})).await.data("/orderCount"), 3);
    for table in ["orders", "wallet_transactions", "wallets"] {
        app.tamper(&format!("DELETE FROM {table}")).await;
    }
    until(&app, "{ wallet(uid: \"ann\") { balance } }", "/wallet", Value::Null).await;
    until(&app, count, "/orderCount", json!(0)).await;
}

/// Values that no database ever had, or that it has no more, do not stay until they lapse.
async fn what_others_wrote_is_made_right(app: TestApp) {
    for uid in ["forged", "plain", "older"] {
        app.given_wallet(uid, "5").await;
    }
    let cache = app.cache().await;
    let real: String = cache.get("wallet_balance_forged").await.expect("it is cached");
    let wallet = |uid: &str, version: &str| {
        let text = real.replace("forged", uid).replace("5.00", "777.00");
        text.replace(r#""version":1"#, version)
    };
    for (uid, version) in [
        ("forged", r#""version":1000000"#),
        ("plain", r#""comment":"no version""#),
        ("older", r#""version":0"#),
    ] {
        let key = format!("wallet_balance_{uid}");
        let set = cache.set::<(), _, _>(key, wallet(uid, version), None, None, false);
        set.await.expect("Redis takes it");
    }
    for uid in ["forged", "plain", "older"] {
        let document = format!("{{ wallet(uid: \"{uid}\") {{ balance }} }}");
        until(&app, &document, "/wallet/balance", json!("5.00")).await;
    }
}

/// An order that another service put into a period's hash stays no longer than that either.
async fn an_order_that_nobody_stored_goes(app: TestApp) {
    app.given_orders("ann", PERIOD, 2).await;
    let count = "{ orderCount(periodNumber: \"20241201_001\") }";
    assert_eq!(app.query(count, json!({})).await.data("/orderCount"), 2);
    let cache = app.cache().await;
    let key = format!("fataMorgana_{PERIOD}");
    let one: String = cache.hget(&key, "ORDER_20241201_001_0001").await.expect("it is cached");
    let other = one.replace("001_0001", "001_9999").replace(r#""version":1,"#, "");
    let set = cache.hset::<(), _, _>(&key, [("ORDER_20241201_001_9999", other)]);
    set.await.expect("Redis takes it");
    assert_eq!(app.query(count, json!({})).await.data("/orderCount"), 3, "it is believed");
    until(&app, count, "/orderCount", json!(2)).await;
}

/// Keys and bytes by keyspace are known after a walk, on every instance.
async fn keys_are_counted_by_keyspace(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let other = app.another_instance().await;
    let started = Instant::now();
    loop {
        let document = "{ cacheStats { namespaces { name keys bytes } } }";
        let reply = other.query(document, json!({})).await;
        let [wallets, .., hot] = reply.list("/cacheStats/namespaces") else { panic!("{reply}") };
        assert_eq!(wallets["name"], "wallet", "{reply}");
        if wallets["keys"] == 1 && hot["keys"] == 0 {
            assert!(wallets["bytes"].as_u64().is_some_and(|bytes| bytes > 100), "{reply}");
            return;
        }
        assert!(started.elapsed() < LIMIT, "they are never counted: {reply}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// The wallets that changed last are there before anybody asks.
async fn active_wallets_are_warm_at_start(app: TestApp) {
    for uid in ["old", "mid", "new"] {
        app.given_wallet(uid, "5").await;
    }
    app.flush_cache().await;
    let other = app.another_instance_with(&["--warm-wallets", "2"]).await;
    let entries =
        "{ cacheEntries(target: { walletUids: [\"mid\", \"new\", \"old\"] }) { exists } }";
    let exists = |exists: bool| json!({ "exists": exists });
    let expected = [true, true, true, true, false, false].map(exists);
    until(&other, entries, "/cacheEntries", json!(expected)).await;
}

/// `wallet-bff warm` fills wallets, periods and hot data.
async fn warm_fills_everything(app: TestApp) {
    app.given_wallet("ann", "5").await;
    app.given_orders("ann", PERIOD, 3).await;
    app.tamper("INSERT INTO plugins (id, name) VALUES (1, 'Cash')").await;
    app.flush_cache().await;
    let output = app.run_command("warm").await;
    assert!(output.status.success(), "{output:?}");
    for target in ["walletUids: [\"ann\"]", "periodNumber: \"20241201_001\"", "hotData: PLUGIN"] {
        let document = format!("{{ cacheEntries(target: {{ {target} }}) {{ key exists }} }}");
        let reply = app.query(&document, json!({})).await;
        let entries = reply.list("/cacheEntries");
        assert!(!entries.is_empty(), "{reply}");
        assert!(entries.iter().all(|entry| entry["exists"] == true), "{reply}");
    }
}
