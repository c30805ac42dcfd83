//! Reading wallets.

use serde_json::{Value, json};

use crate::support::{TestApp, on_every_backend, tests_on};

const WALLET: &str = "query($uid: ID!, $consistency: Consistency, $minVersion: Int) {
    wallet(uid: $uid, consistency: $consistency, minVersion: $minVersion) {
        id uid balance currency status version createdAt updatedAt source asOf } }";
const PAGE: &str =
    "query($first: Int, $after: String, $last: Int, $before: String, $filter: WalletFilter) {
    wallets(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
        edges { cursor node { uid } } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

on_every_backend! {
    a_wallet_is_read_whole,
    an_answer_says_where_it_came_from,
    a_wallet_that_is_not_there_is_null,
    a_wallet_is_there_once_it_is_opened,
    a_read_is_at_least_as_new_as_asked,
    wallets_by_uid_keep_their_order,
    wallets_page_in_both_directions,
    wallets_are_filtered,
    a_page_that_cannot_be_is_refused,
    a_malformed_uid_is_refused,
    a_node_is_found_by_its_id,
    a_balance_suffices_or_not,
}

tests_on! {
    cluster: PostgresCluster;
    an_answer_says_where_it_came_from,
    a_wallet_that_is_not_there_is_null,
    a_wallet_is_there_once_it_is_opened,
    a_read_is_at_least_as_new_as_asked,
}

/// A wallet is read as it was made: to the digit, and with where the answer came from.
async fn a_wallet_is_read_whole(app: TestApp) {
    app.given_wallet("ann", "1000.50").await;
    let reply = app.query(WALLET, json!({ "uid": "ann" })).await;
    let wallet = reply.data("/wallet");
    assert_eq!(wallet["uid"], "ann");
    assert_eq!(wallet["balance"], "1000.50");
    assert_eq!(wallet["currency"], "PHP");
    assert_eq!(wallet["status"], "ACTIVE");
    assert_eq!(wallet["version"], 1);
    for time in ["createdAt", "updatedAt", "asOf"] {
        let text = wallet[time].as_str().unwrap_or_default();
        assert!(text.ends_with('Z'), "{time} is not in UTC: {reply}");
    }
}

/// The second read of a wallet is answered by the cache, and LATEST by the database.
async fn an_answer_says_where_it_came_from(app: TestApp) {
    app.given_wallet("ann", "5").await;
    app.query(WALLET, json!({ "uid": "ann" })).await;
    let again = app.query(WALLET, json!({ "uid": "ann" })).await;
    assert_eq!(again.data("/wallet/source"), "CACHE", "{again}");
    let latest = app.query(WALLET, json!({ "uid": "ann", "consistency": "LATEST" })).await;
    assert_eq!(latest.data("/wallet/source"), "DATABASE", "{latest}");
}

/// A wallet that nobody opened is null, at the first and at the second look.
async fn a_wallet_that_is_not_there_is_null(app: TestApp) {
    for _ in 0..2 {
        let reply = app.query(WALLET, json!({ "uid": "nobody" })).await;
        assert_eq!(reply.data("/wallet"), &Value::Null, "{reply}");
    }
}

/// What was looked for in vain is found as soon as it is made.
async fn a_wallet_is_there_once_it_is_opened(app: TestApp) {
    app.query(WALLET, json!({ "uid": "ann" })).await;
    app.given_wallet("ann", "0").await;
    let reply = app.query(WALLET, json!({ "uid": "ann" })).await;
    assert_eq!(reply.data("/wallet/balance"), "0.00", "{reply}");
    assert_eq!(reply.data("/wallet/version"), 0, "{reply}");
}

/// `minVersion` is answered from at least that version.
async fn a_read_is_at_least_as_new_as_asked(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let version = app.deposit("ann", "1").await.unwrap().version();
    let reply = app.query(WALLET, json!({ "uid": "ann", "minVersion": version })).await;
    assert_eq!(reply.data("/wallet/balance"), "6.00", "{reply}");
    assert_eq!(reply.data("/wallet/version"), version, "{reply}");
}

/// Wallets by uid come in the order that was asked for, with null for who has none.
async fn wallets_by_uid_keep_their_order(app: TestApp) {
    for uid in ["ann", "bob", "eve"] {
        app.given_wallet(uid, "1").await;
    }
    let document = "query($uids: [ID!]!) { walletsByUid(uids: $uids) { uid } }";
    let uids = ["eve", "nobody", "ann", "eve"];
    let reply = app.query(document, json!({ "uids": uids })).await;
    let expected = json!([{ "uid": "eve" }, null, { "uid": "ann" }, { "uid": "eve" }]);
    assert_eq!(reply.data("/walletsByUid"), &expected, "{reply}");
}

/// Pages forward and backward meet every wallet once, in one order.
async fn wallets_page_in_both_directions(app: TestApp) {
    for number in 1..=7 {
        app.given_wallet(&format!("u{number}"), "0").await;
    }
    let forward = walk(&app, "first", "after", "/wallets/pageInfo/endCursor").await;
    let pages = [vec!["u1", "u2", "u3"], vec!["u4", "u5", "u6"], vec!["u7"]];
    assert_eq!(forward, pages);
    let backward = walk(&app, "last", "before", "/wallets/pageInfo/startCursor").await;
    assert_eq!(backward, [vec!["u5", "u6", "u7"], vec!["u2", "u3", "u4"], vec!["u1"]]);
}

/// Each filter holds back what does not match, and the count knows it.
async fn wallets_are_filtered(app: TestApp) {
    app.given_wallet("ann-1", "10").await;
    app.given_wallet("ann-2", "20").await;
    app.given_wallet("bob-1", "30").await;
    app.open_wallet("eve-1", "USD").await.unwrap();
    let cases = [
        (json!({ "uidPrefix": "ann-" }), vec!["ann-1", "ann-2"]),
        (json!({ "minBalance": "20" }), vec!["ann-2", "bob-1"]),
        (json!({ "minBalance": "10.01", "maxBalance": "20" }), vec!["ann-2"]),
        (json!({ "currency": "USD" }), vec!["eve-1"]),
        (json!({ "status": "FROZEN" }), vec![]),
        (json!({ "status": "ACTIVE", "uidPrefix": "bob" }), vec!["bob-1"]),
        (json!({ "uidPrefix": "a%" }), vec![]),
        (json!({ "uidPrefix": "ann_" }), vec![]),
    ];
    for (filter, expected) in cases {
        let reply = app.query(PAGE, json!({ "first": 10, "filter": filter })).await;
        assert_eq!(reply.each("/wallets/edges", "/node/uid"), expected, "{reply}");
        assert_eq!(reply.data("/wallets/totalCount"), expected.len(), "{reply}");
    }
}

/// A page has a size, a direction, and cursors that this server made.
async fn a_page_that_cannot_be_is_refused(app: TestApp) {
    let cases = [
        json!({ "first": -1 }),
        json!({ "first": 1, "last": 1 }),
        json!({ "first": 1_000_000 }),
        json!({ "first": 1, "after": "not a cursor" }),
    ];
    for arguments in cases {
        let reply = app.query(PAGE, arguments).await;
        assert_eq!(reply.error_code(), Some("BAD_USER_INPUT"), "{reply}");
    }
}

/// A name that could be no key is refused where it came in.
async fn a_malformed_uid_is_refused(app: TestApp) {
    for uid in ["", "a b", "{a}", "wallet\n", &"x".repeat(65)] {
        let reply = app.query(WALLET, json!({ "uid": uid })).await;
        assert_eq!(reply.error_code(), Some("BAD_USER_INPUT"), "{reply}");
    }
}

/// Everything with an id is found again by it.
async fn a_node_is_found_by_its_id(app: TestApp) {
    app.given_wallet("ann", "5").await;
    app.given_orders("ann", "20241201_001", 1).await;
    let document = "{ wallet(uid: \"ann\") {
        id transactions(first: 1) { edges { node { id } } } orders(first: 1) { edges { node { id } } } } }";
    let reply = app.query(document, json!({})).await;
    let wallet = reply.text("/wallet/id");
    let line = reply.text("/wallet/transactions/edges/0/node/id");
    let order = reply.text("/wallet/orders/edges/0/node/id");
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
    let found = app.query(nodes, json!({ "ids": [wallet, line, order] })).await;
    assert_eq!(found.each("/nodes", "/__typename"), ["Wallet", "Transaction", "Order"], "{found}");
    assert_eq!(found.each("/nodes", "/id"), [wallet, line, order], "{found}");
}

