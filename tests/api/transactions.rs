//! Reading a wallet's ledger.

use serde_json::{Value, json};

use crate::support::{TestApp, on_every_backend};

const LEDGER: &str = "query($uid: ID!, $first: Int, $after: String, $last: Int, $before: String,
        $filter: TransactionFilter) {
    wallet(uid: $uid) {
        transactions(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
            edges { cursor node {
                transactionNo type amount balanceBefore balanceAfter walletVersion operationId
                counterpartyUid status description createdAt } }
            totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";
const EDGES: &str = "/wallet/transactions/edges";

on_every_backend! {
    a_ledger_reads_newest_first,
    a_transfer_leaves_a_line_in_both_ledgers,
    a_long_ledger_pages_to_its_end,
    a_ledger_pages_from_its_end,
    a_ledger_is_filtered,
    a_line_is_found_by_its_number,
}

/// Lines come newest first, signed, each with the balance before and after it.
async fn a_ledger_reads_newest_first(app: TestApp) {
    app.given_wallet("ann", "100").await;
    app.withdraw("ann", "30.5").await.unwrap();
    let reply = app.query(LEDGER, json!({ "uid": "ann" })).await;
    assert_eq!(reply.each(EDGES, "/node/type"), ["WITHDRAW", "RECHARGE"]);
    assert_eq!(reply.each(EDGES, "/node/amount"), ["-30.50", "100.00"]);
    assert_eq!(reply.each(EDGES, "/node/balanceBefore"), ["100.00", "0.00"]);
    assert_eq!(reply.each(EDGES, "/node/balanceAfter"), ["69.50", "100.00"]);
    assert_eq!(reply.each(EDGES, "/node/status"), ["SUCCESS", "SUCCESS"]);
    assert_eq!(reply.data(&format!("{EDGES}/0/node/walletVersion")), 2);
}

/// Both lines of a transfer name each other's wallet and share their operation.
async fn a_transfer_leaves_a_line_in_both_ledgers(app: TestApp) {
    app.given_wallet("ann", "100").await;
    app.given_wallet("bob", "0").await;
    app.transfer("ann", "bob", "25").await.unwrap();
    let paid = app.query(LEDGER, json!({ "uid": "ann", "first": 1 })).await;
    let got = app.query(LEDGER, json!({ "uid": "bob", "first": 1 })).await;
    assert_eq!(paid.each(EDGES, "/node/type"), ["TRANSFER_OUT"], "{paid}");
    assert_eq!(got.each(EDGES, "/node/type"), ["TRANSFER_IN"], "{got}");
    assert_eq!(paid.each(EDGES, "/node/counterpartyUid"), ["bob"], "{paid}");
    assert_eq!(got.each(EDGES, "/node/counterpartyUid"), ["ann"], "{got}");
    assert_eq!(paid.each(EDGES, "/node/operationId"), got.each(EDGES, "/node/operationId"));
}

/// Paging meets every line once, also beyond what the cache holds of a wallet.
async fn a_long_ledger_pages_to_its_end(app: TestApp) {
    app.given_wallet("ann", "0").await;
    for number in 1..=60 {
        app.deposit("ann", &format!("{number}")).await.unwrap();
    }
    let (mut amounts, mut after) = (Vec::new(), Value::Null);
    loop {
        let reply = app.query(LEDGER, json!({ "uid": "ann", "first": 25, "after": after })).await;
        amounts.extend(reply.each(EDGES, "/node/amount").iter().map(|a| (*a).to_owned()));
        assert_eq!(reply.data("/wallet/transactions/totalCount"), 60, "{reply}");
        if reply.data("/wallet/transactions/pageInfo/hasNextPage") == false {
            break;
        }
        after = reply.data("/wallet/transactions/pageInfo/endCursor").clone();
    }
    let expected: Vec<_> = (1..=60).rev().map(|number| format!("{number}.00")).collect();
    assert_eq!(amounts, expected);
}

/// The last page, asked for from the end, holds the oldest lines.
async fn a_ledger_pages_from_its_end(app: TestApp) {
    app.given_wallet("ann", "1").await;
    for amount in ["2", "3", "4"] {
        app.deposit("ann", amount).await.unwrap();
    }
    let oldest = app.query(LEDGER, json!({ "uid": "ann", "last": 2 })).await;
    assert_eq!(oldest.each(EDGES, "/node/amount"), ["2.00", "1.00"], "{oldest}");
    assert_eq!(oldest.data("/wallet/transactions/pageInfo/hasPreviousPage"), true, "{oldest}");
    let before = oldest.text("/wallet/transactions/pageInfo/startCursor");
    let newer = app.query(LEDGER, json!({ "uid": "ann", "last": 2, "before": before })).await;
    assert_eq!(newer.each(EDGES, "/node/amount"), ["4.00", "3.00"], "{newer}");
}

/// Each filter holds back what does not match, and the count knows it.
async fn a_ledger_is_filtered(app: TestApp) {
    app.given_wallet("ann", "100").await;
    app.given_wallet("bob", "0").await;
    app.withdraw("ann", "1").await.unwrap();
    app.transfer("ann", "bob", "2").await.unwrap();
    let all = app.query(LEDGER, json!({ "uid": "ann" })).await;
    let operation = all.text(&format!("{EDGES}/0/node/operationId"));
    let middle = all.text(&format!("{EDGES}/1/node/createdAt"));
    let cases = [
        (json!({ "types": ["WITHDRAW"] }), vec!["-1.00"]),
        (json!({ "types": ["WITHDRAW", "RECHARGE"] }), vec!["-1.00", "100.00"]),
        (json!({ "operationId": operation }), vec!["-2.00"]),
        (json!({ "status": "FAILED" }), vec![]),
        (json!({ "from": middle }), vec!["-2.00", "-1.00"]),
        (json!({ "from": "2100-01-01T00:00:00Z" }), vec![]),
    ];
    for (filter, expected) in cases {
        let reply = app.query(LEDGER, json!({ "uid": "ann", "filter": filter })).await;
        assert_eq!(reply.each(EDGES, "/node/amount"), expected, "{reply}");
        assert_eq!(reply.data("/wallet/transactions/totalCount"), expected.len(), "{reply}");
    }
}

/// A line is found by its number, and one that does not exist is null.
async fn a_line_is_found_by_its_number(app: TestApp) {
    app.given_wallet("ann", "7").await;
    let line = &app.ledger("ann").await[0];
    let document = "query($no: String!) { transaction(transactionNo: $no) { uid amount } }";
    let found = app.query(document, json!({ "no": line.transaction_no.as_str() })).await;
    assert_eq!(found.data("/transaction"), &json!({ "uid": "ann", "amount": "7.00" }));
    let none = app.query(document, json!({ "no": "TX-unknown" })).await;
    assert_eq!(none.data("/transaction"), &Value::Null);
}
