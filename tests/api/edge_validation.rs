//! A document that was seen before is answered as at first: what is remembered of it is that it
//! is valid, never what somebody else sent with it.

use serde_json::{Value, json};

use crate::support::TestApp;

const WALLET: &str = "query Own($uid: ID!, $first: Int, $no: Boolean! = false) {
    wallet(uid: $uid, consistency: CACHED) {
        uid balance @skip(if: $no) transactions(first: $first) { totalCount } } }";
const WALLETS: &str = "query($filter: WalletFilter) { wallets(filter: $filter) { totalCount } }";
const SUM: &str = "query($uid: ID!, $amount: Decimal!, $how: Consistency = LATEST) {
    balanceSufficient(uid: $uid, amount: $amount) wallet(uid: $uid, consistency: $how) { uid } }";

/// Wrong values are refused in the same words whether the document was valid a hundred times
/// before or never seen.
#[tokio::test]
async fn a_remembered_document_does_not_vouch_for_its_variables() {
    let (veteran, fresh) = (TestApp::start().await, TestApp::start().await);
    for app in [&veteran, &fresh] {
        app.given_wallet("ann", "5").await;
    }
    let good = [
        (WALLET, json!({ "uid": "ann", "first": 1 })),
        (WALLETS, json!({ "filter": { "status": "ACTIVE" } })),
        (SUM, json!({ "uid": "ann", "amount": "1" })),
    ];
    for (document, variables) in good {
        for _ in 0..3 {
            let reply = veteran.query(document, variables.clone()).await;
            assert!(reply.error_code().is_none(), "{reply}");
        }
    }
    for (document, variables) in wrong_variables() {
        let expected = fresh.query(document, variables.clone()).await;
        assert!(expected.error_code().is_some(), "it should be wrong: {expected}");
        for _ in 0..3 {
            let reply = veteran.query(document, variables.clone()).await;
            assert_eq!((reply.status, &reply.body), (expected.status, &expected.body), "{reply}");
        }
    }
}

fn wrong_variables() -> Vec<(&'static str, Value)> {
    vec![
        (WALLET, json!({})),
        (WALLET, json!({ "uid": null })),
        (WALLET, json!({ "uid": true })),
        (WALLET, json!({ "uid": ["ann", "bob"] })),
        (WALLET, json!({ "uid": { "uid": "ann" } })),
        (WALLET, json!({ "uid": "ann", "first": "1" })),
        (WALLET, json!({ "uid": "ann", "first": 1.5 })),
        (WALLET, json!({ "uid": "ann", "first": 99_999_999_999_i64 })),
        (WALLET, json!({ "uid": "ann", "no": null })),
        (WALLET, json!({ "uid": "ann", "no": "true" })),
        (WALLET, json!({ "uid": "ann", "no": 1 })),
        (WALLETS, json!({ "filter": { "status": "ACTIVE", "nonsense": 1 } })),
        (WALLETS, json!({ "filter": { "status": "NONSENSE" } })),
        (WALLETS, json!({ "filter": "ACTIVE" })),
        (SUM, json!({ "uid": "ann", "amount": 1 })),
        (SUM, json!({ "uid": "ann", "amount": "one" })),
        (SUM, json!({ "uid": "ann", "amount": "1", "how": "NONSENSE" })),
        (SUM, json!({ "uid": "ann", "amount": "1", "how": 1 })),
    ]
}

/// What is not valid stays so, however often it is sent.
#[tokio::test]
async fn an_invalid_document_is_refused_every_time() {
    let app = TestApp::start().await;
    app.given_wallet("ann", "5").await;
    for document in [
        "{ wallet(uid: \"ann\") { nonsense } }",
        "{ wallet(uid: \"ann\") { a: balance a: version } }",
        "{ wallet(uid: \"ann\") { ...f } } fragment f on Order { uid }",
        "{ wallet(uid: \"ann\") }",
        "{ wallet(uid: \"ann\", nonsense: 1) { uid } }",
        "query($uid: Int!) { wallet(uid: $uid) { uid } }",
        "query($unused: Int) { wallet(uid: \"ann\") { uid } }",
        "{ wallet(uid: $undeclared) { uid } }",
        "{ wallets(filter: { nonsense: 1 }) { totalCount } }",
        "{ wallet(uid: \"ann\") { uid @skip(if: 1) } }",
        "query a { wallet(uid: \"ann\") { uid } } query b { nonsense }",
    ] {
        let first = app.query(document, json!({ "uid": 1 })).await;
        let code = first.error_code();
        assert!(
            matches!(code, Some("GRAPHQL_VALIDATION_FAILED" | "BAD_USER_INPUT")),
            "it should be refused: {first}"
        );
        assert!(first.body.get("data").is_none_or(Value::is_null), "{first}");
        for _ in 0..2 {
            let again = app.query(document, json!({ "uid": 1 })).await;
            assert_eq!((again.status, &again.body), (first.status, &first.body), "{again}");
        }
    }
}

