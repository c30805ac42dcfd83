//! The tables: made and removed again, and what they hold on to by themselves.

use sea_orm::{ConnectionTrait, Database};

use crate::support::{TestApp, on_every_backend, servers::postgres};

/// Every migration can be taken back and applied again.
async fn assert_migrations_go_both_ways(url: &str) {
    let database = Database::connect(url).await.expect("it accepts");
    for _ in 0..2 {
        migrations::up(&database).await.expect("up");
        migrations::down(&database, None).await.expect("down");
    }
}

#[tokio::test]
async fn migrations_go_both_ways_on_postgres() {
    assert_migrations_go_both_ways(&postgres::blank_database().await).await;
}

#[tokio::test]
async fn migrations_go_both_ways_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/blank.db?mode=rwc", folder.path().display());
    assert_migrations_go_both_ways(&url).await;
}

on_every_backend! {
    the_database_holds_the_rules_too,
}

/// Whatever a program does wrong, the database refuses what must never be.
async fn the_database_holds_the_rules_too(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let line = "SELECT 'TX-2', uid, type, amount, balance_before, balance_after, version, status, \
        operation_id, created_at FROM wallet_transactions";
    let columns = "(transaction_no, uid, type, amount, balance_before, balance_after, version, \
        status, operation_id, created_at)";
    for (what, sql) in [
        ("a negative balance", "UPDATE wallets SET balance = -1".to_owned()),
        ("an unknown status", "UPDATE wallets SET status = 9".to_owned()),
        (
            "a second line of one version",
            format!("INSERT INTO wallet_transactions {columns} {line}"),
        ),
        ("a negative amount", "UPDATE wallet_transactions SET amount = -1".to_owned()),
        ("an unknown type", "UPDATE wallet_transactions SET type = 'gift'".to_owned()),
    ] {
        let refused = app.database().execute_unprepared(&sql).await;
        assert!(refused.is_err(), "{what} was accepted");
    }
}
