//! Nobody can tell from an answer whether it was rendered.

mod json;
mod plan;
mod rows;

use async_graphql::{
    EmptyMutation, EmptySubscription, Object, Request, Response, Schema, Value, Variables,
    parser::parse_query,
};

use serde_json::json;

use super::*;
use crate::graphql::{
    connection::Connection, node::Node, order::Order, transaction::Transaction, wallet::Wallet,
};
use rows::{a_line, a_wallet, an_order, page};

struct Query;

#[Object]
impl Query {
    async fn orders(&self, n: u32) -> Rendered<Connection<Order>> {
        page((0..n).map(|n| an_order(&format!("ORDER_{n}"))).collect())
    }

    async fn lines(&self) -> Rendered<Connection<Transaction>> {
        let texts = ["plain", "", "\"\\/\u{8}\u{c}\n\r\t\u{1f}\u{7f}", "über 日本 🦀\u{2028}"];
        page(texts.into_iter().map(Some).chain([None]).map(a_line).collect())
    }

    async fn wallet(&self, there: bool) -> Option<Rendered<Wallet>> {
        there.then(|| Rendered(a_wallet()))
    }

    async fn list(&self) -> Vec<Option<Rendered<Wallet>>> {
        vec![Some(Rendered(a_wallet())), None]
    }

    async fn inner(&self) -> Self {
        Self
    }
}

type Small = Schema<Query, EmptyMutation, EmptySubscription>;

fn schema() -> Small {
    Small::build(Query, EmptyMutation, EmptySubscription).register_output_type::<Node>().finish()
}

/// The answer to a document, whether it was looked at or not.
async fn answer(schema: &Small, text: &str, looked_at: bool) -> Response {
    let conditions = ["yes", "no"].map(|name| match text.contains(&format!("${name}")) {
        true => format!("${name}: Boolean!,"),
        false => String::new(),
    });
    let text = match conditions.concat().as_str() {
        "" => text.to_owned(),
        declared => format!("query({declared}) {text}"),
    };
    let mut request =
        Request::new(&text).variables(Variables::from_json(json!({ "yes": true, "no": false })));
    if looked_at {
        request = request.data(Verdict::of(&parse_query(&text).unwrap()));
    }
    let response = schema.execute(request).await;
    assert!(response.errors.is_empty(), "{text}: {:?}", response.errors);
    response
}

fn holds_text(value: &Value) -> bool {
    match value {
        Value::Object(fields) => raw_text(fields).is_some() || fields.values().any(holds_text),
        Value::List(items) => items.iter().any(holds_text),
        _ => false,
    }
}

/// Documents that are rendered, at least in part.
const RENDERED: &[&str] = &[
    "{ orders(n: 3) { edges { node { orderNo uid amount profitAmount status createdAt } } } }",
    "{ orders(n: 2) { __typename edges { __typename cursor node { __typename id } } pageInfo {
        __typename hasNextPage hasPreviousPage startCursor endCursor } } }",
    "{ orders(n: 0) { edges { cursor } pageInfo { startCursor endCursor } } }",
    "{ orders(n: 1) { edges { node { a: uid b: uid uid uid a: uid uid: uid } } } }",
    "{ orders(n: 1) { edges { node { id orderNo uid periodNumber amount profitAmount likeCount
        shareCount followCount favoriteCount status version expireTime createdAt updatedAt source
        asOf } } } }",
    "{ lines { edges { node { id transactionNo uid type amount balanceBefore balanceAfter
        walletVersion operationId counterpartyUid orderNo status description createdAt } } } }",
    "{ wallet(there: true) { id uid balance currency status version createdAt updatedAt source
        asOf } }",
    "{ list { uid } wallet(there: false) { uid } }",
    "{ inner { inner { list { uid } } } a: inner { list { uid } } }",
    "{ orders(n: 1) { edges { node { ... { uid } ... on Order { id } ...f } } } }
        fragment f on Order { uid a: amount ...g } fragment g on Order { amount uid }",
    "{ orders(n: 1) { ...f } lines { ...g } } fragment f on OrderConnection { edges { ...h } }
        fragment g on TransactionConnection { edges { node { uid } } }
        fragment h on OrderEdge { cursor node { uid } }",
    "{ orders(n: 1) { edges { node { uid @skip(if: $yes) id @skip(if: $no)
        status @include(if: $yes) amount @include(if: $no) } } pageInfo @skip(if: $yes) { endCursor } } }",
    "{ orders(n: 1) { edges { node { ...f @include(if: $yes) ... @skip(if: $yes) { id } } } } }
        fragment f on Order { uid amount @include(if: $no) }",
    "{ orders(n: 1) { edges { node { uid @skip(if: $yes) } } } wallet(there: true) { uid @skip(if: $yes) } }",
];

/// Documents of which nothing may be rendered: objects are merged, or an interface is asked.
const EXECUTED: &[&str] = &[
    "{ orders(n: 2) { edges { node { uid } } edges { node { amount } } } }",
    "{ orders(n: 2) { edges { node { uid } node { amount } } } }",
    "{ list { uid } list { balance } }",
    "{ a: wallet(there: true) { uid } a: wallet(there: true) { balance uid } }",
    "{ inner { list { uid } } inner { list { balance } } }",
    "{ inner { inner { orders(n: 1) { edges { cursor } } } ...f } }
        fragment f on Query { inner { orders(n: 1) { edges { node { uid } } } } }",
    "{ ...f ...g } fragment f on Query { wallet(there: true) { uid } }
        fragment g on Query { wallet(there: true) { balance } }",
    "{ ...f ...f } fragment f on Query { list { uid } }",
    "{ orders(n: 1) { ...f ... on OrderConnection { pageInfo { endCursor } } } }
        fragment f on OrderConnection { pageInfo { hasNextPage } edges { cursor } }",
    "{ orders(n: 1) { pageInfo @skip(if: $yes) { endCursor } pageInfo { hasNextPage } } }",
    "{ wallet(there: true) { ... on Node { id } uid } }",
    "{ orders(n: 1) { edges { node { ...f } } } } fragment f on Node { id }",
];

/// Byte for byte the executor's answer, whether it is written by serde or by us.
#[tokio::test]
async fn nobody_can_tell() {
    let schema = schema();
    let documents = RENDERED.iter().map(|text| (text, true));
    let documents = documents.chain(EXECUTED.iter().map(|text| (text, false)));
    for (text, renders) in documents {
        let expected = answer(&schema, text, false).await;
        assert!(!holds_text(&expected.data), "rendered without having looked: {text}");
        let rendered = answer(&schema, text, true).await;
        assert_eq!(holds_text(&rendered.data), renders, "{text}");
        let expected = serde_json::to_string(&expected).unwrap();
        assert_eq!(to_json(&rendered).unwrap(), expected, "{text}");
        assert_eq!(serde_json::to_string(&rendered).unwrap(), expected, "{text}");
    }
}
