//! HTTP: health, pages, and what nobody should send.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

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

/// Each is answered soon, in a few words, with a code, and the server lives on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_documents_are_refused_quickly() {
    let app = TestApp::start().await;
    for (what, document) in hostile_documents() {
        let started = Instant::now();
        let reply = app.query(&document, Value::Null).await;
        let took = started.elapsed();
        let shown = reply.body.to_string();
        assert!(reply.error_code().is_some(), "{what}: HTTP {} {shown:.500}", reply.status);
        assert!(shown.len() < 2_000, "{what} is echoed: {shown:.500}");
        // A debug build on a busy machine; the point is that it is not minutes.
        assert!(took < Duration::from_secs(2), "{what} took {took:?}");
        assert_eq!(app.get("/healthz").await.0, 200, "after {what}");
    }
}

fn hostile_documents() -> Vec<(&'static str, String)> {
    let aliases = |count: usize| -> String {
        let fields = (0..count).map(|n| format!("a{n}:__typename "));
        format!("{{{}}}", fields.collect::<String>())
    };
    let nested = |depth: usize| format!("{}{}", "{wallet".repeat(depth), "}".repeat(depth));
    let doubling: String =
        (0..25).map(|n| format!("fragment f{n} on Query{{...f{0} ...f{0}}}", n + 1)).collect();
    let mutations: String = (0..1_000)
        .map(|n| format!("m{n}: deposit(input: {{idempotencyKey: \"key-{n:06}\", uid: \"a\", amount: \"1\"}}) {{ __typename }} "))
        .collect();
    vec![
        ("10,000 aliases", aliases(10_000)),
        ("50,000 aliases", aliases(50_000)),
        ("depth 1,000", nested(1_000)),
        ("depth 100,000", nested(100_000)),
        ("unclosed braces", "{".repeat(500_000)),
        ("unclosed lists", format!("{{ walletsByUid(uids: {}", "[".repeat(200_000))),
        ("directives", format!("{{ __typename {} }}", "@skip(if:false)".repeat(20_000))),
        ("fragment bomb", format!("{{...f0}} {doubling} fragment f25 on Query{{__typename}}")),
        ("fragment cycle", "{...a} fragment a on Query{...b} fragment b on Query{...a}".to_owned()),
        ("10,000 operations", "query q{__typename}".repeat(10_000)),
        ("1,000 mutations", format!("mutation {{ {mutations} }}")),
        ("a long name", format!("{{ {} }}", "x".repeat(900_000))),
    ]
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

/// A body that is larger than allowed is cut off, wherever its size is.
#[tokio::test]
async fn bodies_have_an_end() {
    let app = TestApp::start().await;
    let large = "x".repeat(20_000_000);
    for body in [
        json!({ "query": large }),
        json!({ "query": "{__typename}", "variables": { "x": large } }),
        json!({ "query": "{__typename}", "extensions": { "x": large } }),
    ] {
        let sent = app.request(Method::POST, "/graphql").json(&body).send().await;
        // The server may close the connection before it has read what it refused.
        if let Ok(response) = sent {
            assert_eq!(response.status(), 413);
        }
    }
    assert_eq!(app.get("/healthz").await.0, 200);
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
