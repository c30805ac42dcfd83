//! What the cache says of itself, by keyspace.

use serde_json::{Value, json};

use crate::support::{TestApp, on_every_backend, tests_on};

// Nobody but the test reads or fills.
on_every_backend! {
    with ["--no-refresh"];
    reads_are_counted_by_keyspace,
    statistics_are_told_as_they_change,
}

tests_on! {
    cluster: PostgresCluster with ["--no-refresh"];
    reads_are_counted_by_keyspace,
    statistics_are_told_as_they_change,
}

const STATS: &str = "{ cacheStats { namespaces {
    name hits nearHits misses errors fills negativeHits hitRatio ttlSeconds p50Ms p99Ms } } }";

impl TestApp {
    async fn stats_of(&self, keyspace: &str) -> Value {
        let reply = self.query(STATS, json!({})).await;
        let mut all = reply.list("/cacheStats/namespaces").iter();
        all.find(|stats| stats["name"] == keyspace).expect("it is listed").clone()
    }

    async fn read(&self, uid: &str) {
        self.query("query($uid: ID!) { wallet(uid: $uid) { balance } }", json!({ "uid": uid }))
            .await;
    }
}

/// How much more these are than before.
fn more(field: &str, before: &Value, after: &Value) -> u64 {
    after[field].as_u64().unwrap() - before[field].as_u64().unwrap()
}

/// A row that is missing, filled and found; one that does not exist; and others not at all.
async fn reads_are_counted_by_keyspace(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let input = json!({ "idempotencyKey": "to-count-a-miss", "target": { "walletUids": ["ann"] } });
    app.change("invalidateCache", "CacheInput", "errors { code }", input).await.unwrap();
    let (before, orders) = (app.stats_of("wallet").await, app.stats_of("orders").await);
    app.read("ann").await;
    let filled = app.stats_of("wallet").await;
    assert_eq!(["misses", "fills", "hits"].map(|f| more(f, &before, &filled)), [1, 1, 0]);
    app.read("ann").await;
    let found = app.stats_of("wallet").await;
    assert_eq!(["misses", "fills", "hits"].map(|f| more(f, &filled, &found)), [0, 0, 1]);
    for _ in 0..2 {
        app.read("nobody").await;
    }
    let after = app.stats_of("wallet").await;
    assert_eq!(["misses", "negativeHits", "errors"].map(|f| more(f, &found, &after)), [1, 1, 0]);
    let number = |field: &str| after[field].as_f64().unwrap();
    assert!(number("hitRatio") > 0.0 && number("hitRatio") < 1.0, "{after}");
    assert!(number("p50Ms") > 0.0 && number("p50Ms") <= number("p99Ms"), "{after}");
    assert_eq!(after["ttlSeconds"], 1_800, "{after}");
    assert_eq!(app.stats_of("orders").await, orders, "nobody asked for orders");
}

/// A subscription begins with the present, and goes on with what changed.
async fn statistics_are_told_as_they_change(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let document = "subscription { cacheStats(intervalMs: 100) { hits degraded } }";
    let mut watch = app.watch(document, json!({})).await;
    let first = watch.next().await;
    assert_eq!(first["degraded"], false, "{first}");
    let hits = |stats: &Value| stats["hits"].as_u64().expect("a number");
    for _ in 0..3 {
        app.read("ann").await;
    }
    loop {
        let next = watch.next().await;
        if hits(&next) >= hits(&first) + 2 {
            return;
        }
    }
}