/// The same text chooses its operation anew each time.
#[tokio::test]
async fn a_second_operation_is_its_own() {
    let app = TestApp::start().await;
    app.given_wallet("ann", "5").await;
    let document = "query a { wallet(uid: \"ann\") { uid } } query b($uid: ID!) { wallet(uid: $uid) { balance } }";
    let ask = async |name: Option<&str>, variables: Value| {
        let body = json!({ "query": document, "operationName": name, "variables": variables });
        let answer = app.request(reqwest::Method::POST, "/graphql").json(&body).send().await;
        answer.unwrap().json::<Value>().await.unwrap()
    };
    for _ in 0..3 {
        let answer = ask(Some("a"), json!({})).await;
        assert_eq!(answer["data"], json!({ "wallet": { "uid": "ann" } }), "{answer}");
        let answer = ask(Some("b"), json!({ "uid": "ann" })).await;
        assert_eq!(answer["data"], json!({ "wallet": { "balance": "5.00" } }), "{answer}");
        for (name, variables) in [(Some("b"), json!({})), (None, json!({})), (Some("c"), json!({}))]
        {
            let answer = ask(name, variables).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
        }
    }
}

/// A condition's default counts where its variable is left out.
#[tokio::test]
async fn a_condition_has_its_default() {
    let app = TestApp::start().await;
    let document = "query($on: Boolean! = true) { viewer @include(if: $on) { uid } }";
    for _ in 0..3 {
        let reply = app.query(document, json!({})).await;
        assert_eq!(reply.data("/viewer/uid"), "admin");
        let reply = app.query(document, json!({ "on": false })).await;
        assert_eq!(reply.data(""), &json!({}));
    }
}

