//! The cache is shared with services in other languages: names and JSON are a contract.

use fred::interfaces::KeysInterface;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use crate::support::{Backend, TestApp};

const LINES: &str = "query($uid: ID!) { wallet(uid: $uid) { transactions(first: 5) {
    edges { node { transactionNo type amount balanceAfter createdAt } } } } }";
const EDGES: &str = "/wallet/transactions/edges";

/// Entries as a Go service writes them.
#[derive(Deserialize)]
struct Entry<'a> {
    key: String,
    #[serde(borrow)]
    value: &'a RawValue,
}

async fn an_app_beside_a_go_service() -> TestApp {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    let entries: Vec<Entry<'_>> =
        serde_json::from_str(include_str!("fixtures/go-service.json")).expect("a valid fixture");
    let cache = app.cache().await;
    for entry in entries {
        let set = cache.set::<(), _, _>(entry.key, entry.value.get(), None, None, false);
        set.await.expect("Redis takes it");
    }
    app
}

/// Wallets that a Go service cached are read: short and scientific numbers, offsets and
/// nanoseconds, fields that we do not know, and none that we would like.
#[tokio::test]
async fn wallets_of_a_go_service_are_read() {
    let app = an_app_beside_a_go_service().await;
    let document = "{ walletsByUid(uids: [\"go-1\", \"go-2\", \"go-3\"]) {
        uid balance status currency version source updatedAt } }";
    let reply = app.query(document, json!({})).await;
    let balances = ["1000.50", "1000.00", "123456789012345.1234"];
    assert_eq!(reply.each("/walletsByUid", "/balance"), balances, "{reply}");
    assert_eq!(reply.each("/walletsByUid", "/status"), ["ACTIVE", "FROZEN", "CLOSED"], "{reply}");
    assert_eq!(reply.each("/walletsByUid", "/currency"), ["PHP", "USD", "PHP"], "{reply}");
    assert_eq!(reply.each("/walletsByUid", "/source"), ["CACHE"; 3], "{reply}");
    assert_eq!(reply.data("/walletsByUid/1/version"), 7, "{reply}");
    let updated = reply.text("/walletsByUid/0/updatedAt");
    assert!(updated.starts_with("2024-12-01T01:30:00.123456"), "{reply}");
}

/// So are the ledger lines that it cached.
#[tokio::test]
async fn ledger_lines_of_a_go_service_are_read() {
    let app = an_app_beside_a_go_service().await;
    let reply = app.query(LINES, json!({ "uid": "go-2" })).await;
    assert_eq!(reply.each(EDGES, "/node/transactionNo"), ["GO-2", "GO-1"], "{reply}");
    assert_eq!(reply.each(EDGES, "/node/amount"), ["-0.10", "1000.10"], "{reply}");
    assert_eq!(reply.each(EDGES, "/node/type"), ["WITHDRAW", "RECHARGE"], "{reply}");
}

/// Lines without versions say nothing of what they lack: the database answers.
#[tokio::test]
async fn ledger_lines_without_versions_are_not_relied_on() {
    let app = an_app_beside_a_go_service().await;
    app.given_wallet("ann", "5").await;
    let reply = app.query(LINES, json!({ "uid": "ann" })).await;
    assert_eq!(reply.each(EDGES, "/node/amount"), ["5.00"], "{reply}");
}

