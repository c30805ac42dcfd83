//! What a list costs, counted at the databases' own doors.

use futures::future::join_all;
use serde_json::json;

use crate::support::{Backend, TestApp};

const DOCUMENT: &str = "query($uids: [ID!]!) { walletsByUid(uids: $uids) {
    uid balance transactions(first: 5) { edges { node { amount } } } } }";

/// A hundred wallets with their last five transactions: two commands to Redis and no SQL when
/// warm; two statements and two fills when cold.
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
    let warm = app.query(DOCUMENT, variables).await;
    assert_eq!(warm.body, cold.body, "warm and cold answers differ");
    assert_eq!(app.sql_statements().await, [], "warm");
    let commands = app.redis_commands().await;
    assert_eq!(commands.values().sum::<u64>(), 2, "warm: {commands:?}");
}

async fn given_lines(app: &TestApp, uid: &str) {
    app.given_wallet(uid, "1").await;
    for _ in 0..5 {
        app.deposit(uid, "1").await.unwrap();
    }
}
