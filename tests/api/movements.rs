//! Opening wallets and moving money.

use futures::future::join_all;
use serde_json::json;

use crate::support::{Backend, TestApp, money, on_every_backend, servers::postgres, tests_on};

on_every_backend! {
    concurrent_withdrawals_conserve_money,
    concurrent_deposits_all_count,
    transfers_both_ways_do_not_deadlock,
    a_transfer_moves_from_one_to_the_other,
    a_change_is_read_at_once,
    a_change_shows_in_a_ledger_that_is_cached,
    refusals_have_codes,
    insufficient_funds_say_how_much,
    opening_twice_is_opening_once,
}

tests_on! {
    cluster: PostgresCluster;
    concurrent_withdrawals_conserve_money,
    transfers_both_ways_do_not_deadlock,
    a_change_is_read_at_once,
    a_change_shows_in_a_ledger_that_is_cached,
}

/// Twenty clients race for ten withdrawals' worth of money: ten are paid.
async fn concurrent_withdrawals_conserve_money(app: TestApp) {
    app.given_wallet("ann", "100").await;
    let replies = join_all((0..20).map(|_| app.withdraw("ann", "10"))).await;
    assert_eq!(replies.iter().filter(|r| r.is_ok()).count(), 10, "{replies:?}");
    let refused = replies.iter().filter_map(|r| r.as_ref().err());
    assert!(refused.clone().all(|r| r.code == "INSUFFICIENT_FUNDS"), "{replies:?}");
    assert_eq!(app.stored_balance("ann").await, money("0"));
    app.assert_ledger_chain("ann").await;
}

/// Each of many concurrent deposits is there, once, in a dense chain.
async fn concurrent_deposits_all_count(app: TestApp) {
    app.given_wallet("ann", "0").await;
    let replies = join_all((0..50).map(|_| app.deposit("ann", "0.01"))).await;
    let mut versions: Vec<_> = replies.iter().map(|r| r.as_ref().unwrap().version()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=50).collect::<Vec<_>>(), "each has its own version");
    assert_eq!(app.stored_balance("ann").await, money("0.5"));
    app.assert_ledger_chain("ann").await;
}

/// Two wallets pay each other at once, both ways, again and again: nobody waits for ever,
/// and no money appears or is lost.
async fn transfers_both_ways_do_not_deadlock(app: TestApp) {
    app.given_wallet("ann", "100").await;
    app.given_wallet("bob", "100").await;
    let both =
        (0..20).flat_map(|_| [app.transfer("ann", "bob", "3"), app.transfer("bob", "ann", "2")]);
    let replies = join_all(both).await;
    assert!(replies.iter().all(Result::is_ok), "{replies:?}");
    assert_eq!(app.stored_balance("ann").await, money("80"));
    assert_eq!(app.stored_balance("bob").await, money("120"));
    for uid in ["ann", "bob"] {
        app.assert_ledger_chain(uid).await;
    }
}

/// A transfer's payload tells both wallets and both lines.
async fn a_transfer_moves_from_one_to_the_other(app: TestApp) {
    app.given_wallet("ann", "10").await;
    app.given_wallet("bob", "1").await;
    let done = app.transfer("ann", "bob", "2.5").await.unwrap().0;
    assert_eq!(done["fromWallet"], json!({ "uid": "ann", "balance": "7.50", "version": 2 }));
    assert_eq!(done["toWallet"], json!({ "uid": "bob", "balance": "3.50", "version": 2 }));
    let lines = done["operation"]["transactions"].as_array().unwrap();
    assert_eq!((&lines[0]["amount"], &lines[1]["amount"]), (&json!("-2.50"), &json!("2.50")));
}

/// A plain read on the instance that answered a change is never older than the answer.
async fn a_change_is_read_at_once(app: TestApp) {
    app.given_wallet("ann", "0").await;
    for number in 1..=20 {
        let done = app.deposit("ann", "1").await.unwrap();
        assert_eq!(app.balance("ann").await, format!("{number}.00"), "after {done:?}");
    }
}

/// The newest line stands on top of the ledger as soon as the change is answered.
async fn a_change_shows_in_a_ledger_that_is_cached(app: TestApp) {
    app.given_wallet("ann", "1").await;
    let document =
        "{ wallet(uid: \"ann\") { transactions(first: 1) { edges { node { amount } } } } }";
    for amount in ["2.00", "3.00", "4.00"] {
        app.query(document, json!({})).await;
        app.deposit("ann", amount).await.unwrap();
        let reply = app.query(document, json!({})).await;
        assert_eq!(reply.text("/wallet/transactions/edges/0/node/amount"), amount, "{reply}");
    }
}

/// Each refusal has its code, and changes nothing.
async fn refusals_have_codes(app: TestApp) {
    app.given_wallet("ann", "5").await;
    app.given_wallet("bob", "0").await;
    app.open_wallet("usd", "USD").await.unwrap();
    let cases = [
        ("INSUFFICIENT_FUNDS", app.withdraw("ann", "5.0001").await),
        ("INSUFFICIENT_FUNDS", app.transfer("ann", "bob", "6").await),
        ("WALLET_NOT_FOUND", app.deposit("nobody", "1").await),
        ("WALLET_NOT_FOUND", app.withdraw("nobody", "1").await),
        ("WALLET_NOT_FOUND", app.transfer("ann", "nobody", "1").await),
        ("SAME_WALLET", app.transfer("ann", "ann", "1").await),
        ("CURRENCY_MISMATCH", app.transfer("ann", "usd", "1").await),
    ];
    for (code, outcome) in cases {
        let refused = outcome.expect_err(code);
        assert_eq!(refused.code, code, "{refused:?}");
    }
    assert_eq!(app.stored_balance("ann").await, money("5"));
    assert_eq!(app.ledger("ann").await.len(), 1);
}

/// Who lacks money is told how much there is and how much was asked for.
async fn insufficient_funds_say_how_much(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let document = "mutation { withdraw(input: { idempotencyKey: \"a-key-of-mine\", uid: \"ann\", amount: \"7\" }) {
        wallet { uid } errors { code path ... on InsufficientFundsError { available requested } } } }";
    let reply = app.query(document, json!({})).await;
    let error = reply.data("/withdraw/errors/0");
    assert_eq!(
        (&error["available"], &error["requested"]),
        (&json!("5.00"), &json!("7.00")),
        "{reply}"
    );
}

/// Opening an open wallet again answers with it, as it is.
async fn opening_twice_is_opening_once(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let again = app.open_wallet("ann", "PHP").await.unwrap();
    assert_eq!(again.balance(), "5.00");
    app.assert_ledger_chain("ann").await;
}

/// Instances that share a database and a Redis take their turns on a wallet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_share_a_wallet() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    let other = app.another_instance().await;
    app.given_wallet("ann", "100").await;
    app.given_wallet("bob", "100").await;
    let turns =
        (0..20).flat_map(|_| [app.transfer("ann", "bob", "1"), other.transfer("bob", "ann", "1")]);
    let replies = join_all(turns).await;
    assert!(replies.iter().all(Result::is_ok), "{replies:?}");
    for uid in ["ann", "bob"] {
        assert_eq!(app.stored_balance(uid).await, money("100"));
        app.assert_ledger_chain(uid).await;
        assert_eq!(other.balance(uid).await, "100.00");
    }
    assert!(!postgres::log().await.contains("deadlock detected"));
}
