//! Wallets and orders that somebody edits by hand.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::hot::{BY_POLLING, SLACK};
use crate::support::{
    Backend, Client, Reply, TestApp, money, on_every_backend, steps::fresh_key, tests_on,
};

on_every_backend! {
    a_wallet_edited_by_hand_is_read_as_it_is,
    the_audit_names_what_no_line_explains,
    orders_edited_by_hand_are_listed_as_they_are,
    an_order_that_is_put_back_is_listed_as_it_is,
    emptied_tables_are_empty,
}

tests_on! {
    cluster: PostgresCluster;
    a_wallet_edited_by_hand_is_read_as_it_is,
    orders_edited_by_hand_are_listed_as_they_are,
    an_order_that_is_put_back_is_listed_as_it_is,
    emptied_tables_are_empty,
}

const PERIOD: &str = "20241201_001";

/// Asks until the answer is as expected; how long that took.
async fn wait_until(client: &Client, document: &str, holds: impl Fn(&Reply) -> bool) -> Duration {
    let started = Instant::now();
    loop {
        let reply = client.query(document, json!({})).await;
        if holds(&reply) {
            return started.elapsed();
        }
        assert!(started.elapsed() < Duration::from_secs(15), "still {reply}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Balance and status are answered as they are now, on every instance, and go on from there.
async fn a_wallet_edited_by_hand_is_read_as_it_is(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let other = app.another_instance().await;
    for client in [&*app, &*other] {
        assert_eq!(client.balance("ann").await, "5.00");
    }
    app.tamper("UPDATE wallets SET balance = 70000 WHERE uid = 'ann'").await;
    let document = "{ wallet(uid: \"ann\") { balance version } }";
    let edited = json!({ "balance": "7.00", "version": 2 });
    for client in [&*app, &*other] {
        let took = wait_until(client, document, |reply| reply.data("/wallet") == &edited).await;
        assert!(took < BY_POLLING + SLACK, "it took {took:?}");
    }
    let done = app.withdraw("ann", "1").await.unwrap();
    assert_eq!((done.balance(), done.version()), ("6.00", 3), "{done:?}");
    assert_eq!(app.stored_balance("ann").await, money("6"));

    app.tamper("UPDATE wallets SET status = 0 WHERE uid = 'ann'").await;
    let status = "{ wallet(uid: \"ann\") { status } }";
    wait_until(&other, status, |reply| reply.text("/wallet/status") == "FROZEN").await;
    app.tamper("DELETE FROM wallets WHERE uid = 'ann'").await;
    wait_until(&app, document, |reply| reply.data("/wallet").is_null()).await;
}

/// Money that came from nowhere is seen, and does not pass for money that was moved.
async fn the_audit_names_what_no_line_explains(app: TestApp) {
    app.given_wallet("ann", "5").await;
    app.tamper("UPDATE wallets SET balance = 70000 WHERE uid = 'ann'").await;
    let output = app.audit().await;
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("FOUND wallet ann holds 7.00, its ledger says 5.00"), "{report}");
    assert!(report.contains("FOUND wallet ann is at version 2, its ledger at 1"), "{report}");
}

/// A period's list follows its orders: changed, added, moved and deleted.
async fn orders_edited_by_hand_are_listed_as_they_are(app: TestApp) {
    app.given_orders("ann", PERIOD, 3).await;
    let document = format!(
        "{{ ordersByPeriod(periodNumber: \"{PERIOD}\") {{ edges {{ node {{ orderNo status }} }} }} }}"
    );
    let orders = |reply: &Reply| -> Vec<Value> {
        reply.list("/ordersByPeriod/edges").iter().map(|edge| edge["node"].clone()).collect()
    };
    let statuses = |reply: &Reply| -> Vec<String> {
        orders(reply).iter().map(|order| order["status"].as_str().unwrap().to_owned()).collect()
    };
    wait_until(&app, &document, |reply| orders(reply).len() == 3).await;
    let first = format!("ORDER_{PERIOD}_0001");
    app.tamper(&format!("UPDATE orders SET status = 'completed' WHERE order_no = '{first}'")).await;
    let took = wait_until(&app, &document, |reply| statuses(reply)[0] == "COMPLETED").await;
    assert!(took < BY_POLLING + SLACK, "it took {took:?}");

    app.tamper(&format!(
        "INSERT INTO orders (order_no, uid, period_number, amount, expire_time)
         SELECT 'ORDER_X', uid, period_number, amount, '2099-01-01T00:00:00+00:00'
         FROM orders WHERE order_no = '{first}'"
    ))
    .await;
    wait_until(&app, &document, |reply| orders(reply).len() == 4).await;
    app.tamper("UPDATE orders SET period_number = '20241201_002' WHERE order_no = 'ORDER_X'").await;
    wait_until(&app, &document, |reply| orders(reply).len() == 3).await;
    let count = "{ orderCount(periodNumber: \"20241201_002\") }";
    wait_until(&app, count, |reply| reply.data("/orderCount") == 1).await;
    app.tamper(&format!("DELETE FROM orders WHERE order_no = '{first}'")).await;
    wait_until(&app, &document, |reply| orders(reply).len() == 2).await;
}

/// A restore replaces an order by what it was, or brings back one that was deleted; what is cached
/// is newer than that.
async fn an_order_that_is_put_back_is_listed_as_it_is(app: TestApp) {
    app.given_wallet("ann", "100").await;
    let (paid, deleted) = (app.given_order("ann", "1").await, app.given_order("ann", "2").await);
    app.update_order(&deleted, "CANCELLED").await.unwrap();
    app.tamper("CREATE TABLE backup AS SELECT * FROM orders").await;
    app.update_order(&paid, "PAID").await.unwrap();
    app.delete_order_once(&fresh_key(), &deleted).await.unwrap();
    let document = format!(
        "{{ ordersByPeriod(periodNumber: \"{PERIOD}\") {{ edges {{ node {{ status source }} }} }} }}"
    );
    let edges = "/ordersByPeriod/edges";
    let are = |reply: &Reply, statuses: &[&str]| {
        let is_cached = reply.each(edges, "/node/source").iter().all(|source| *source == "CACHE");
        is_cached && reply.each(edges, "/node/status") == statuses
    };
    wait_until(&app, &document, |reply| are(reply, &["PAID"])).await;
    app.tamper("DELETE FROM orders; INSERT INTO orders SELECT * FROM backup").await;
    wait_until(&app, &document, |reply| are(reply, &["PENDING", "CANCELLED"])).await;
}

/// Where a table is emptied, whatever the statement, nothing of it is shown any longer.
async fn emptied_tables_are_empty(app: TestApp) {
    app.given_wallet("ann", "5").await;
    app.given_orders("ann", PERIOD, 3).await;
    let document =
        format!("{{ wallet(uid: \"ann\") {{ balance }} orderCount(periodNumber: \"{PERIOD}\") }}");
    wait_until(&app, &document, |reply| reply.data("/orderCount") == 3).await;
    app.tamper(match app.database().get_database_backend() {
        DbBackend::Postgres => "TRUNCATE wallets, orders CASCADE",
        _ => "DELETE FROM orders; DELETE FROM wallet_transactions; DELETE FROM wallets",
    })
    .await;
    let is_empty = json!({ "wallet": null, "orderCount": 0 });
    let took = wait_until(&app, &document, |reply| reply.data("") == &is_empty).await;
    assert!(took < BY_POLLING + SLACK, "it took {took:?}");
}

/// What the service does itself is not noted: it costs nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_changes_are_not_noted() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_wallet("ann", "5").await;
    let order = app.given_order("ann", "1").await;
    app.update_order(&order, "CANCELLED").await.unwrap();
    app.set_status(&["ann"], "FROZEN").await.unwrap();
    let sql = "SELECT count(*) AS notes FROM row_changes";
    let statement = Statement::from_string(app.database().get_database_backend(), sql);
    let row = app.database().query_one_raw(statement).await.unwrap().unwrap();
    assert_eq!(row.try_get::<i64>("", "notes").unwrap(), 0);
}
