//! What is sent to bring a server down: each is answered soon, in a few words, with a code, and
//! others are served meanwhile.

use std::time::{Duration, Instant};

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

/// A debug build on a busy machine is some fifty times slower than what is promised.
const SOON: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 20 });
/// Longest answer to what is refused, in bytes.
const FEW_WORDS: usize = 2_000;

/// Documents.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_documents_are_refused_quickly() {
    let app = TestApp::start().await;
    for (what, document) in documents() {
        for body in [json!({ "query": document }), json!({ "query": document, "variables": {} })] {
            assert_refused(&app, what, body.to_string()).await;
        }
    }
}

/// Bodies that are no documents at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_bodies_are_refused_quickly() {
    let app = TestApp::start().await;
    for (what, body) in bodies() {
        assert_refused(&app, what, body).await;
    }
}

/// Documents within every limit, the worst that they let through, are answered or refused soon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_limits_let_through_is_bearable() {
    let app = TestApp::start().await;
    app.given_wallet("ann", "1").await;
    let wallet = |fields: String| format!("{{ wallet(uid: \"ann\") {{ {fields} }} }}");
    let chain: String =
        (0..30).map(|n| format!("fragment f{n} on Wallet {{ uid ...f{} }} ", n + 1)).collect();
    let pairs: String = (0..40).map(|n| format!("a{n}: balance ...f{n} ")).collect();
    let fragments: String =
        (0..40).map(|n| format!("fragment f{n} on Wallet {{ a{n}: balance uid }} ")).collect();
    for (what, document) in [
        ("one field 1,900 times", wallet("uid ".repeat(1_900))),
        ("99 aliases", wallet((0..99).map(|n| format!("a{n}: balance ")).collect())),
        (
            "a chain of fragments",
            wallet("...f0".into()) + &chain + "fragment f30 on Wallet { uid }",
        ),
        ("fragments side by side", wallet(pairs) + &fragments),
        ("inline fragments", wallet("... { ".repeat(50) + "uid" + &" }".repeat(50))),
        ("a long comment", format!("{{ viewer {{ uid }} }} # {}", "x".repeat(60_000))),
        ("1,900 spreads", wallet("...f ".repeat(900)) + "fragment f on Wallet { uid }"),
        ("a long string", "{ wallet(uid: \"".to_owned() + &"x".repeat(60_000) + "\") { uid } }"),
        ("a long unknown name", format!("{{ {} }}", "x".repeat(60_000))),
    ] {
        let started = Instant::now();
        let reply = app.query(&document, json!({})).await;
        let took = started.elapsed();
        assert!(took < SOON, "{what} took {took:?}");
        let size = reply.body.to_string().len();
        assert!(size < 10_000, "{what}: {size} bytes are answered: {:.300}", reply.body);
    }
}

/// A page of pages is refused for what it may come to, before anything is read.
#[tokio::test]
async fn lists_in_lists_have_a_price() {
    let app = TestApp::start().await;
    let document = "query($n: Int!) { wallets(first: $n) { edges { node { uid
        transactions(first: $n) { edges { node { amount type createdAt } } } } } } }";
    assert!(app.query(document, json!({ "n": 20 })).await.error_code().is_none());
    let reply = app.query(document, json!({ "n": 500 })).await;
    assert_eq!(reply.error_code(), Some("GRAPHQL_VALIDATION_FAILED"), "{reply}");
    assert_eq!(reply.body["errors"][0]["extensions"]["limit"], "--max-cost", "{reply}");
}

