//! Several movements in order, all or nothing.

use serde_json::json;

use crate::support::{
    Role, TestApp, money, on_every_backend, steps::fresh_key, tests_on, writes::item,
};

on_every_backend! {
    a_batch_is_done_in_order,
    a_batch_is_done_whole_or_not_at_all,
    a_batch_is_refused_as_its_item_would_be,
    a_batch_is_repeated,
    a_batch_has_bounds,
}

tests_on! {
    cluster: PostgresCluster;
    a_batch_is_done_in_order,
    a_batch_is_repeated,
}

/// Several movements of one wallet follow one another, and may live on each other's money.
async fn a_batch_is_done_in_order(app: TestApp) {
    app.given_wallet("ann", "1").await;
    app.given_wallet("bob", "0").await;
    let items = [
        item("ADD", "ann", "9"),
        item("WITHDRAW", "ann", "10"),
        item("ADD", "bob", "3"),
        item("ADD", "ann", "2.5"),
    ];
    let done = app.batch_once(&fresh_key(), &items).await.unwrap();
    assert_eq!(done.0["wallets"][0]["balance"], "2.50", "{done:?}");
    assert_eq!(done.0["wallets"][1]["balance"], "3.00", "{done:?}");
    assert_eq!(done.0["wallets"].as_array().unwrap().len(), 2, "each once: {done:?}");
    let lines = done.0["operation"]["transactions"].as_array().unwrap();
    let after: Vec<_> = lines.iter().filter_map(|line| line["balanceAfter"].as_str()).collect();
    assert_eq!(after, ["10.00", "0.00", "3.00", "2.50"], "{done:?}");
    for uid in ["ann", "bob"] {
        app.assert_ledger_chain(uid).await;
    }
    app.assert_audit_is_clean().await;
}

/// When the last of a batch is refused, the first did not happen; the refusal says which.
async fn a_batch_is_done_whole_or_not_at_all(app: TestApp) {
    app.given_wallet("ann", "1").await;
    app.given_wallet("bob", "1").await;
    let items = [
        item("ADD", "ann", "5"),
        item("WITHDRAW", "bob", "1"),
        item("WITHDRAW", "ann", "2"),
        item("WITHDRAW", "ann", "5"),
    ];
    let refused = app.batch_once(&fresh_key(), &items).await.unwrap_err();
    assert_eq!(refused.code, "INSUFFICIENT_FUNDS");
    assert_eq!(refused.path(), "input.operations.3.amount");
    assert_eq!(refused.payload["operation"]["state"], "REFUSED");
    assert_eq!(refused.payload["operation"]["error"]["code"], "INSUFFICIENT_FUNDS");
    for uid in ["ann", "bob"] {
        assert_eq!(app.stored_balance(uid).await, money("1"));
        assert_eq!(app.ledger(uid).await.len(), 1);
    }
}

/// An item of a batch is refused with the code of the single call, and named.
async fn a_batch_is_refused_as_its_item_would_be(app: TestApp) {
    for uid in ["ann", "frozen", "closed"] {
        app.given_wallet(uid, "5").await;
    }
    app.set_status(&["frozen"], "FROZEN").await.unwrap();
    app.set_status(&["closed"], "CLOSED").await.unwrap();
    for (wrong, code, field) in [
        (item("WITHDRAW", "ann", "7"), "INSUFFICIENT_FUNDS", "amount"),
        (item("ADD", "nobody", "1"), "WALLET_NOT_FOUND", "uid"),
        (item("WITHDRAW", "frozen", "1"), "WALLET_NOT_ACTIVE", "uid"),
        (item("ADD", "closed", "1"), "WALLET_NOT_ACTIVE", "uid"),
        (item("ADD", "ann", "0"), "INVALID_AMOUNT", "amount"),
        (item("ADD", "ann", "-1"), "INVALID_AMOUNT", "amount"),
        (item("ADD", "ann", "922337203685477.5807"), "INVALID_AMOUNT", "amount"),
    ] {
        let items = [item("ADD", "ann", "1"), item("ADD", "frozen", "1"), wrong.clone()];
        let refused = app.batch_once(&fresh_key(), &items).await.unwrap_err();
        assert_eq!(refused.code, code, "{wrong}");
        assert_eq!(refused.path(), format!("input.operations.2.{field}"), "{wrong}");
    }
    assert_eq!(app.stored_balance("ann").await, money("5"));
}

/// The same batch under its key is answered as it was; another one, or another order, is refused.
async fn a_batch_is_repeated(app: TestApp) {
    app.given_wallet("ann", "0").await;
    let key = fresh_key();
    let mut items = vec![item("ADD", "ann", "5"), item("WITHDRAW", "ann", "1")];
    let first = app.batch_once(&key, &items).await.unwrap();
    app.deposit("ann", "1").await.unwrap();
    let again = app.batch_once(&key, &items).await.unwrap();
    assert!(!first.replayed() && again.replayed());
    assert_eq!(again.0["wallets"][0]["balance"], "4.00", "as it was: {again:?}");
    assert_eq!(again.0["operation"]["transactions"], first.0["operation"]["transactions"]);

    items.push(item("ADD", "ann", "1"));
    let other = app.batch_once(&key, &items).await.unwrap_err();
    assert_eq!(other.code, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(app.stored_balance("ann").await, money("5"));

    let key = fresh_key();
    let items = [item("WITHDRAW", "ann", "50")];
    app.batch_once(&key, &items).await.unwrap_err();
    app.deposit("ann", "100").await.unwrap();
    let again = app.batch_once(&key, &items).await.unwrap_err();
    assert_eq!(again.code, "INSUFFICIENT_FUNDS", "a refusal is an outcome too");
    assert_eq!(again.path(), "input.operations.0.amount");
}

/// 1 to 500 are taken; texts are plain and no longer than 500 characters; users touch their own.
async fn a_batch_has_bounds(app: TestApp) {
    app.given_wallet("ann", "5").await;
    app.given_wallet("bob", "5").await;
    let ann = app.as_role(Role::User, "ann");
    let described =
        |text: &str| json!({ "kind": "ADD", "uid": "ann", "amount": "1", "description": text });
    for items in [
        vec![],
        vec![item("ADD", "ann", "1"); 501],
        vec![described(&"x".repeat(501))],
        vec![described("a\nb")],
    ] {
        let input = json!({ "idempotencyKey": fresh_key(), "operations": items });
        let name = "batchBalanceOperation";
        let reply = app.mutate(name, "BatchBalanceOperationInput", "errors { code }", input).await;
        assert_eq!(reply.error_code(), Some("BAD_USER_INPUT"), "{reply}");
    }
    let most = vec![item("ADD", "ann", "0.01"); 500];
    app.batch_once(&fresh_key(), &most).await.unwrap();
    assert_eq!(app.stored_balance("ann").await, money("10"));
    app.batch_once(&fresh_key(), &[described(&"ü".repeat(500))]).await.unwrap();

    ann.batch_once(&fresh_key(), &[item("WITHDRAW", "ann", "1")]).await.unwrap();
    for items in [
        vec![item("ADD", "ann", "1")],
        vec![item("WITHDRAW", "ann", "1"), item("WITHDRAW", "bob", "1")],
    ] {
        let input = json!({ "idempotencyKey": fresh_key(), "operations": items });
        let name = "batchBalanceOperation";
        let reply = ann.mutate(name, "BatchBalanceOperationInput", "errors { code }", input).await;
        assert_eq!(reply.error_code(), Some("FORBIDDEN"), "{reply}");
    }
}
