//! `wallet-bff audit` finds what was changed behind the service's back.

use fred::prelude::*;

use crate::support::{Backend, TestApp, on_every_backend, steps::fresh_key, writes::item};

on_every_backend! {
    a_busy_ledger_is_clean,
    a_wrong_balance_is_found,
    a_missing_line_is_found,
    a_wrong_before_is_found,
    an_operation_without_lines_is_found,
    a_line_without_an_operation_is_found,
    a_double_refund_is_found,
    an_order_that_was_not_given_back_is_found,
}

impl TestApp {
    /// Some of everything.
    async fn given_business(&self) {
        self.given_wallet("ann", "10").await;
        self.given_wallet("bob", "10").await;
        self.transfer("ann", "bob", "1").await.unwrap();
        self.batch_once(&fresh_key(), &[item("ADD", "ann", "2"), item("WITHDRAW", "bob", "1")])
            .await
            .unwrap();
        self.withdraw("ann", "1000").await.unwrap_err();
        let order = self.given_order("ann", "2").await;
        self.update_order(&order, "CANCELLED").await.unwrap();
        self.given_order("bob", "2").await;
        self.set_status(&["bob"], "FROZEN").await.unwrap();
    }

    async fn assert_found(&self, sql: &[&str], finding: &str) {
        self.given_business().await;
        for sql in sql {
            assert!(self.tamper(sql).await > 0, "{sql} changes nothing");
        }
        let output = self.audit().await;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let report = String::from_utf8_lossy(&output.stdout);
        let found = report.lines().any(|line| line.starts_with("FOUND") && line.contains(finding));
        assert!(found, "no {finding:?} in\n{report}");
    }
}

/// What the service did is as it should be, and the report says how much that was.
async fn a_busy_ledger_is_clean(app: TestApp) {
    app.given_business().await;
    let output = app.audit().await;
    assert!(output.status.success(), "{output:?}");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("2 wallets, 10 ledger lines, 11 operations, 2 orders"), "{report}");
    assert!(report.contains("wallets hold 19.00") && report.ends_with("clean\n"), "{report}");
}

/// A balance that no line explains.
async fn a_wrong_balance_is_found(app: TestApp) {
    let sql = "UPDATE wallets SET balance = balance + 1 WHERE uid = 'ann'";
    app.assert_found(&[sql], "wallet ann holds 11.0001, its ledger says 11.00").await;
}

/// A line that is gone leaves a gap.
async fn a_missing_line_is_found(app: TestApp) {
    let sql = "DELETE FROM wallet_transactions WHERE uid = 'ann' AND version = 2";
    app.assert_found(&[sql], "of ann at version 3 follows version 1").await;
}

/// A line that does not begin where the one before ended.
async fn a_wrong_before_is_found(app: TestApp) {
    let sql = "UPDATE wallet_transactions SET balance_before = balance_before + 10000,
        balance_after = balance_after + 10000 WHERE uid = 'bob' AND version = 2";
    app.assert_found(&[sql], "of bob at version 2 finds 11.00, and the line before left 10.00")
        .await;
}

/// A change that was answered, and that the ledger does not know.
async fn an_operation_without_lines_is_found(app: TestApp) {
    let sql = "DELETE FROM wallet_transactions WHERE uid = 'ann' AND version = 1";
    app.assert_found(&[sql], "(deposit) was done, and has no ledger line").await;
}

/// Money that nobody asked to move.
async fn a_line_without_an_operation_is_found(app: TestApp) {
    let sql = "DELETE FROM operations WHERE kind = 'transfer'";
    app.assert_found(&[sql], "which is not recorded").await;
}

/// An order's money given back again, with a chain that adds up.
async fn a_double_refund_is_found(app: TestApp) {
    let again = "INSERT INTO wallet_transactions (transaction_no, uid, type, amount,
            balance_before, balance_after, version, operation_id, order_no)
        SELECT 'TX-AGAIN', uid, type, amount, balance_after, balance_after + amount, version + 1,
            'elsewhere', order_no FROM wallet_transactions WHERE type = 'refund'";
    let balance = "UPDATE wallets SET balance = balance + 20000, version = version + 1
        WHERE uid = 'ann'";
    app.assert_found(&[again, balance], "was paid, or given back, more than once").await;
}

/// An order that says it was given back, and was not.
async fn an_order_that_was_not_given_back_is_found(app: TestApp) {
    let sql = "UPDATE orders SET status = 'expired' WHERE status = 'pending'";
    app.assert_found(&[sql], "is Expired, and its money was not given back").await;
}

/// A cached wallet that says something else than the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_cache_entry_is_found() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_business().await;
    let redis = app.cache().await;
    let cached: String = redis.get("wallet_balance_ann").await.unwrap();
    let stale = cached.replace("\"balance\":11", "\"balance\":99");
    assert_ne!(cached, stale);
    let _: () = redis.set("wallet_balance_ann", stale, None, None, false).await.unwrap();
    let output = app.audit().await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("FOUND wallet ann is cached at version 5 with 99.00"), "{report}");
}

/// What is cached cannot be clean while nobody can look: that is a failure, and no report.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_without_its_redis_fails() {
    let mut app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_business().await;
    app.redis().kill();
    let output = app.audit().await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("--redis-url"), "{output:?}");
}