/// What is too much or too little of something is refused before anything is done, too: lists,
/// pages (if in what a mutation answers with), cursors and texts.
#[tokio::test]
async fn what_is_out_of_bounds_is_refused_before_anything_is_done() {
    let app = TestApp::start().await;
    app.given_wallet("ann", "5").await;
    let deposit = |inside: &str| {
        format!(
            "deposit(input: {{ idempotencyKey: \"a-good-key\", uid: \"ann\", amount: \"1\" }})
            {{ wallet {{ balance {inside} }} }}"
        )
    };
    let status = |uids: &[&str]| {
        format!(
            "setWalletStatus(input: {{ idempotencyKey: \"other-key\", uids: {uids:?},
            status: FROZEN, reason: \"a reason\" }}) {{ errors {{ code }} }}"
        )
    };
    let batch = "batchBalanceOperation(input: { idempotencyKey: \"other-key\", operations: [] })
        { errors { code } }";
    let rewards = "batchReward(input: { idempotencyKey: \"other-key\", rewards: [] })
        { errors { code } }";
    let cache = format!(
        "warmCache(input: {{ idempotencyKey: \"other-key\", target: {{ walletUids: {:?} }} }})
        {{ affectedKeys }}",
        vec!["ann"; 1_001]
    );
    let release = format!(
        "forceReleaseLock(input: {{ idempotencyKey: \"other-key\", uid: \"ann\", reason: \"r\",
        expectedHolder: \"{}\" }}) {{ errors {{ code }} }}",
        "x".repeat(257)
    );
    let page = |arguments: &str| deposit(&format!("transactions({arguments}) {{ totalCount }}"));
    let good = deposit("");
    for (second, argument) in [
        (status(&[]), "input.uids"),
        (status(&["ann"; 501]), "input.uids"),
        (batch.to_owned(), "input.operations"),
        (rewards.to_owned(), "input.rewards"),
        (cache, "input.target.walletUids"),
        (release, "input.expectedHolder"),
        (page("first: -1"), "first"),
        (page("last: 501"), "last"),
        (page("first: 1, last: 1"), "last"),
        (page("after: \"nonsense\""), "after"),
        (page("filter: { operationId: \"a b\" }"), "filter.operationId"),
        (deposit("orders(first: 501) { totalCount }"), "first"),
    ] {
        let document = format!("mutation {{ {good} second: {second} }}");
        for _ in 0..2 {
            let reply = app.query(&document, json!({})).await;
            let error = &reply.body["errors"][0];
            assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{reply}");
            assert_eq!(error["extensions"]["argument"], argument, "{reply}");
            assert!(reply.body["data"].is_null(), "{reply}");
        }
    }
    let oneof = "warmCache(input: { idempotencyKey: \"other-key\", target: { walletUids: $uids } })
        { affectedKeys }";
    let whole = "warmCache(input: $whole) { affectedKeys }";
    for (variable, second, argument) in [
        ("$uids: [ID!]", oneof, "input.target.walletUids"),
        ("$whole: CacheInput!", whole, "input"),
    ] {
        let document = format!("mutation({variable}) {{ {good} second: {second} }}");
        let reply = app.query(&document, json!({ "whole": 5 })).await;
        let error = &reply.body["errors"][0];
        assert_eq!(error["extensions"]["argument"], argument, "{reply}");
    }
    assert_eq!(app.balance("ann").await, "5.00");
    let paged = "mutation($n: Int) { deposit(input: { idempotencyKey: \"paged-key\", uid: \"ann\",
        amount: \"1\" }) { operation { replayed } wallet { transactions(first: $n) { totalCount } } } }";
    for (n, done) in [(1, true), (501, false), (-1, false), (500, true)] {
        let reply = app.query(paged, json!({ "n": n })).await;
        assert_eq!(reply.error_code().is_none(), done, "{reply}");
    }
}

/// One malformed amount, key or name in a request, and nothing of it is done, whichever way it is
/// written; who asks is told which one it is.
#[tokio::test]
async fn what_is_malformed_is_refused_before_anything_is_done() {
    let app = TestApp::start().await;
    app.given_wallet("ann", "5").await;
    let deposit = |key: &str, uid: &str, amount: &str| {
        format!(
            "deposit(input: {{ idempotencyKey: \"{key}\", uid: \"{uid}\", amount: \"{amount}\" }})
            {{ wallet {{ balance }} }}"
        )
    };
    let good = deposit("first-key-1", "ann", "1");
    let batch = "batchBalanceOperation(input: $batch) { errors { code } }";
    let items = json!([{ "uid": "ann", "kind": "ADD", "amount": "1" },
        { "uid": "ann", "kind": "ADD", "amount": "1.23456" }]);
    for (second, argument) in [
        (deposit("second-key", "ann", "1.23456"), "input.amount"),
        (deposit("2nd-key", "ann", "1"), "input.idempotencyKey"),
        (deposit("second-key", "{ann}", "1"), "input.uid"),
        (batch.to_owned(), "input.operations.1.amount"),
    ] {
        let document =
            format!("mutation($batch: BatchBalanceOperationInput!) {{ {good} second: {second} }}");
        let document = match second == batch {
            true => document,
            false => document.replace("($batch: BatchBalanceOperationInput!)", ""),
        };
        let batch = json!({ "idempotencyKey": "batch-key-1", "operations": items });
        for _ in 0..2 {
            let reply = app.query(&document, json!({ "batch": batch })).await;
            assert_eq!(reply.error_code(), Some("BAD_USER_INPUT"), "{reply}");
            let error = &reply.body["errors"][0];
            assert_eq!(error["extensions"]["argument"], argument, "{reply}");
            assert!(error.get("path").is_none() && reply.body["data"].is_null(), "{reply}");
        }
    }
    assert_eq!(app.balance("ann").await, "5.00");
    let mut socket = app.socket().await;
    let watch = "subscription { balanceUpdated(uids: [\"ann\", \"{ann}\"]) { snapshot } }";
    socket.subscribe("1", watch, json!({})).await;
    let message = socket.receive().await;
    assert_eq!(message["type"], "error", "{message}");
    assert_eq!(message["payload"][0]["extensions"]["argument"], "uids.1", "{message}");
}

