//! What became of a mutation, and who did what.

use serde_json::{Value, json};

use crate::support::{Reply, Role, TestApp, on_every_backend, steps::fresh_key};

on_every_backend! {
    a_lost_reply_is_found_by_its_key,
    the_log_tells_who_changed_what,
    the_log_pages_and_filters,
    the_log_is_for_admins,
}

const OPERATION: &str = "query($key: IdempotencyKey!) { operation(idempotencyKey: $key) {
    id caller kind state replayed requestId committedAt error { code message }
    order { orderNo status } statusChanges { subject before after }
    transactions { uid amount } } }";
const LOG: &str = "query($first: Int, $after: String, $last: Int, $before: String,
        $filter: OperationFilter) {
    operationLog(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
        edges { cursor node { id caller kind state requestId error { code }
            statusChanges { subject before after } releasedLock { uid reason }
            transactions { uid balanceBefore balanceAfter } } }
        totalCount pageInfo { hasNextPage endCursor } } }";
const EDGES: &str = "/operationLog/edges";

/// Done, refused, or never heard of.
async fn a_lost_reply_is_found_by_its_key(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let (done, refused, order) = (fresh_key(), fresh_key(), fresh_key());
    app.withdraw_once(&done, "ann", "2").await.unwrap();
    app.withdraw_once(&refused, "ann", "20").await.unwrap_err();
    let made = app.create_order_once(&order, "ann", "1").await.unwrap();

    let found = app.query(OPERATION, json!({ "key": done })).await;
    let operation = found.data("/operation");
    assert_eq!(operation["state"], "COMMITTED", "{found}");
    assert_eq!(operation["kind"], "withdraw", "{found}");
    assert_eq!(operation["transactions"], json!([{ "uid": "ann", "amount": "-2.00" }]), "{found}");
    assert!(operation["requestId"].as_str().is_some_and(|id| !id.is_empty()), "{found}");
    let found = app.query(OPERATION, json!({ "key": refused })).await;
    assert_eq!(found.data("/operation/state"), "REFUSED", "{found}");
    assert_eq!(found.data("/operation/error/code"), "INSUFFICIENT_FUNDS", "{found}");
    let found = app.query(OPERATION, json!({ "key": order })).await;
    assert_eq!(found.data("/operation/order/orderNo"), made.order_no(), "{found}");
    let none = app.query(OPERATION, json!({ "key": fresh_key() })).await;
    assert_eq!(none.data("/operation"), &Value::Null, "{none}");
    let other = app.as_role(Role::Operator, "op");
    let none = other.query(OPERATION, json!({ "key": done })).await;
    assert_eq!(none.data("/operation"), &Value::Null, "keys are the caller's: {none}");
}

/// Each change stands there with its actor, its request, and what was before and after.
async fn the_log_tells_who_changed_what(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let operator = app.as_role(Role::Operator, "op");
    operator.transfer("ann", "bob", "1").await.unwrap_err();
    operator.set_status(&["ann"], "FROZEN").await.unwrap();
    app.force_release_once(&fresh_key(), "ann", None).await.unwrap();

    let log = app.query(LOG, json!({})).await;
    let kinds = log.each(EDGES, "/node/kind");
    let newest_first =
        ["force_release_lock", "set_wallet_status", "transfer", "deposit", "open_wallet"];
    assert_eq!(kinds, newest_first, "{log}");
    assert_eq!(log.each(EDGES, "/node/caller"), ["admin", "op", "op", "admin", "admin"]);
    let node = |at: usize| log.data(&format!("{EDGES}/{at}/node"));
    assert_eq!(node(0)["releasedLock"], json!({ "uid": "ann", "reason": "its holder hangs" }));
    let change = json!([{ "subject": "wallet ann", "before": "ACTIVE", "after": "FROZEN" }]);
    assert_eq!(node(1)["statusChanges"], change, "{log}");
    assert_eq!(node(2)["error"]["code"], "WALLET_NOT_FOUND", "{log}");
    let line = json!([{ "uid": "ann", "balanceBefore": "0.00", "balanceAfter": "5.00" }]);
    assert_eq!(node(3)["transactions"], line, "{log}");
    assert!(log.each(EDGES, "/node/requestId").iter().all(|id| !id.is_empty()), "{log}");
}

/// Pages meet each operation once; callers and kinds hold back the others.
async fn the_log_pages_and_filters(app: TestApp) {
    app.given_wallet("ann", "5").await;
    for _ in 0..3 {
        app.as_role(Role::User, "ann").withdraw("ann", "1").await.unwrap();
    }
    let ids = |reply: &Reply| -> Vec<String> {
        reply.each(EDGES, "/node/id").into_iter().map(str::to_owned).collect()
    };
    let all = ids(&app.query(LOG, json!({})).await);
    let first = app.query(LOG, json!({ "first": 2 })).await;
    assert_eq!(first.data("/operationLog/totalCount"), 5, "{first}");
    assert_eq!(first.data("/operationLog/pageInfo/hasNextPage"), true, "{first}");
    let after = first.text("/operationLog/pageInfo/endCursor");
    let rest = app.query(LOG, json!({ "first": 5, "after": after })).await;
    assert_eq!([ids(&first), ids(&rest)].concat(), all);
    let last = app.query(LOG, json!({ "last": 1 })).await;
    assert_eq!(ids(&last), all[4..]);

    let anns = app.query(LOG, json!({ "filter": { "caller": "ann" } })).await;
    assert_eq!(anns.each(EDGES, "/node/kind"), ["withdraw"; 3], "{anns}");
    let deposits = app.query(LOG, json!({ "filter": { "kind": "deposit" } })).await;
    assert_eq!(deposits.data("/operationLog/totalCount"), 1, "{deposits}");
    let node = "query($id: ID!) { node(id: $id) { ... on Operation { kind caller } } }";
    let found = app.query(node, json!({ "id": all[0] })).await;
    assert_eq!(found.data("/node"), &json!({ "kind": "withdraw", "caller": "ann" }), "{found}");
}

/// Others see their own operations, and no log.
async fn the_log_is_for_admins(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let log = app.query(LOG, json!({})).await;
    let id = log.text("/operationLog/edges/0/node/id");
    let node = "query($id: ID!) { node(id: $id) { id } }";
    for other in [app.as_role(Role::User, "ann"), app.as_role(Role::Operator, "op")] {
        let reply = other.query(LOG, json!({})).await;
        assert_eq!(reply.error_code(), Some("FORBIDDEN"), "{reply}");
        let hidden = other.query(node, json!({ "id": id })).await;
        assert_eq!(hidden.data("/node"), &Value::Null, "{hidden}");
    }
    let reply = app.query(LOG, json!({ "first": 101 })).await;
    assert_eq!(reply.error_code(), Some("BAD_USER_INPUT"), "{reply}");
}
