//! HTTP: health, pages, and what nobody should send.

use reqwest::Method;
use serde_json::json;

use crate::support::{TestApp, on_every_backend};

on_every_backend! {
    health_is_told,
}

/// It lives, it is ready, and its numbers can be collected.
async fn health_is_told(app: TestApp) {
    app.given_wallet("ann", "1").await;
    for path in ["/healthz", "/readyz"] {
        let (status, text) = app.get(path).await;
        assert_eq!(status, 200, "{path}: {text}");
    }
    let (status, text) = app.get("/metrics").await;
    assert_eq!(status, 200, "{text}");
}

/// The playground needs nothing from elsewhere.
#[tokio::test]
async fn the_playground_works_without_internet() {
    let app = TestApp::start().await;
    let (status, page) = app.get("/playground").await;
    assert_eq!(status, 200, "{page}");
    let outside = |page: &str| {
        let sources = page.match_indices("src=\"").chain(page.match_indices("href=\""));
        sources
            .map(|(at, _)| page[at..].split('"').nth(1).unwrap_or_default().to_owned())
            .filter(|link| link.starts_with("http") || link.starts_with("//"))
            .collect::<Vec<_>>()
    };
    assert_eq!(outside(&page), Vec::<String>::new());
}

/// Answers carry a request id: the caller's if it is sane, else a new one.
#[tokio::test]
async fn requests_have_ids() {
    let app = TestApp::start().await;
    let ask = |id: String| {
        let body = json!({ "query": "{ __typename }" });
        app.request(Method::POST, "/graphql").header("x-request-id", id).json(&body).send()
    };
    let kept = ask("abc-123".to_owned()).await.unwrap();
    assert_eq!(kept.headers()["x-request-id"], "abc-123");
    let replaced = ask("x".repeat(1_000)).await.unwrap();
    assert!(replaced.headers()["x-request-id"].len() <= 64);
}

/// Mutations are not for GET, forms are not for GraphQL, and several at once are refused.
#[tokio::test]
async fn only_what_graphql_over_http_allows() {
    let app = TestApp::start().await;
    let (status, text) = app.get("/graphql?query=%7B__typename%7D").await;
    assert_eq!(status, 200, "{text}");
    let (status, text) = app.get("/graphql?query=mutation%7B__typename%7D").await;
    assert_eq!(status, 405, "{text}");
    let post = |content_type: &'static str, body: String| {
        app.request(Method::POST, "/graphql").header("content-type", content_type).body(body).send()
    };
    let query = json!({ "query": "{ __typename }" });
    for form in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    {
        assert_eq!(post(form, query.to_string()).await.unwrap().status(), 415, "{form}");
    }
    let batch = json!([query, query]).to_string();
    assert_eq!(post("application/json", batch).await.unwrap().status(), 400);
    assert_eq!(post("application/json", "{".to_owned()).await.unwrap().status(), 400);
}

/// A list that is longer than allowed is refused before anything is looked up.
#[tokio::test]
async fn lists_have_an_end() {
    let app = TestApp::start().await;
    let uids: Vec<_> = (0..20_000).map(|n| format!("u{n}")).collect();
    let document = "query($uids: [ID!]!) { walletsByUid(uids: $uids) { uid } }";
    let reply = app.query(document, json!({ "uids": uids })).await;
    assert_eq!(reply.error_code(), Some("BAD_USER_INPUT"), "{:.500}", reply.body);
}

/// SQL, Lua and key syntax in the places of names are names that do not fit.
#[tokio::test]
async fn names_are_not_code() {
    let app = TestApp::start().await;
    let document = "query($uid: ID!) { wallet(uid: $uid) { balance } }";
    for uid in
        ["'; DROP TABLE wallets; --", "a' OR '1'='1", "*", "{slot}", "a\u{0}b", "ann\r\nFLUSHALL"]
    {
        let reply = app.query(document, json!({ "uid": uid })).await;
        assert_eq!(reply.error_code(), Some("BAD_USER_INPUT"), "{reply}");
    }
}
