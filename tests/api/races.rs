//! Races made on purpose: whoever fills the cache has been answered by the database, and does not
//! know it yet, while a change is committed. The cache ends with the newer value.
//!
//! Those that need no server stand in `src/loaders/tests/races`.

use std::time::{Duration, Instant};

use fred::interfaces::KeysInterface;
use serde_json::{Value, json};

use super::hot::{id, wait_for};
use crate::support::{Client, TestApp, app::Instance, proxy::Proxy, steps::fresh_key, tests_on};

tests_on! {
    redis: PostgresRedis with ["--no-refresh"];
    a_loader_is_overtaken,
    a_loader_of_a_second_instance_is_overtaken,
    a_loader_of_a_period_is_overtaken,
    a_warm_up_is_overtaken,
    a_warm_up_at_start_is_overtaken,
    a_refresh_by_hand_is_overtaken,
    the_refresher_of_wallets_is_overtaken,
    the_refresher_of_hot_data_is_overtaken,
}

tests_on! {
    cluster: PostgresCluster with ["--no-refresh"];
    a_loader_is_overtaken,
    a_loader_of_a_second_instance_is_overtaken,
    a_loader_of_a_period_is_overtaken,
    a_warm_up_is_overtaken,
    a_warm_up_at_start_is_overtaken,
    a_refresh_by_hand_is_overtaken,
    the_refresher_of_wallets_is_overtaken,
    the_refresher_of_hot_data_is_overtaken,
}

const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AFTER: &str = "errors { code } affectedKeys";
const ORDERS: &str = "{ ordersByPeriod(periodNumber: \"20241201_001\") {
    edges { node { orderNo status source } } } }";

impl TestApp {
    /// An instance whose database may be slow to answer, and what makes it so.
    async fn slow_instance(&self, flags: &[&str]) -> (Instance, Proxy) {
        let proxy = Proxy::to(self.database_port()).await;
        (self.an_instance_through(proxy.port(), flags).await, proxy)
    }

    /// A wallet that holds 5.00, and is not cached.
    async fn given_uncached(&self, uid: &str) {
        self.given_wallet(uid, "5").await;
        look_after(self, "invalidateCache", json!({ "walletUids": [uid] })).await;
    }

    /// The cache holds this of a wallet, and every instance reads it.
    async fn assert_ends_with(&self, uid: &str, balance: &str, clients: &[&Client]) {
        let cached: String = self.cache().await.get(format!("wallet_balance_{uid}")).await.unwrap();
        assert!(cached.contains(&format!("\"balance\":{balance},")), "not {balance}: {cached}");
        for client in clients {
            // Who was not told of the change by its own hand may be told a moment later.
            until(client, &format!("{{ wallet(uid: \"{uid}\") {{ balance }} }}"), |reply| {
                reply["wallet"]["balance"] == balance
            })
            .await;
        }
    }
}

async fn look_after(client: &Client, mutation: &str, target: Value) {
    let input = json!({ "idempotencyKey": fresh_key(), "target": target });
    client.change(mutation, "CacheInput", LOOK_AFTER, input).await.expect("it is done");
}

async fn until(client: &Client, document: &str, holds: impl Fn(&Value) -> bool) {
    let started = Instant::now();
    loop {
        let reply = client.query(document, json!({})).await;
        if holds(reply.data("")) {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "still {reply}");
        tokio::task::yield_now().await;
    }
}

/// The loader and the write are of one instance.
async fn a_loader_is_overtaken(app: TestApp) {
    let (slow, proxy) = app.slow_instance(&["--no-refresh"]).await;
    app.given_uncached("ann").await;
    let held = proxy.hold("ann");
    tokio::join!(slow.balance("ann"), async {
        held.is_here().await;
        slow.deposit("ann", "2").await.unwrap();
        held.let_go();
    });
    app.assert_ends_with("ann", "7.00", &[&app, &slow]).await;
}

/// The loader is of one instance, and the write of another.
async fn a_loader_of_a_second_instance_is_overtaken(app: TestApp) {
    let (slow, proxy) = app.slow_instance(&["--no-refresh"]).await;
    app.given_uncached("ann").await;
    let held = proxy.hold("ann");
    tokio::join!(slow.balance("ann"), async {
        held.is_here().await;
        app.deposit("ann", "2").await.unwrap();
        held.let_go();
    });
    app.assert_ends_with("ann", "7.00", &[&app, &slow]).await;
}

/// An order is changed, another made, while a period is read that nobody read before.
async fn a_loader_of_a_period_is_overtaken(app: TestApp) {
    let (slow, proxy) = app.slow_instance(&["--no-refresh"]).await;
    app.given_wallet("ann", "5").await;
    let first = app.given_order("ann", "1").await;
    let held = proxy.hold(&first);
    tokio::join!(slow.query(ORDERS, json!({})), async {
        held.is_here().await;
        app.update_order(&first, "PAID").await.unwrap();
        app.given_order("ann", "1").await;
        held.let_go();
    });
    for client in [&*app, &*slow] {
        until(client, ORDERS, |reply| {
            let orders: Vec<_> = reply["ordersByPeriod"]["edges"]
                .as_array()
                .unwrap()
                .iter()
                .map(|o| &o["node"])
                .collect();
            assert!(orders.iter().all(|order| order["orderNo"].is_string()), "{reply}");
            let statuses: Vec<_> = orders.iter().map(|order| &order["status"]).collect();
            let is_cached = orders.iter().all(|order| order["source"] == "CACHE");
            assert!(!is_cached || statuses == ["PAID", "PENDING"], "it passes for all: {reply}");
            is_cached && statuses == ["PAID", "PENDING"]
        })
        .await;
    }
}

