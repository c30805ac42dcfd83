//! On a Redis Cluster of three masters, where keys live on different nodes. What holds there as
//! everywhere stands beside what holds everywhere: `tests_on! { cluster: … }`.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use tokio::time::sleep;

use crate::support::{TestApp, money, tests_on};

tests_on! {
    three_masters: PostgresCluster;
    a_list_crosses_slots,
    transfers_cross_slots,
    events_reach_other_instances,
    what_is_near_follows_other_instances,
    a_node_that_is_gone_is_told_of_and_stops_nobody,
}

/// So many that each node has some.
fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("w{number:02}")).collect()
}

/// Wallets on all nodes are read in one list, filled, and read from the cache.
async fn a_list_crosses_slots(app: TestApp) {
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
async fn transfers_cross_slots(app: TestApp) {
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
async fn events_reach_other_instances(app: TestApp) {
    let other = app.another_instance().await;
    let uid = &names(1)[0];
    app.given_wallet(uid, "1").await;
    let mut watch = other.watch_balances(&[uid]).await;
    watch.next_balances(1).await;
    app.deposit(uid, "1").await.unwrap();
    assert_eq!(watch.next_balances(1).await, [("2.00".to_owned(), 2)]);
}

/// Each master tells of its own keys: what an instance holds itself is replaced by what another
/// writes, wherever that is kept.
async fn what_is_near_follows_other_instances(app: TestApp) {
    let other = app.another_instance().await;
    let uids = names(12);
    join_all(uids.iter().map(|uid| app.given_wallet(uid, "1"))).await;
    let document = "query($uids: [ID!]!) { walletsByUid(uids: $uids) { balance } }";
    for round in 2..5 {
        // The second time from near.
        for _ in 0..2 {
            other.query(document, json!({ "uids": uids })).await;
        }
        for reply in join_all(uids.iter().map(|uid| app.deposit(uid, "1"))).await {
            reply.unwrap();
        }
        let (written, balance) = (Instant::now(), format!("{round}.00"));
        loop {
            let reply = other.query(document, json!({ "uids": uids })).await;
            if reply.each("/walletsByUid", "/balance").iter().all(|read| *read == balance) {
                break;
            }
            assert!(written.elapsed() < Duration::from_secs(1), "not {balance} yet: {reply}");
        }
    }
}

/// With a third of the slots gone, money moves and is read as it is; health says what is wrong.
async fn a_node_that_is_gone_is_told_of_and_stops_nobody(app: TestApp) {
    let uids = names(12);
    join_all(uids.iter().map(|uid| app.given_wallet(uid, "1"))).await;
    let hasty = app.another_instance_with(&["--redis-timeout", "50ms"]).await;
    app.cluster().expect("its own").kill_node(1);
    for round in 2..4 {
        for uid in &uids {
            assert_eq!(hasty.deposit(uid, "1").await.unwrap().balance(), format!("{round}.00"));
            assert_eq!(hasty.balance(uid).await, format!("{round}.00"));
        }
    }
    let started = Instant::now();
    loop {
        let (status, health) = hasty.get("/readyz").await;
        assert_eq!(status, 200, "it can still serve: {health}");
        if health.contains("degraded") {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(10), "nobody says so: {health}");
        sleep(Duration::from_millis(50)).await;
    }
    for uid in &uids {
        app.assert_ledger_chain(uid).await;
    }
}
