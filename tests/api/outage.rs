//! A cache that is gone costs time, and never an answer.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::support::{Backend, Reply, TestApp, money, servers::redis::Redis};

/// What an answer may take longer without a cache.
const MORE: Duration = Duration::from_millis(100);
/// What it takes with one, on a busy machine.
const USUAL: Duration = Duration::from_millis(100);
/// As it is by default; most tests are more patient with Redis.
const DEFAULTS: [&str; 2] = ["--redis-timeout", "50ms"];
const QUERIES: [&str; 8] = [
    "{ wallet(uid: \"ann\") { balance } }",
    "{ walletsByUid(uids: [\"ann\", \"bob\"]) { balance transactions(first: 5) { edges { node { amount } } } } }",
    "{ wallets(first: 10) { edges { node { uid orders { edges { node { orderNo } } } } } totalCount } }",
    "{ ordersByPeriod(periodNumber: \"20241201_001\") { edges { node { orderNo } } totalCount } }",
    "{ orderCount(periodNumber: \"20241201_001\") }",
    "{ order(by: { orderNo: \"ORDER_20241201_001_0001\" }) { amount } }",
    "{ balanceSufficient(uid: \"ann\", amount: \"1\") }",
    "{ cacheStats { degraded } }",
];

async fn given_some_of_everything(app: &TestApp) {
    app.given_wallet("ann", "10").await;
    app.given_wallet("bob", "20").await;
    app.given_orders("ann", "20241201_001", 3).await;
}

/// Asks everything, twice, as nothing of the first answer can have been cached.
async fn assert_every_query_answers(app: &TestApp, when: &str) {
    for query in QUERIES.iter().chain(&QUERIES) {
        let started = Instant::now();
        let reply = app.query(query, json!({})).await;
        let took = started.elapsed();
        assert!(reply.body.get("errors").is_none(), "{when}: {reply}");
        assert!(took < USUAL + MORE, "{when}: {took:?} for {query}");
    }
    let reply = app.query(QUERIES[0], json!({})).await;
    assert_eq!(reply.text("/wallet/balance"), "10.00", "{when}: {reply}");
    assert_eq!(orders_of(app).await.data("/orderCount"), 3, "{when}");
}

async fn orders_of(app: &TestApp) -> Reply {
    app.query(QUERIES[4], json!({})).await
}

/// Redis is not there when the service starts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_starts_without_redis() {
    let app = TestApp::start_with_redis(Redis::stopped(), &DEFAULTS).await;
    given_some_of_everything(&app).await;
    assert_every_query_answers(&app, "never started").await;
}

/// Redis dies, and comes back empty.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_outlives_redis() {
    let mut app = TestApp::start_with(Backend::PostgresRedis, &DEFAULTS).await;
    given_some_of_everything(&app).await;
    assert_every_query_answers(&app, "before").await;
    app.redis().kill();
    assert_every_query_answers(&app, "killed").await;
    app.redis().restart();
    assert_every_query_answers(&app, "restarted").await;
}

/// Redis hangs: it takes connections and answers nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_outlives_a_redis_that_hangs() {
    let mut app = TestApp::start_with(Backend::PostgresRedis, &DEFAULTS).await;
    given_some_of_everything(&app).await;
    app.redis().pause();
    assert_every_query_answers(&app, "paused").await;
    app.redis().resume();
    assert_every_query_answers(&app, "resumed").await;
}

/// Money moves without Redis, under row locks alone, and health tells that something is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_moves_without_redis() {
    let mut app = TestApp::start_with(Backend::PostgresRedis, &DEFAULTS).await;
    app.given_wallet("ann", "10").await;
    app.redis().kill();
    for _ in 0..5 {
        app.deposit("ann", "1").await.unwrap();
    }
    assert_eq!(app.balance("ann").await, "15.00");
    assert_eq!(app.stored_balance("ann").await, money("15"));
    app.assert_ledger_chain("ann").await;
    let (status, text) = app.get("/readyz").await;
    assert_eq!(status, 200, "it can still serve: {text}");
    assert!(text.contains("degraded"), "{text}");
}

/// What was written while Redis hung is what is read when it answers again, though it still
/// holds the value from before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_older_is_read_after_an_outage() {
    let mut app = TestApp::start_with(Backend::PostgresRedis, &DEFAULTS).await;
    app.given_wallet("ann", "10").await;
    assert_eq!(app.balance("ann").await, "10.00");
    app.redis().pause();
    app.deposit("ann", "5").await.unwrap();
    app.redis().resume();
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(2) {
        assert_eq!(app.balance("ann").await, "15.00", "after {:?}", started.elapsed());
        sleep(Duration::from_millis(50)).await;
    }
}

/// A lock that was asked for while Redis hung, and never given back, blocks nobody afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_lost_in_an_outage_blocks_nobody() {
    let mut app = TestApp::start_with(Backend::PostgresRedis, &DEFAULTS).await;
    app.given_wallet("ann", "10").await;
    for _ in 0..3 {
        app.redis().pause();
        app.deposit("ann", "1").await.unwrap();
        app.redis().resume();
        sleep(Duration::from_millis(200)).await;
        app.deposit("ann", "1").await.unwrap();
    }
    assert_eq!(app.stored_balance("ann").await, money("16"));
}
