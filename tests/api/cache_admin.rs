//! What an administrator does with the cache.

use serde_json::{Value, json};

use crate::support::{TestApp, on_every_backend, steps::fresh_key, tests_on};

const PERIOD: &str = "20241201_001";

// What is done by hand must not be found done already, by who brings what others changed.
on_every_backend! {
    with ["--no-refresh"];
    wallets_are_warmed_once,
    a_refresh_makes_it_what_the_database_has,
    an_invalidated_wallet_is_read_again,
    a_period_is_warmed_refreshed_and_invalidated,
    one_order_is_invalidated_in_its_period,
    a_kind_of_hot_data_is_warmed_and_invalidated,
    long_lists_are_refused,
}

tests_on! {
    cluster: PostgresCluster with ["--no-refresh"];
    wallets_are_warmed_once,
    a_refresh_makes_it_what_the_database_has,
    an_invalidated_wallet_is_read_again,
    a_period_is_warmed_refreshed_and_invalidated,
    one_order_is_invalidated_in_its_period,
    a_kind_of_hot_data_is_warmed_and_invalidated,
}

impl TestApp {
    /// What was affected, and what was skipped.
    async fn look_after(&self, mutation: &str, target: Value) -> (u64, u64) {
        let document = format!(
            "mutation($input: CacheInput!) {{ {mutation}(input: $input) {{
                operation {{ id }} errors {{ code }} affectedKeys skippedKeys }} }}"
        );
        let input = json!({ "idempotencyKey": fresh_key(), "target": target });
        let reply = self.query(&document, json!({ "input": input })).await;
        let count = |field: &str| reply.data(&format!("/{mutation}/{field}")).as_u64().unwrap();
        (count("affectedKeys"), count("skippedKeys"))
    }

    async fn cache_entries(&self, target: Value) -> Vec<Value> {
        let document = "query($target: CacheTarget!) { cacheEntries(target: $target) {
            key exists ttlMs version bytes } }";
        let reply = self.query(document, json!({ "target": target })).await;
        reply.list("/cacheEntries").to_vec()
    }

    async fn source_of(&self, uid: &str) -> String {
        let document = "query($uid: ID!) { wallet(uid: $uid) { source } }";
        let reply = self.query(document, json!({ "uid": uid })).await;
        reply.text("/wallet/source").to_owned()
    }
}

fn wallets(uids: &[&str]) -> Value {
    json!({ "walletUids": uids })
}

