//! Lists that are written past the executor say what the executor would have said.
//!
//! Each document is sent twice: as it is, and with a field that selects the same object in two
//! pieces. Two pieces have to be merged, so that the second one is the executor's alone.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, on_every_backend, steps::fresh_key};

const PERIOD: &str = "20241201_001";
const WHOLE: &str = "viewer { uid roles }";
const IN_PIECES: &str = "viewer { uid } viewer { roles }";

on_every_backend! {
    nobody_can_tell_from_an_answer,
    nobody_can_tell_on_a_stream,
    a_payload_says_what_it_did,
}

/// What is selected on the first level, and the fragments of that.
const READS: &[(&str, &str)] = &[
    ("wallet(uid: \"ann\") { uid balance currency status updatedAt }", ""),
    ("wallet(uid: \"ann\") { __typename id uid uid b: balance balance version createdAt }", ""),
    ("wallet(uid: \"nobody\") { uid transactions { totalCount } }", ""),
    (
        "walletsByUid(uids: [\"bob\", \"nobody\", \"ann\", \"bob\"]) { uid balance currency
            transactions(first: 5) { edges { node { transactionNo type amount balanceAfter
            createdAt } } } }",
        "",
    ),
    (
        "walletsByUid(uids: [\"ann\", \"eve\"]) { last: transactions(last: 2) { ...page } uid
            none: transactions(first: 0) { ...page } lock { held } __typename
            some: transactions(first: 1, filter: { types: [WITHDRAW] }) { ...page totalCount } }",
        "fragment page on TransactionConnection { __typename edges { __typename cursor node {
            __typename id transactionNo uid type amount balanceBefore balanceAfter walletVersion
            operationId counterpartyUid orderNo status description createdAt } }
            pageInfo { __typename hasNextPage hasPreviousPage startCursor endCursor } }",
    ),
    (
        "wallet(uid: \"ann\") { orders(first: 2) { totalCount pageInfo { endCursor } edges {
            cursor node { orderNo } } } transactions(before: \"dmVyc2lvbjoz\", last: 1) {
            edges { node { description } } pageInfo { hasPreviousPage hasNextPage } } }",
        "",
    ),
    (
        "wallets(first: 2) { edges { cursor node { id uid version source } } totalCount
            pageInfo { endCursor } }",
        "",
    ),
    (
        "wallets(first: 3, after: \"d2FsbGV0OmFubg\") { edges { node { uid
            transactions { totalCount edges { node { amount } } } } } pageInfo { startCursor } }",
        "",
    ),
    (
        "ordersByPeriod(periodNumber: $period, first: 500) { edges { node { orderNo uid amount
            profitAmount status createdAt } } }",
        "",
    ),
    (
        "ordersByPeriod(periodNumber: $period, last: 2) { totalCount edges { node { ...order
            ... on Node { id } } } }",
        "fragment order on Order { id periodNumber likeCount shareCount followCount favoriteCount
            ...more } fragment more on Order { version expireTime updatedAt source asOf }",
    ),
    (
        "ordersByPeriod(periodNumber: \"20241201_002\") { totalCount edges { node { uid } }
            pageInfo { hasNextPage startCursor } }",
        "",
    ),
    (
        "order(by: { orderNo: \"ORDER_20241201_001_0001\" }) { uid @skip(if: $yes) id @skip(if: $no)
            ...f @include(if: $no) ... @include(if: $yes) { amount status @include(if: $no) } }",
        "fragment f on Order { orderNo }",
    ),
    ("wallet(uid: \"ann\") { uid @skip(if: $yes) } order(by: { orderNo: \"none\" }) { uid }", ""),
    (
        "a: wallet(uid: \"ann\") { transactions { edges { node { uid } } edges { cursor } } }
            b: walletsByUid(uids: [\"ann\"]) { uid } b: walletsByUid(uids: [\"ann\"]) { balance }",
        "",
    ),
    // There is no such version yet: one field fails, and stands beside others that do not.
    (
        "wallet(uid: \"ann\", minVersion: 999) { uid transactions { edges { cursor } } }
            walletsByUid(uids: [\"bob\"]) { uid }",
        "",
    ),
];

async fn given_rows(app: &TestApp) {
    for uid in ["ann", "bob", "eve"] {
        app.given_wallet(uid, "100").await;
    }
    for text in ["\"quoted\" \\ /", "tom & jerry", "日本 🦀 \u{2028}", "</script>"] {
        let input = json!({ "idempotencyKey": fresh_key(), "uid": "ann", "amount": "0.0001",
            "description": text });
        app.change("withdraw", "WithdrawInput", "errors { code }", input).await.unwrap();
    }
    app.transfer("ann", "bob", "1.5").await.unwrap();
    app.given_orders("ann", PERIOD, 3).await;
}

fn document(selected: &str, viewer: &str, fragments: &str) -> String {
    let declared = [("$period", "String"), ("$yes", "Boolean"), ("$no", "Boolean")];
    let used =
        declared.iter().filter(|(name, _)| selected.contains(name) || fragments.contains(name));
    let used: String = used.map(|(name, kind)| format!("{name}: {kind}! ")).collect();
    let variables = if used.is_empty() { used } else { format!("({used})") };
    format!("query{variables} {{ {selected} {viewer} }} {fragments}")
}

async fn sent(client: &Client, path: &str, document: &str) -> String {
    let variables = json!({ "period": PERIOD, "yes": true, "no": false });
    let body = json!({ "query": document, "variables": variables });
    let stream = path == "/graphql/stream";
    let accept = if stream { "text/event-stream" } else { "application/json" };
    let request = client.request(Method::POST, path).header("accept", accept).json(&body);
    request.send().await.unwrap().text().await.unwrap()
}

/// Whatever is selected, and however: not a byte differs.
async fn nobody_can_tell_from_an_answer(app: TestApp) {
    given_rows(&app).await;
    for (selected, fragments) in READS {
        let [whole, pieces] =
            [WHOLE, IN_PIECES].map(|viewer| document(selected, viewer, fragments));
        // What is not cached yet says so.
        for _ in 0..2 {
            sent(&app, "/graphql", &whole).await;
        }
        let rendered = sent(&app, "/graphql", &whole).await;
        assert!(rendered.contains(r#"["USER","OPERATOR","ADMIN"]"#), "{whole}\n{rendered}");
        assert_eq!(rendered, sent(&app, "/graphql", &pieces).await, "{whole}");
    }
}

/// The same as events, on a stream and on a socket: of a query and of a subscription.
async fn nobody_can_tell_on_a_stream(app: TestApp) {
    given_rows(&app).await;
    let (selected, fragments) = READS[3];
    let [whole, pieces] = [WHOLE, IN_PIECES].map(|viewer| document(selected, viewer, fragments));
    sent(&app, "/graphql", &whole).await;
    let answer: Value = serde_json::from_str(&sent(&app, "/graphql", &whole).await).unwrap();
    for document in [&whole, &pieces] {
        let events = sent(&app, "/graphql/stream", document).await;
        let data = events.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or_default();
        assert_eq!(serde_json::from_str::<Value>(data).unwrap(), answer, "{document}\n{events}");
        let mut socket = app.socket().await;
        socket.subscribe("1", document, json!({})).await;
        assert_eq!(socket.receive().await["payload"], answer, "{document}");
    }
    let lines = "transactions(first: 2) { edges { node { amount description } } }";
    let mut events = Vec::new();
    for wallet in
        [format!("wallet {{ uid {lines} }}"), format!("wallet {{ uid }} wallet {{ {lines} }}")]
    {
        let document = format!("subscription {{ balanceUpdated(uids: [\"ann\"]) {{ {wallet} }} }}");
        events.push(app.watch(&document, json!({})).await.next().await);
    }
    assert_eq!(events[0], events[1]);
    assert_eq!(events[0]["wallet"]["transactions"]["edges"][0]["node"]["amount"], "-1.50");
}

/// What a mutation did can be asked of its payload, list and all.
async fn a_payload_says_what_it_did(app: TestApp) {
    given_rows(&app).await;
    let input = json!({ "idempotencyKey": fresh_key(), "uid": "ann", "amount": "7" });
    let lines = "transactions(first: 2) { edges { cursor node { amount description } } }";
    let mut payloads = Vec::new();
    for wallet in
        [format!("wallet {{ uid {lines} }}"), format!("wallet {{ uid }} wallet {{ {lines} }}")]
    {
        let reply = app.mutate("deposit", "DepositInput", &wallet, input.clone()).await;
        payloads.push(reply.data("/deposit").clone());
    }
    assert_eq!(payloads[0], payloads[1]);
    let newest = &payloads[0]["wallet"]["transactions"]["edges"][0]["node"];
    assert_eq!(newest, &json!({ "amount": "7.00", "description": null }));
}
