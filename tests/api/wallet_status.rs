//! Frozen and closed wallets.

use serde_json::json;

use crate::support::{Role, TestApp, money, on_every_backend, steps::fresh_key};

on_every_backend! {
    a_frozen_wallet_refuses_debits_only,
    a_closed_wallet_takes_only_what_is_owed,
    a_wallet_is_opened_again,
    statuses_change_together_or_not_at_all,
    a_change_of_status_is_repeated,
    a_change_of_status_needs_a_reason_and_a_role,
}

/// Withdrawals, transfers out and orders are refused; deposits, transfers in and rewards arrive.
async fn a_frozen_wallet_refuses_debits_only(app: TestApp) {
    app.given_wallet("ann", "10").await;
    app.given_wallet("bob", "10").await;
    let done = app.set_status(&["ann"], "FROZEN").await.unwrap();
    assert_eq!(done.0["wallets"][0]["status"], "FROZEN", "{done:?}");
    for refused in [
        app.withdraw("ann", "1").await,
        app.transfer("ann", "bob", "1").await,
        app.create_order("ann", "1").await,
    ] {
        assert_eq!(refused.unwrap_err().code, "WALLET_NOT_ACTIVE");
    }
    app.deposit("ann", "1").await.unwrap();
    app.transfer("bob", "ann", "1").await.unwrap();
    let rewards = [crate::support::writes::reward("ann", "1")];
    let rewarded = app.reward_once(&fresh_key(), &rewards).await.unwrap();
    assert_eq!(rewarded.0["outcomes"][0]["wallet"]["balance"], "13.00", "{rewarded:?}");
    app.assert_ledger_chain("ann").await;
}

/// A closed wallet refuses everything but the refund of an order.
async fn a_closed_wallet_takes_only_what_is_owed(app: TestApp) {
    app.given_wallet("ann", "10").await;
    app.given_wallet("bob", "10").await;
    let order = app.given_order("ann", "4").await;
    app.set_status(&["ann"], "CLOSED").await.unwrap();
    for refused in [
        app.withdraw("ann", "1").await,
        app.deposit("ann", "1").await,
        app.transfer("ann", "bob", "1").await,
        app.transfer("bob", "ann", "1").await,
        app.create_order("ann", "1").await,
    ] {
        assert_eq!(refused.unwrap_err().code, "WALLET_NOT_ACTIVE");
    }
    let rewards = [crate::support::writes::reward("ann", "1")];
    let rewarded = app.reward_once(&fresh_key(), &rewards).await.unwrap();
    let code = &rewarded.0["outcomes"][0]["error"]["code"];
    assert_eq!(code, "WALLET_NOT_ACTIVE", "{rewarded:?}");
    let cancelled = app.update_order(&order, "CANCELLED").await.unwrap();
    assert_eq!(cancelled.balance(), "10.00", "the order's money is owed: {cancelled:?}");
    assert_eq!(app.stored_balance("bob").await, money("10"));
    app.assert_audit_is_clean().await;
}

/// A status is no one-way street, and each change is a line that moves nothing.
async fn a_wallet_is_opened_again(app: TestApp) {
    app.given_wallet("ann", "10").await;
    for status in ["FROZEN", "FROZEN", "CLOSED", "ACTIVE"] {
        app.set_status(&["ann"], status).await.unwrap();
    }
    assert_eq!(app.withdraw("ann", "1").await.unwrap().balance(), "9.00");
    let kinds: Vec<_> = app.ledger("ann").await.iter().map(|l| format!("{:?}", l.kind)).collect();
    let expected = ["Recharge", "Adjustment", "Adjustment", "Adjustment", "Withdraw"];
    assert_eq!(kinds, expected, "the second FROZEN changed nothing");
    assert_eq!(app.ledger("ann").await[1].description.as_deref(), Some("a test"));
    let reply = app.query("{ wallet(uid: \"ann\") { status version } }", json!({})).await;
    assert_eq!(reply.data("/wallet"), &json!({ "status": "ACTIVE", "version": 5 }), "{reply}");
    app.assert_ledger_chain("ann").await;
}

/// One wallet that is not there leaves the others as they were.
async fn statuses_change_together_or_not_at_all(app: TestApp) {
    app.given_wallet("ann", "10").await;
    app.given_wallet("bob", "10").await;
    let refused = app.set_status(&["ann", "nobody", "bob"], "FROZEN").await.unwrap_err();
    assert_eq!((refused.code.as_str(), &*refused.path()), ("WALLET_NOT_FOUND", "input.uids.1"));
    app.withdraw("ann", "1").await.unwrap();
    app.set_status(&["ann", "bob"], "FROZEN").await.unwrap();
    for uid in ["ann", "bob"] {
        assert_eq!(app.withdraw(uid, "1").await.unwrap_err().code, "WALLET_NOT_ACTIVE");
    }
}

/// A repeat is answered as the first was, though the wallet has another status by now.
async fn a_change_of_status_is_repeated(app: TestApp) {
    app.given_wallet("ann", "10").await;
    let key = fresh_key();
    app.set_status_once(&key, &["ann"], "FROZEN").await.unwrap();
    app.set_status(&["ann"], "ACTIVE").await.unwrap();
    let again = app.set_status_once(&key, &["ann"], "FROZEN").await.unwrap();
    assert!(again.replayed() && again.0["wallets"][0]["status"] == "FROZEN", "{again:?}");
    app.withdraw("ann", "1").await.unwrap();
    let other = app.set_status_once(&key, &["ann"], "CLOSED").await.unwrap_err();
    assert_eq!(other.code, "IDEMPOTENCY_KEY_REUSED");
}

/// Blank reasons, control characters and too many wallets are refused, and users are.
async fn a_change_of_status_needs_a_reason_and_a_role(app: TestApp) {
    app.given_wallet("ann", "10").await;
    let input = |uids: usize, reason: &str| {
        json!({ "idempotencyKey": fresh_key(), "uids": vec!["ann"; uids], "status": "FROZEN",
            "reason": reason })
    };
    let (name, kind) = ("setWalletStatus", "SetWalletStatusInput");
    let long = "x".repeat(501);
    for (uids, reason) in [(1, ""), (1, "  "), (1, "a\u{0}b"), (1, &*long), (0, "x"), (501, "x")] {
        let reply = app.mutate(name, kind, "errors { code }", input(uids, reason)).await;
        assert_eq!(reply.error_code(), Some("BAD_USER_INPUT"), "{reply}");
    }
    let ann = app.as_role(Role::User, "ann");
    let reply = ann.mutate(name, kind, "errors { code }", input(1, "mine")).await;
    assert_eq!(reply.error_code(), Some("FORBIDDEN"), "{reply}");
}