/// What is not there is filled, what is there or does not exist is skipped, and entries say so.
async fn wallets_are_warmed_once(app: TestApp) {
    for uid in ["ann", "bob"] {
        app.given_wallet(uid, "5").await;
    }
    let target = wallets(&["ann", "bob", "nobody", "ann"]);
    app.look_after("invalidateCache", target.clone()).await;
    let before = app.cache_entries(wallets(&["ann"])).await;
    assert!(before.iter().all(|entry| entry["exists"] == false), "{before:?}");

    assert_eq!(app.look_after("warmCache", target.clone()).await, (4, 2));
    assert_eq!(app.look_after("warmCache", target).await, (0, 6));
    let entries = app.cache_entries(wallets(&["ann"])).await;
    let keys: Vec<_> = entries.iter().map(|entry| entry["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["wallet_balance_ann", "wallet_transactions_ann"]);
    for entry in &entries {
        assert_eq!((&entry["exists"], &entry["version"]), (&json!(true), &json!(1)), "{entry}");
        let millis = entry["ttlMs"].as_u64();
        assert!(millis.is_some_and(|ms| (1..=33 * 60_000).contains(&ms)), "{entry}");
        assert!(entry["bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{entry}");
    }
    assert_eq!(app.source_of("ann").await, "CACHE");
}

/// A row that was changed behind our back is read as it is after a refresh; a row that is gone is
/// removed.
async fn a_refresh_makes_it_what_the_database_has(app: TestApp) {
    app.given_wallet("ann", "5").await;
    app.given_wallet("bob", "5").await;
    assert_eq!(app.balance("ann").await, "5.00");
    app.tamper("UPDATE wallets SET currency = 'USD' WHERE uid = 'ann'").await;
    app.look_after("refreshCache", wallets(&["ann", "bob"])).await;
    let reply = app.query("{ wallet(uid: \"ann\") { currency source } }", json!({})).await;
    assert_eq!((reply.text("/wallet/currency"), reply.text("/wallet/source")), ("USD", "CACHE"));

    app.tamper("DELETE FROM wallet_transactions WHERE uid = 'bob'").await;
    app.tamper("DELETE FROM wallets WHERE uid = 'bob'").await;
    app.look_after("refreshCache", wallets(&["bob"])).await;
    let entries = app.cache_entries(wallets(&["bob"])).await;
    assert!(entries.iter().all(|entry| entry["exists"] == false), "{entries:?}");
}

/// Both entries of a wallet go, once, and the next reader asks the database.
async fn an_invalidated_wallet_is_read_again(app: TestApp) {
    app.given_wallet("ann", "5").await;
    app.look_after("warmCache", wallets(&["ann"])).await;
    assert_eq!(app.look_after("invalidateCache", wallets(&["ann"])).await, (2, 0));
    assert_eq!(app.look_after("invalidateCache", wallets(&["ann"])).await, (0, 2));
    assert_eq!(app.source_of("ann").await, "DATABASE");
    assert_eq!(app.source_of("ann").await, "CACHE");
    app.deposit("ann", "1").await.unwrap();
    assert_eq!(app.balance("ann").await, "6.00");
}

async fn a_period_is_warmed_refreshed_and_invalidated(app: TestApp) {
    app.given_orders("ann", PERIOD, 3).await;
    let target = json!({ "periodNumber": PERIOD });
    assert_eq!(app.look_after("warmCache", target.clone()).await, (1, 0));
    assert_eq!(app.look_after("warmCache", target.clone()).await, (0, 1));
    let entry = app.cache_entries(target.clone()).await.remove(0);
    assert_eq!((&entry["exists"], &entry["version"]), (&json!(true), &Value::Null), "{entry}");
    assert_eq!(entry["key"], "fataMorgana_20241201_001");

    app.tamper("DELETE FROM orders WHERE order_no = 'ORDER_20241201_001_0002'").await;
    assert_eq!(app.look_after("refreshCache", target.clone()).await, (1, 0));
    let document = "{ ordersByPeriod(periodNumber: \"20241201_001\") {
        edges { node { orderNo source } } } }";
    let reply = app.query(document, json!({})).await;
    let edges = "/ordersByPeriod/edges";
    let numbers = ["ORDER_20241201_001_0001", "ORDER_20241201_001_0003"];
    assert_eq!(reply.each(edges, "/node/orderNo"), numbers, "{reply}");
    assert_eq!(reply.each(edges, "/node/source"), ["CACHE"; 2], "{reply}");

    assert_eq!(app.look_after("invalidateCache", target.clone()).await, (1, 0));
    let reply = app.query(document, json!({})).await;
    assert_eq!(reply.each(edges, "/node/source"), ["DATABASE"; 2], "{reply}");
}

async fn one_order_is_invalidated_in_its_period(app: TestApp) {
    app.given_orders("ann", PERIOD, 2).await;
    app.look_after("warmCache", json!({ "periodNumber": PERIOD })).await;
    let target = json!({ "orderNo": "ORDER_20241201_001_0001" });
    assert_eq!(app.look_after("warmCache", target.clone()).await, (0, 1));
    let entry = app.cache_entries(target.clone()).await.remove(0);
    assert_eq!(entry["key"], "fataMorgana_20241201_001 ORDER_20241201_001_0001");
    assert_eq!((&entry["exists"], &entry["version"]), (&json!(true), &json!(1)), "{entry}");

    assert_eq!(app.look_after("invalidateCache", target.clone()).await, (1, 0));
    assert_eq!(app.look_after("invalidateCache", target.clone()).await, (0, 1));
    let count = app.query("{ orderCount(periodNumber: \"20241201_001\") }", json!({})).await;
    assert_eq!(count.data("/orderCount"), 2, "{count}");
    assert_eq!(app.look_after("refreshCache", target).await, (1, 0));
    let none = json!({ "orderNo": "ORDER_X" });
    assert_eq!(app.look_after("refreshCache", none.clone()).await, (0, 1));
    assert_eq!(app.cache_entries(none).await, [] as [Value; 0]);
}

async fn a_kind_of_hot_data_is_warmed_and_invalidated(app: TestApp) {
    app.tamper("INSERT INTO plugins (id, name) VALUES (1, 'Cash'), (2, 'Card')").await;
    let target = json!({ "hotData": "PLUGIN" });
    app.look_after("invalidateCache", target.clone()).await;
    assert_eq!(app.look_after("warmCache", target.clone()).await, (2, 0));
    assert_eq!(app.look_after("warmCache", target.clone()).await, (0, 2));
    let entries = app.cache_entries(target.clone()).await;
    let keys: Vec<_> = entries.iter().map(|entry| entry["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["plugin:1", "plugin:2"]);
    assert_eq!(app.look_after("invalidateCache", target).await, (2, 0));
}

async fn long_lists_are_refused(app: TestApp) {
    let uids: Vec<String> = (0..1_001).map(|number| format!("u{number}")).collect();
    let document = "query($target: CacheTarget!) { cacheEntries(target: $target) { key } }";
    let reply = app.query(document, json!({ "target": { "walletUids": uids } })).await;
    assert_eq!(reply.error_code(), Some("BAD_USER_INPUT"), "{reply}");
}
