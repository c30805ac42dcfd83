//! The whole service, started and stopped.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::config::testing;

fn config(folder: &tempfile::TempDir, flags: &[&str]) -> Config {
    let url = format!("--database-url=sqlite://{}/test.db", folder.path().display());
    let flags: Vec<&str> = std::iter::once(url.as_str()).chain(flags.iter().copied()).collect();
    testing::parse(&flags).unwrap()
}

#[tokio::test]
async fn without_a_key_it_says_what_to_set() {
    let folder = tempfile::tempdir().unwrap();
    let error = App::build(config(&folder, &[])).await.err().unwrap().to_string();
    assert!(error.contains("JWT_SECRET") && error.contains("--demo"), "{error}");
}

#[tokio::test]
async fn a_demo_answers_and_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::build(config(&folder, &["--demo"])).await.unwrap();
    let token = app.demo_tokens().unwrap().user.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(app.serve(listener, async { drop(stopped.await) }));

    let query = json!({"query": "{ wallet(uid: \"u000001\") { uid balance } }"});
    let client = reqwest::Client::new();
    let answer = client.post(&url).bearer_auth(token).json(&query).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["data"]["wallet"]["uid"], "u000001", "{answer}");

    stop.send(()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(5), server).await.expect("it ends");
    ended.unwrap().unwrap();
    assert!(client.post(&url).json(&query).send().await.is_err(), "nobody listens any more");
}
