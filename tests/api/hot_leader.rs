//! One of the instances that share a cache refreshes it.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use super::hot::{SLACK, wait_for};
use crate::support::{Client, TestApp, awake::Awake, process::Program, tests_on};

tests_on! {
    redis: PostgresRedis with ["--no-refresh"];
    a_dead_leader_is_followed_within_five_seconds,
    a_leader_that_ends_makes_way,
}

tests_on! {
    cluster: PostgresCluster with ["--no-refresh"];
    a_dead_leader_is_followed_within_five_seconds,
    a_leader_that_ends_makes_way,
}

/// How long nobody may refresh after whoever did died.
const TAKEOVER: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(15);

async fn program(app: &TestApp) -> Program {
    let mut flags = app.store_flags();
    // Without notifications nothing but the lease says who is to look.
    flags.push("--no-listen".to_owned());
    Program::serve(&flags.iter().map(String::as_str).collect::<Vec<_>>()).await
}

async fn leader(client: &Client) -> Option<String> {
    let reply = client.query("{ refreshStatus { leader } }", json!({})).await;
    reply.data("/refreshStatus/0/leader").as_str().map(str::to_owned)
}

/// Waits for a leader that is not `before`.
async fn next_leader(client: &Client, before: Option<&str>) -> String {
    let started = Instant::now();
    loop {
        match leader(client).await {
            Some(leader) if Some(&*leader) != before => return leader,
            _ => assert!(started.elapsed() < PATIENCE, "nobody follows {before:?}"),
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// Two programs on one ground, the first of which leads, and who that is.
async fn two_programs(app: &TestApp) -> (Program, Program, String) {
    app.tamper("INSERT INTO merchants (id, name) VALUES (1, 'One')").await;
    let first = program(app).await;
    let leads = next_leader(&first, None).await;
    let second = program(app).await;
    wait_for(&second, "Merchant:1", Some("One")).await;
    assert_eq!(next_leader(&second, None).await, leads, "both name the same");
    (first, second, leads)
}

/// After a crash another instance takes over.
async fn a_dead_leader_is_followed_within_five_seconds(app: TestApp) {
    let (first, second, leads) = two_programs(&app).await;
    first.signal("KILL");
    let killed = Instant::now();
    app.tamper("UPDATE merchants SET name = 'Uno' WHERE id = 1").await;
    wait_for(&second, "Merchant:1", Some("Uno")).await;
    let took = killed.elapsed();
    assert!(took < TAKEOVER, "it took {took:?}");
    assert_ne!(next_leader(&second, Some(&leads)).await, leads);
}

/// Who ends in order makes way at once.
async fn a_leader_that_ends_makes_way(app: TestApp) {
    let (mut first, second, leads) = two_programs(&app).await;
    first.signal("TERM");
    assert!(first.ended().await.success(), "{}", first.log());
    let ended = Awake::since_now();
    next_leader(&second, Some(&leads)).await;
    assert!(ended.elapsed() < Duration::from_secs(1) + SLACK, "{:?}", ended.elapsed());
}
