//! Who may ask what.

use serde_json::json;

use crate::support::{Role, TestApp, tokens};

const WALLET: &str = "query($uid: ID!) { wallet(uid: $uid) { balance } }";

/// Nobody in particular may ask what the service is, and nothing else.
#[tokio::test]
async fn without_a_token_there_is_little_to_ask() {
    let app = TestApp::start().await;
    let nobody = app.anonymous();
    let reply = nobody.query("{ __typename }", json!({})).await;
    assert_eq!(reply.data("/__typename"), "Query");
    for document in [
        "{ wallet(uid: \"ann\") { balance } }",
        "{ wallets { totalCount } }",
        "{ orderCount(periodNumber: \"20241201_001\") }",
        "{ cacheStats { hits } }",
        "{ viewer { uid } }",
    ] {
        let reply = nobody.query(document, json!({})).await;
        assert_eq!(reply.error_code(), Some("UNAUTHENTICATED"), "{reply}");
    }
}

/// A token that is not good is refused before anything is looked at.
#[tokio::test]
async fn a_bad_token_is_refused() {
    let app = TestApp::start().await;
    let claims = json!({ "sub": "ann", "role": "ADMIN", "exp": tokens::seconds_from_now(3600) });
    let unsigned =
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4iLCJyb2xlIjoiQURNSU4iLCJleHAiOjQ4MDAwMDAwMDB9.";
    for (what, token) in [
        ("expired", tokens::expired_token(Role::Admin, "ann")),
        ("another key", tokens::signed("another-secret-of-32-bytes-or-more", &claims)),
        ("no expiry", tokens::signed(tokens::SECRET, &json!({ "sub": "ann", "role": "ADMIN" }))),
        ("not signed", unsigned.to_owned()),
        ("no token", "nonsense".to_owned()),
    ] {
        let reply = app.with_token(token).query("{ __typename }", json!({})).await;
        assert_eq!(reply.status, 401, "{what}: {reply}");
        assert_eq!(reply.error_code(), Some("UNAUTHENTICATED"), "{what}: {reply}");
    }
}

/// A USER reads their own wallet only.
#[tokio::test]
async fn a_user_sees_their_own() {
    let app = TestApp::start().await;
    app.given_wallet("ann", "5").await;
    app.given_wallet("bob", "5").await;
    let ann = app.as_role(Role::User, "ann");
    assert_eq!(ann.balance("ann").await, "5.00");
    let viewer = ann.query("{ viewer { uid roles wallet { balance } } }", json!({})).await;
    assert_eq!(viewer.data("/viewer/uid"), "ann");
    assert_eq!(viewer.data("/viewer/wallet/balance"), "5.00");
    for (document, variables) in [
        (WALLET, json!({ "uid": "bob" })),
        (WALLET, json!({ "uid": "nobody" })),
        ("{ wallets { totalCount } }", json!({})),
        ("{ walletsByUid(uids: [\"ann\", \"bob\"]) { uid } }", json!({})),
        ("{ cacheStats { hits } }", json!({})),
    ] {
        let reply = ann.query(document, variables).await;
        assert_eq!(reply.error_code(), Some("FORBIDDEN"), "{reply}");
    }
}

/// A USER does not find others' wallets, lines and orders by a way around.
#[tokio::test]
async fn a_user_finds_no_way_around() {
    let app = TestApp::start().await;
    app.given_wallet("bob", "5").await;
    app.given_orders("bob", "20241201_001", 1).await;
    let document = "{ wallet(uid: \"bob\") { id
        transactions { edges { node { id transactionNo } } } orders { edges { node { id } } } } }";
    let known = app.query(document, json!({})).await;
    let ids = [
        known.text("/wallet/id"),
        known.text("/wallet/transactions/edges/0/node/id"),
        known.text("/wallet/orders/edges/0/node/id"),
    ];
    let number = known.text("/wallet/transactions/edges/0/node/transactionNo");
    let ann = app.as_role(Role::User, "ann");
    for id in ids {
        let document = "query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }";
        let reply = ann.query(document, json!({ "id": id })).await;
        assert_eq!(reply.body, json!({ "data": { "node": null, "nodes": [null] } }), "{reply}");
    }
    let line = "query($no: String!) { transaction(transactionNo: $no) { amount } }";
    assert_hidden(&ann.query(line, json!({ "no": number })).await);
    let order = "{ order(by: { orderNo: \"ORDER_20241201_001_0001\" }) { amount } }";
    assert_hidden(&ann.query(order, json!({})).await);
}

/// Refused, or not there.
fn assert_hidden(reply: &crate::support::Reply) {
    let data = reply.body.pointer("/data");
    let empty = data.and_then(|d| d.as_object()).is_none_or(|d| d.values().all(|v| v.is_null()));
    assert!(empty, "it is shown: {reply}");
}

/// A USER pays from their own wallet, and makes no money.
#[tokio::test]
async fn a_user_moves_their_own() {
    let app = TestApp::start().await;
    app.given_wallet("ann", "5").await;
    app.given_wallet("bob", "5").await;
    let ann = app.as_role(Role::User, "ann");
    ann.withdraw("ann", "1").await.unwrap();
    ann.transfer("ann", "bob", "1").await.unwrap();
    let input =
        |rest: &str| format!("{{ idempotencyKey: \"a-key-of-ann\", amount: \"1\", {rest} }}");
    for field in [
        format!("withdraw(input: {})", input("uid: \"bob\"")),
        format!("transfer(input: {})", input("fromUid: \"bob\", toUid: \"ann\"")),
        format!("deposit(input: {})", input("uid: \"ann\"")),
        "openWallet(input: { idempotencyKey: \"a-key-of-ann\", uid: \"eve\" })".to_owned(),
    ] {
        let document = format!("mutation {{ {field} {{ errors {{ code }} }} }}");
        let reply = ann.query(&document, json!({})).await;
        assert_eq!(reply.error_code(), Some("FORBIDDEN"), "{reply}");
    }
    assert_eq!(app.balance("ann").await, "3.00");
}

/// An OPERATOR acts on any wallet, and not on the cache.
#[tokio::test]
async fn an_operator_acts_on_any_wallet() {
    let app = TestApp::start().await;
    let operator = app.as_role(Role::Operator, "op");
    operator.given_wallet("ann", "5").await;
    assert_eq!(operator.balance("ann").await, "5.00");
    let reply = operator.query("{ cacheStats { hits } }", json!({})).await;
    assert_eq!(reply.error_code(), Some("FORBIDDEN"), "{reply}");
    let reply = app.query("{ cacheStats { hits } }", json!({})).await;
    assert!(reply.data("/cacheStats/hits").is_u64() || reply.data("/cacheStats/hits").is_string());
}
