//! The same on a Redis Cluster of three masters, where keys live on different nodes.

use futures::future::join_all;
use serde_json::json;
use ulid::Ulid;

use crate::support::{Backend, TestApp, money};

/// Names that no other test uses: the cluster is shared.
fn names(count: usize) -> Vec<String> {
    let run = Ulid::new();
    (0..count).map(|number| format!("{run}-{number:02}")).collect()
}

/// Wallets on all nodes are read in one list, filled, and read from the cache.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_crosses_slots() {
    let app = TestApp::start_on(Backend::PostgresCluster).await;
    let uids = names(20);
    join_all(uids.iter().map(|uid| app.given_wallet(uid, "5"))).await;
    let document = "query($uids: [ID!]!) { walletsByUid(uids: $uids) {
        balance source transactions(first: 1) { edges { node { amount } } } } }";
    app.query(document, json!({ "uids": uids })).await;
    let warm = app.query(document, json!({ "uids": uids })).await;
    assert_eq!(warm.each("/walletsByUid", "/balance"), ["5.00"; 20], "{warm}");
    assert_eq!(warm.each("/walletsByUid", "/source"), ["CACHE"; 20], "{warm}");
}

/// Transfers lock wallets on different nodes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transfers_cross_slots() {
    let app = TestApp::start_on(Backend::PostgresCluster).await;
    let uids = names(6);
    join_all(uids.iter().map(|uid| app.given_wallet(uid, "100"))).await;
    let pairs = (0..30).map(|n| (&uids[n % 6], &uids[(n * 5 + 1) % 6])).filter(|(a, b)| a != b);
    let replies = join_all(pairs.map(|(from, to)| app.transfer(from, to, "1"))).await;
    assert!(replies.iter().all(Result::is_ok), "{replies:?}");
    let mut sum = money("0");
    for uid in &uids {
        app.assert_ledger_chain(uid).await;
        let stored = app.stored_balance(uid).await;
        assert_eq!(app.balance(uid).await, stored.to_string());
        sum = sum.checked_add(stored).unwrap();
    }
    assert_eq!(sum, money("600"));
}

/// A change on one instance reaches who watches on another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_reach_other_instances() {
    let app = TestApp::start_on(Backend::PostgresCluster).await;
    let other = app.another_instance().await;
    let uid = &names(1)[0];
    app.given_wallet(uid, "1").await;
    let mut watch = other.watch_balances(&[uid]).await;
    watch.next_balances(1).await;
    app.deposit(uid, "1").await.unwrap();
    assert_eq!(watch.next_balances(1).await, [("2.00".to_owned(), 2)]);
}
