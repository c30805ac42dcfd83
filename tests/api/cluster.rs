//! On a Redis Cluster of three masters, where keys live on different nodes. What holds there as
//! everywhere stands beside what holds everywhere: `tests_on! { cluster: … }`.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use tokio::time::sleep;

use crate::support::{Reply, TestApp, money, tests_on};

tests_on! {
    three_masters: PostgresCluster;
    a_list_crosses_slots,
    transfers_cross_slots,
    events_reach_other_instances,
    what_is_near_follows_other_instances,
    a_node_that_is_gone_is_told_of_and_stops_nobody,
    a_node_that_hung_shows_nothing_old,
}

/// How long until what could not be written is made good, on a busy machine.
const MADE_GOOD: Duration = Duration::from_secs(10);

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

/// What a node held when it began to hang is not read by who changed it meanwhile, and by nobody once
/// that was made good.
async fn a_node_that_hung_shows_nothing_old(app: TestApp) {
    let hasty = ["--redis-timeout", "50ms"];
    let (ours, theirs) =
        (app.another_instance_with(&hasty).await, app.another_instance_with(&hasty).await);
    let uids = names(12);
    join_all(uids.iter().map(|uid| app.given_wallet(uid, "1"))).await;
    let document = "query($uids: [ID!]!) { walletsByUid(uids: $uids) { balance } }";
    for node in 0..3 {
        for instance in [&ours, &theirs] {
            instance.query(document, json!({ "uids": uids })).await;
        }
        let cluster = app.cluster().expect("its own");
        cluster.pause_node(node);
        for reply in join_all(uids.iter().map(|uid| ours.deposit(uid, "1"))).await {
            reply.unwrap();
        }
        let balance = format!("{}.00", node + 2);
        let all_are = |reply: &Reply| {
            reply.each("/walletsByUid", "/balance").iter().all(|read| *read == balance)
        };
        let read = ours.query(document, json!({ "uids": uids })).await;
        assert!(all_are(&read), "not {balance}, while node {node} hangs: {read}");
        cluster.resume_node(node);
        let (resumed, mut right) = (Instant::now(), 0);
        while right < 20 {
            let read = ours.query(document, json!({ "uids": uids })).await;
            assert!(all_are(&read), "not {balance}, as node {node} goes on: {read}");
            let read = theirs.query(document, json!({ "uids": uids })).await;
            right = if all_are(&read) { right + 1 } else { 0 };
            assert!(resumed.elapsed() < MADE_GOOD, "not {balance} elsewhere yet: {read}");
            sleep(Duration::from_millis(20)).await;
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
