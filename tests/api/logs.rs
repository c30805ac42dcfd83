//! What is logged, and how.

use serde_json::{Value, json};

use crate::support::{Backend, engine::Ground, process::Program};

async fn program(ground: &Ground, more: &[&str]) -> Program {
    let flags = ground.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
    Program::serve(&flags).await
}

/// Each line is one JSON object, also of what goes wrong; an operation that is slow is one of
/// them, with its name and the id that its client knows.
#[tokio::test]
async fn slow_operations_are_logged_as_json() {
    let ground = Ground::on(Backend::Embedded).await;
    let program = program(&ground, &["--log-format=json", "--slow-operation=1ms"]).await;
    program.given_wallet("ann", "1").await;
    // A change is fsynced, which takes a millisecond anywhere.
    let input = json!({ "idempotencyKey": "slow-0001", "uid": "ann", "amount": "1" });
    let document =
        "mutation Slow($input: DepositInput!) { deposit(input: $input) { wallet { uid } } }";
    let body = json!({ "query": document, "variables": { "input": input } });
    let request =
        program.request(reqwest::Method::POST, "/graphql").header("x-request-id", "it-is-me");
    assert_eq!(request.json(&body).send().await.unwrap().status(), 200);
    let log = program.log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect();
    let slow = lines.iter().find(|line| line["request_id"] == "it-is-me");
    let slow = slow.unwrap_or_else(|| panic!("it is not there: {log}"));
    assert_eq!((&slow["message"], &slow["level"]), (&json!("a slow operation"), &json!("WARN")));
    assert_eq!((&slow["name"], &slow["outcome"]), (&json!("Slow"), &json!("ok")), "{slow}");
    assert!(slow["ms"].as_f64().is_some_and(|ms| ms >= 1.0), "{slow}");
}