/// What we cache has the names, the exact numbers and the times that they read.
#[tokio::test]
async fn our_entries_are_what_a_go_service_reads() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_wallet("ann", "123456789012345.1234").await;
    app.query("{ wallet(uid: \"ann\") { balance transactions { edges { cursor } } } }", json!({}))
        .await;
    let cache = app.cache().await;
    let wallet: String = cache.get("wallet_balance_ann").await.expect("it is cached");
    assert!(wallet.contains(r#""balance":123456789012345.1234,"#), "an exact number: {wallet}");
    assert!(wallet.contains(r#""status":1"#), "an integer: {wallet}");
    let row: Value = serde_json::from_str(&wallet).expect("plain JSON");
    for field in ["uid", "currency", "version", "created_at", "updated_at"] {
        assert!(row.get(field).is_some(), "no {field} in {wallet}");
    }
    let lines: String = cache.get("wallet_transactions_ann").await.expect("they are cached");
    assert!(lines.starts_with("[{"), "an array: {lines}");
    assert!(lines.contains(r#""type":"recharge""#), "{lines}");
    for key in ["wallet_balance_ann", "wallet_transactions_ann"] {
        let seconds: i64 = cache.ttl(key).await.expect("it is there");
        assert!((1..=33 * 60).contains(&seconds), "{key} is kept for {seconds} s");
    }
}

/// An entry that cannot be read is a miss, and is replaced by a good one.
#[tokio::test]
async fn a_broken_entry_is_a_miss() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_wallet("ann", "5").await;
    let cache = app.cache().await;
    for broken in ["", "{", "null", "[]", r#"{"uid":"ann","balance":0.30000000000000004}"#] {
        let set = cache.set::<(), _, _>("wallet_balance_ann", broken, None, None, false);
        set.await.expect("Redis takes it");
        assert_eq!(app.balance("ann").await, "5.00", "with {broken:?} in the cache");
    }
}

/// A value that is older than the cache's does not replace it, whoever brings it.
#[tokio::test]
async fn an_older_value_does_not_replace_a_newer_one() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_wallet("ann", "5").await;
    app.deposit("ann", "1").await.unwrap();
    let cache = app.cache().await;
    let newer: String = cache.get("wallet_balance_ann").await.expect("it is cached");
    let newest = newer.replace(r#""version":2"#, r#""version":9"#).replace("6.00", "9.00");
    let set = cache.set::<(), _, _>("wallet_balance_ann", newest, None, None, false);
    set.await.expect("Redis takes it");
    app.query("{ wallet(uid: \"ann\", consistency: LATEST) { balance } }", json!({})).await;
    let kept: String = cache.get("wallet_balance_ann").await.expect("it is cached");
    assert!(kept.contains(r#""version":9"#), "a fill of version 2 replaced version 9: {kept}");
}

/// A wallet that another service writes without a version is read as it is, is not enough for who
/// knows better, and is replaced by the next change.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_without_a_version_is_older_than_anything() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_wallet("ann", "5").await;
    let cache = app.cache().await;
    let ours: String = cache.get("wallet_balance_ann").await.expect("it is cached");
    let theirs = ours.replace("5.00", "777.00").replace(r#""version":1,"#, "");
    assert!(!theirs.contains("version"), "{theirs}");
    let set = cache.set::<(), _, _>("wallet_balance_ann", theirs.as_str(), None, None, false);
    set.await.expect("Redis takes it");
    // A moment later for an instance that holds the row itself: Redis tells it.
    let started = std::time::Instant::now();
    while app.balance("ann").await != "777.00" {
        assert!(started.elapsed().as_secs() < 10, "what another service wrote is never read");
    }
    let known = "{ wallet(uid: \"ann\", minVersion: 1) { balance source } }";
    let reply = app.query(known, json!({})).await;
    assert_eq!(reply.text("/wallet/balance"), "5.00", "{reply}");
    let set = cache.set::<(), _, _>("wallet_balance_ann", theirs, None, None, false);
    set.await.expect("Redis takes it");
    app.deposit("ann", "1").await.unwrap();
    assert_eq!(app.balance("ann").await, "6.00");
    let kept: String = cache.get("wallet_balance_ann").await.expect("it is cached");
    assert!(kept.contains(r#""version":2"#), "{kept}");
}

/// A version that no database ever had does not outlive the next change.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_never_was_is_removed_by_a_change() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_wallet("ann", "5").await;
    let cache = app.cache().await;
    let ours: String = cache.get("wallet_balance_ann").await.expect("it is cached");
    let forged = ours.replace("5.00", "777.00").replace(r#""version":1,"#, r#""version":1000000,"#);
    let set = cache.set::<(), _, _>("wallet_balance_ann", forged, None, None, false);
    set.await.expect("Redis takes it");
    app.deposit("ann", "1").await.unwrap();
    assert_eq!(app.balance("ann").await, "6.00");
    let kept: String = cache.get("wallet_balance_ann").await.expect("it is cached");
    assert!(kept.contains(r#""version":2"#), "{kept}");
}
