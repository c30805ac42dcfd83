//! Traces: what an operation waited for, as a collector sees it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Backend, Client, collector::Collector, engine::Ground, process::Program, steps::fresh_key,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

async fn traced_program(ground: &Ground, collector: &str) -> Program {
    let mut flags = ground.flags();
    flags.extend(["--otlp-endpoint".to_owned(), collector.to_owned()]);
    let program = Program::serve(&flags.iter().map(String::as_str).collect::<Vec<_>>()).await;
    // Reads pass a cache by that is not up yet.
    program.wait_until_up().await;
    program
}

/// Asks as a part of the caller's trace.
async fn ask(client: &Client, trace: &str, sampled: bool, document: &str) -> Value {
    let parent = format!("00-{trace}-{CALLER}-0{}", u8::from(sampled));
    let request = client.request(Method::POST, "/graphql").header("traceparent", parent);
    let answer = request.json(&json!({ "query": document })).send().await.unwrap();
    answer.json().await.unwrap()
}

/// From the caller's span down to the statements, and all of it is sent before the program ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_is_a_tree_of_what_it_waited_for() {
    let (ground, collector) = (Ground::on(Backend::PostgresRedis).await, Collector::start().await);
    let mut program = traced_program(&ground, &collector.url()).await;
    let key = fresh_key();
    let open = format!(
        "mutation Open {{ openWallet(input: {{ idempotencyKey: \"{key}\", uid: \"ann\" }})
            {{ errors {{ code }} }} }}"
    );
    let opened = ask(&program, &TRACE.replace('4', "5"), true, &open).await;
    assert_eq!(opened["data"]["openWallet"]["errors"], json!([]), "{opened}");
    let read = "query Read { wallet(uid: \"ann\") { balance } bob: wallet(uid: \"bob\") { uid } }";
    let answer = ask(&program, TRACE, true, read).await;
    assert_eq!(answer["data"]["wallet"]["balance"], "0.00", "{answer}");
    ask(&program, &TRACE.replace('4', "6"), false, read).await;
    program.signal("TERM");
    assert!(program.ended().await.success(), "{}", program.log());

    let trace = collector.trace(TRACE);
    let expected =
        "POST /graphql\n  query\n    load\n      redis\n      sea_orm.query_all\n      redis\n";
    assert_eq!(trace.tree(CALLER), expected);
    assert_eq!(trace.attributes("graphql.operation.name"), ["Read"]);
    assert!(trace.attributes("db.system.name").contains(&"redis".to_owned()));
    let statements = trace.attributes("db.statement");
    assert!(statements.iter().any(|sql| sql.contains("wallets")), "{statements:?}");
    assert!(!statements.iter().any(|sql| sql.contains("ann")), "no values: {statements:?}");

    let change = collector.trace(&TRACE.replace('4', "5")).tree(CALLER);
    let expected = "POST /graphql\n  mutation\n    change\n      batch\n        ";
    assert!(change.starts_with(expected) && change.contains("sea_orm.commit"), "{change}");
    let ids = collector.trace_ids();
    assert_eq!(ids.len(), 2, "neither what is not sampled nor what runs beside: {ids:?}");
}

/// A collector that is away is told of once, and harms nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_may_be_away() {
    let ground = Ground::on(Backend::Embedded).await;
    let collector = Collector::start().await;
    let nowhere = collector.url();
    drop(collector);
    let mut program = traced_program(&ground, &nowhere).await;
    program.given_wallet("ann", "1").await;
    program.signal("TERM");
    assert!(program.ended().await.success(), "{}", program.log());
    let log = program.log();
    assert_eq!(log.matches("traces cannot be sent").count(), 1, "{log}");
}