/// By hand.
async fn a_warm_up_is_overtaken(app: TestApp) {
    // The wallet itself, and then its ledger.
    for (uid, answer) in [("ann", "PHP"), ("bob", "recharge")] {
        let (slow, proxy) = app.slow_instance(&["--no-refresh"]).await;
        app.given_uncached(uid).await;
        let held = proxy.hold(answer);
        let warm = look_after(&slow, "warmCache", json!({ "walletUids": [uid] }));
        tokio::join!(warm, async {
            held.is_here().await;
            app.deposit(uid, "2").await.unwrap();
            held.let_go();
        });
        app.assert_ends_with(uid, "7.00", &[&app, &slow]).await;
        assert_newest_line(&app, uid, "2.00").await;
    }
}

/// The newest line of a ledger, as the cache has it.
async fn assert_newest_line(client: &Client, uid: &str, amount: &str) {
    let document = "query($uid: ID!) { wallet(uid: $uid) {
        transactions(first: 1) { edges { node { amount } } } } }";
    for _ in 0..2 {
        let reply = client.query(document, json!({ "uid": uid })).await;
        assert_eq!(reply.text("/wallet/transactions/edges/0/node/amount"), amount, "{reply}");
    }
}

/// Of wallets that changed last.
async fn a_warm_up_at_start_is_overtaken(app: TestApp) {
    app.given_uncached("ann").await;
    let proxy = Proxy::to(app.database_port()).await;
    let held = proxy.hold("PHP");
    let flags = ["--no-refresh", "--warm-wallets", "10"];
    let (slow, ()) = tokio::join!(app.an_instance_through(proxy.port(), &flags), async {
        held.is_here().await;
        app.deposit("ann", "2").await.unwrap();
        held.let_go();
    });
    app.assert_ends_with("ann", "7.00", &[&app, &slow]).await;
}

/// What is cached already is read anew.
async fn a_refresh_by_hand_is_overtaken(app: TestApp) {
    let (slow, proxy) = app.slow_instance(&["--no-refresh"]).await;
    app.given_wallet("ann", "5").await;
    let held = proxy.hold("PHP");
    let refresh = look_after(&slow, "refreshCache", json!({ "walletUids": ["ann"] }));
    tokio::join!(refresh, async {
        held.is_here().await;
        app.deposit("ann", "2").await.unwrap();
        held.let_go();
    });
    app.assert_ends_with("ann", "7.00", &[&app, &slow]).await;
}

/// A wallet is edited by hand; while the refresher reads it, it is paid.
async fn the_refresher_of_wallets_is_overtaken(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let (slow, proxy) = app.slow_instance(&[]).await;
    // Notes of changes say nothing of currencies.
    let held = proxy.hold("XTS");
    app.tamper("UPDATE wallets SET currency = 'XTS' WHERE uid = 'ann'").await;
    held.is_here().await;
    app.deposit("ann", "2").await.unwrap();
    held.let_go();
    app.assert_ends_with("ann", "7.00", &[&app, &slow]).await;
    assert_refresher_goes_on(&app, &slow).await;
    app.assert_ends_with("ann", "7.00", &[&app, &slow]).await;
}

/// A merchant is changed again, and brought to the cache by somebody else, while the refresher reads
/// it.
async fn the_refresher_of_hot_data_is_overtaken(app: TestApp) {
    let (slow, proxy) = app.slow_instance(&[]).await;
    app.tamper("INSERT INTO merchants (id, name) VALUES (1, 'One')").await;
    wait_for(&slow, "Merchant:1", Some("One")).await;
    let held = proxy.hold("Uno");
    app.tamper("UPDATE merchants SET name = 'Uno' WHERE id = 1").await;
    held.is_here().await;
    app.tamper("UPDATE merchants SET name = 'Due' WHERE id = 1").await;
    look_after(&app, "refreshCache", json!({ "hotData": "MERCHANT" })).await;
    held.let_go();
    assert_refresher_goes_on(&app, &slow).await;
    let cached: String = app.cache().await.get("merchant:1").await.unwrap();
    assert!(cached.contains("\"Due\""), "{cached}");
    for client in [&*app, &*slow] {
        let reply = client
            .query(
                "query($id: ID!) { node(id: $id) { ... on HotRecord { name } } }",
                id("Merchant:1"),
            )
            .await;
        assert_eq!(reply.text("/node/name"), "Due", "{reply}");
    }
}

/// What was noted before this is seen to.
async fn assert_refresher_goes_on(app: &TestApp, slow: &Client) {
    app.tamper("INSERT INTO merchants (id, name) VALUES (9, 'Nine')").await;
    wait_for(slow, "Merchant:9", Some("Nine")).await;
}