/// A body that is larger than allowed is cut off, wherever its size is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_have_an_end() {
    let app = TestApp::start().await;
    let large = "x".repeat(50_000_000);
    for body in [
        json!({ "query": large }),
        json!({ "query": "{__typename}", "operationName": large }),
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

/// While four clients send the worst, health is told at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_are_served_meanwhile() {
    let app = TestApp::start().await;
    let storm = async {
        join_all((0..4).map(|_| async {
            for (what, document) in documents() {
                assert_refused(&app, what, json!({ "query": document }).to_string()).await;
            }
        }))
        .await;
    };
    let mut slowest = Duration::ZERO;
    let watch = async {
        loop {
            let started = Instant::now();
            assert_eq!(app.get("/healthz").await.0, 200);
            slowest = slowest.max(started.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! { () = watch => {}, () = storm => {} }
    assert!(slowest < SOON * 3, "/healthz took {slowest:?}");
}

async fn assert_refused(app: &Client, what: &str, body: String) {
    let started = Instant::now();
    let request = app.request(Method::POST, "/graphql").header("content-type", "application/json");
    let response = request.body(body).send().await.unwrap();
    let (status, text) = (response.status(), response.text().await.unwrap());
    let took = started.elapsed();
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    let code = answer.pointer("/errors/0/extensions/code");
    assert!(code.is_some() && !status.is_server_error(), "{what}: HTTP {status} {text:.500}");
    assert!(text.len() < FEW_WORDS, "{what} is echoed: {text:.500}");
    // Four at once share what there is.
    assert!(took < SOON * 4, "{what} took {took:?}");
}

fn documents() -> Vec<(&'static str, String)> {
    let aliases = |count: usize| -> String {
        let fields = (0..count).map(|n| format!("a{n}:__typename "));
        format!("{{{}}}", fields.collect::<String>())
    };
    let nested = |depth: usize| format!("{}{}", "{a".repeat(depth), "}".repeat(depth));
    let doubling: String =
        (0..25).map(|n| format!("fragment f{n} on Query{{...f{0} ...f{0}}}", n + 1)).collect();
    let mutations: String = (0..1_000)
        .map(|n| format!("m{n}: deposit(input: {{idempotencyKey: \"key-{n:06}\", uid: \"a\", amount: \"1\"}}) {{ __typename }} "))
        .collect();
    let few: String = (0..60)
        .map(|n| format!("m{n}: deposit(input: {{idempotencyKey: \"key-{n:06}\", uid: \"a\", amount: \"1\"}}) {{ __typename }} "))
        .collect();
    vec![
        ("10,000 aliases", aliases(10_000)),
        ("100,000 aliases", aliases(100_000)),
        ("5,000 aliases within the bytes", aliases(3_800)),
        ("depth 1,000", nested(1_000)),
        ("depth 1,000,000", nested(300_000)),
        ("unclosed braces", "{".repeat(900_000)),
        ("unclosed lists", format!("{{ walletsByUid(uids: {}", "[".repeat(900_000))),
        ("lists within the bytes", format!("{{ walletsByUid(uids: {}", "[".repeat(60_000))),
        ("directives", format!("{{ __typename {} }}", "@skip(if:false)".repeat(4_000))),
        ("60,000 directives", format!("{{ __typename {} }}", "@a ".repeat(60_000))),
        ("fragment bomb", format!("{{...f0}} {doubling} fragment f25 on Query{{__typename}}")),
        ("fragment cycle", "{...a} fragment a on Query{...b} fragment b on Query{...a}".to_owned()),
        ("10,000 operations", "query q{__typename}".repeat(10_000)),
        ("3,000 operations within the bytes", "query q{__typename}".repeat(3_000)),
        ("1,000 mutations", format!("mutation {{ {mutations} }}")),
        ("60 mutations", format!("mutation {{ {few} }}")),
        ("a long name", format!("{{ {} }}", "x".repeat(900_000))),
        (
            "a list of 100,000",
            format!("{{ walletsByUid(uids: [{}]) {{ uid }} }}", "\"a\",".repeat(100_000)),
        ),
        ("nothing", String::new()),
        ("no GraphQL", "\u{feff}\u{0}%%%".to_owned()),
    ]
}

fn bodies() -> Vec<(&'static str, String)> {
    let query = "{\"query\":\"{ __typename }\",\"variables\":";
    let uids = vec!["u000001"; 90_000];
    let list = json!({ "query": "query($u: [ID!]!) { walletsByUid(uids: $u) { uid } }", "variables": { "u": uids } });
    let wide: String = (0..50_000).map(|n| format!("\"v{n}\":1,")).collect();
    vec![
        ("a list of 90,000 in variables", list.to_string()),
        ("deep objects", format!("{query}{}1{}}}", "{\"a\":".repeat(100_000), "}".repeat(100_000))),
        (
            "deep lists",
            format!("{query}{{\"a\":{}{}}}}}", "[".repeat(400_000), "]".repeat(400_000)),
        ),
        ("a batch of 10,000", format!("[{}{{}}]", "{\"query\":\"{__typename}\"},".repeat(10_000))),
        ("a large number", format!("{{\"query\":1{}}}", "0".repeat(500_000))),
        ("many keys", format!("{{{wide}\"query\":1}}")),
        ("many small objects", format!("{query}{{\"a\":[{}{{}}]}}}}", "{},".repeat(300_000))),
        ("unclosed", "{\"query\":\"".to_owned() + &"x".repeat(900_000)),
        ("escapes", format!("{{\"query\":\"{}\"}}", "\\u0000".repeat(100_000))),
    ]
}
