//! What a list costs, counted at the databases' own doors.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;

use crate::support::{Backend, TestApp};

const DOCUMENT: &str = "query($uids: [ID!]!) { walletsByUid(uids: $uids) {
    uid balance transactions(first: 5) { edges { node { amount } } } } }";

/// A hundred wallets with their last five transactions: nothing at all when they are near; two
/// commands to Redis and no SQL when warm; two statements and two fills when cold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_wallets_with_transactions_cost_two_round_trips() {
    let app = TestApp::start_with(Backend::PostgresRedis, &["--no-refresh"]).await;
    let uids: Vec<_> = (1..=100).map(|number| format!("u{number:03}")).collect();
    join_all(uids.iter().map(|uid| given_lines(&app, uid))).await;
    let variables = json!({ "uids": uids });
    app.flush_cache().await;

    app.reset_counters().await;
    let cold = app.query(DOCUMENT, variables.clone()).await;
    assert_eq!(cold.list("/walletsByUid/99/transactions/edges").len(), 5, "{cold}");
    let sql = app.sql_statements().await;
    assert!(sql.iter().map(|(_, calls)| calls).sum::<i64>() <= 2, "cold: {sql:#?}");
    let commands = app.redis_commands().await;
    let sent = |name: &str| commands.get(name).copied().unwrap_or(0);
    assert_eq!(sent("mget"), 2, "cold: {commands:?}");
    assert!(sent("evalsha") + sent("eval") <= 2, "cold: {commands:?}");

    app.reset_counters().await;
    let warm = app.query(DOCUMENT, variables.clone()).await;
    assert_eq!(warm.body, cold.body, "warm and cold answers differ");
    assert_eq!(app.sql_statements().await, [], "warm");
    let commands = app.redis_commands().await;
    assert_eq!(commands.values().sum::<u64>(), 2, "warm: {commands:?}");

    app.reset_counters().await;
    let near = app.query(DOCUMENT, variables).await;
    assert_eq!(near.body, cold.body, "near and cold answers differ");
    assert_eq!(app.sql_statements().await, [], "near");
    assert_eq!(app.redis_commands().await.values().sum::<u64>(), 0, "near");
    let stats = app.query("{ cacheStats { hits nearHits } }", json!({})).await;
    assert_eq!(stats.data("/cacheStats/nearHits"), 200, "{stats}");
    assert_eq!(stats.data("/cacheStats/hits"), 400, "{stats}");
}

/// So does a period of orders.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_period_that_is_near_costs_no_round_trip() {
    let app = TestApp::start_with(Backend::PostgresRedis, &["--no-refresh"]).await;
    app.given_wallet("ann", "100").await;
    app.given_orders("ann", "20241201_001", 30).await;
    let document = "{ ordersByPeriod(periodNumber: \"20241201_001\", first: 20) {
        edges { node { orderNo amount } } pageInfo { endCursor } totalCount } }";
    let cold = app.query(document, json!({})).await;
    assert_eq!(cold.list("/ordersByPeriod/edges").len(), 20, "{cold}");
    assert_eq!(cold.data("/ordersByPeriod/totalCount"), 30, "{cold}");
    // The orders were made behind the service's back, which is noticed while this goes on.
    let started = Instant::now();
    loop {
        app.reset_counters().await;
        let near = app.query(document, json!({})).await;
        assert_eq!(near.body, cold.body, "near and cold answers differ");
        let (sql, commands) = (app.sql_statements().await, app.redis_commands().await);
        if sql.is_empty() && commands.is_empty() {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(10), "near: {sql:#?} {commands:?}");
    }
}

/// Ten thousand wallets that do not exist, asked for twice: each is looked for once, in lists as
/// long as they may be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_exist_is_looked_for_once() {
    const MOST: usize = 1_000;
    let app = TestApp::start_with(Backend::PostgresRedis, &["--no-refresh"]).await;
    app.reset_counters().await;
    let uids: Vec<_> = (0..10_000).map(|number| format!("nobody{number}")).collect();
    for uids in uids.chunks(MOST) {
        // Absence is remembered for seconds, so the second time comes at once.
        for _ in 0..2 {
            let document = "query($uids: [ID!]!) { walletsByUid(uids: $uids) { uid } }";
            let reply = app.query(document, json!({ "uids": uids })).await;
            assert_eq!(reply.list("/walletsByUid").iter().filter(|w| w.is_null()).count(), MOST);
        }
    }
    let sql = app.sql_statements().await;
    let asked = sql.iter().filter(|(text, _)| text.contains("FROM \"wallets\""));
    assert_eq!(asked.map(|(_, calls)| calls).sum::<i64>(), 10, "{sql:#?}");
}

async fn given_lines(app: &TestApp, uid: &str) {
    app.given_wallet(uid, "1").await;
    for _ in 0..5 {
        app.deposit(uid, "1").await.unwrap();
    }
}