/// A variable without a value where there has to be one is told before anything is done, in the
/// first request and after good ones; so is what async-graphql does not look at beside it.
#[tokio::test]
async fn a_variable_that_lacks_its_value_is_refused_before_anything_is_done() {
    let app = TestApp::start().await;
    app.given_wallet("ann", "5").await;
    let second = |rest: &str| format!("second: {rest} {{ errors {{ code }} }}");
    let status = |uids: &str| {
        second(&format!(
            "setWalletStatus(input: {{ idempotencyKey: $other, uids: {uids}, status: ACTIVE,
            reason: \"r\" }})"
        ))
    };
    let batch =
        second("batchBalanceOperation(input: { idempotencyKey: $other, operations: [$v] })");
    let open = second("openWallet(input: { idempotencyKey: $other, uid: \"new\", currency: $v })");
    let cache = "second: warmCache(input: { idempotencyKey: $other,
        target: { walletUids: [\"ann\", $v] } }) { affectedKeys }";
    let skip = second(
        "transfer(input: { idempotencyKey: $other, fromUid: \"ann\", toUid: \"bob\",
        amount: \"1\" }) @skip(if: $v)",
    );
    let withdraw = second("withdraw(input: { uid: \"ann\", amount: \"1\", description: $v })");
    let (left_out, null) = (json!({}), json!({ "v": null }));
    let both = vec![left_out.clone(), null.clone()];
    let item = json!({ "uid": "ann", "kind": "ADD", "amount": "1" });
    let cases = [
        ("$v: ID", status("[\"ann\", $v]"), Some(json!("ann")), both.clone()),
        ("$v: ID", cache.to_owned(), Some(json!("ann")), both.clone()),
        ("$v: BalanceOperationInput", batch, Some(item), both.clone()),
        ("$v: String", open, Some(json!("PHP")), vec![null]),
        ("$v: Boolean", skip, Some(json!(true)), both),
        ("$v: String", withdraw, None, vec![left_out]),
    ];
    for (n, (variable, second, good, wrong)) in cases.into_iter().enumerate() {
        let document = format!(
            "mutation($key: IdempotencyKey!, $other: IdempotencyKey!, {variable}) {{
                deposit(input: {{ idempotencyKey: $key, uid: \"ann\", amount: \"1\" }})
                {{ errors {{ code }} }} {second} }}"
        );
        let document = match second.contains("$other") {
            true => document,
            false => document.replace("$other: IdempotencyKey!, ", ""),
        };
        let keyed = |mut variables: Value, round: usize| {
            variables["key"] = json!(format!("deposit-{n}-{round}"));
            variables["other"] = json!(format!("another-{n}-{round}"));
            variables
        };
        for round in 0..2 {
            let before = app.balance("ann").await;
            for wrong in &wrong {
                let reply = app.query(&document, keyed(wrong.clone(), round)).await;
                assert_eq!(reply.error_code(), Some("BAD_USER_INPUT"), "{reply}");
                assert!(reply.body["data"].is_null(), "{reply}");
            }
            assert_eq!(app.balance("ann").await, before, "{document}");
            if let Some(good) = &good {
                let reply = app.query(&document, keyed(json!({ "v": good }), round)).await;
                assert!(reply.error_code().is_none(), "{reply}");
            }
        }
    }
}

/// Fragments and variables of the document's other operations are not this one's.
#[tokio::test]
async fn what_another_operation_uses_is_not_looked_at() {
    let app = TestApp::start().await;
    app.given_wallet("ann", "5").await;
    let document = "query A { wallet(uid: \"ann\") { uid } }
        query B($u: ID!, $n: Int) { ...F }
        fragment F on Query { wallet(uid: $u) { transactions(first: $n) { totalCount } } }";
    for variables in [json!({}), json!({ "n": -1 }), json!({ "u": "{}", "n": "x" })] {
        let body = json!({ "query": document, "operationName": "A", "variables": variables });
        let answer = app.request(reqwest::Method::POST, "/graphql").json(&body).send().await;
        let answer: Value = answer.unwrap().json().await.unwrap();
        assert_eq!(answer, json!({ "data": { "wallet": { "uid": "ann" } } }), "{variables}");
    }
}