/// Enough is enough, to the smallest unit.
async fn a_balance_suffices_or_not(app: TestApp) {
    app.given_wallet("ann", "10").await;
    let document = "query($amount: Decimal!) { balanceSufficient(uid: \"ann\", amount: $amount) }";
    for (amount, suffices) in [("10", true), ("0.0001", true), ("10.0001", false)] {
        let reply = app.query(document, json!({ "amount": amount })).await;
        assert_eq!(reply.data("/balanceSufficient"), suffices, "{reply}");
    }
}

/// Pages of three, from one end to the other: the uids of each.
async fn walk(app: &TestApp, size: &str, bound: &str, cursor: &str) -> Vec<Vec<String>> {
    let more = if size == "first" { "hasNextPage" } else { "hasPreviousPage" };
    let (mut pages, mut from) = (Vec::new(), Value::Null);
    while pages.len() < 10 {
        let reply = app.query(PAGE, json!({ size: 3, bound: from })).await;
        let uids = reply.each("/wallets/edges", "/node/uid");
        pages.push(uids.into_iter().map(str::to_owned).collect());
        assert_eq!(reply.data("/wallets/totalCount"), 7, "{reply}");
        if reply.data(&format!("/wallets/pageInfo/{more}")) == false {
            return pages;
        }
        from = reply.data(cursor).clone();
    }
    panic!("the pages do not end: {pages:?}");
}
