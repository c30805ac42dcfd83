//! Sockets that end, and sockets that read slowly.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Role, TestApp, on_every_backend,
    socket::Watch,
    steps::fresh_key,
    tokens::{SECRET, seconds_from_now, signed},
};

on_every_backend! {
    a_socket_ends_with_its_token_and_the_client_resumes,
}

/// How long a token counts beyond its end, in seconds.
const LEEWAY: i64 = 30;

fn version(event: &Value) -> i64 {
    event["wallet"]["version"].as_i64().expect("a version")
}

/// The socket is closed with 4403; with a new token the client goes on where it was.
async fn a_socket_ends_with_its_token_and_the_client_resumes(app: TestApp) {
    app.given_wallet("ann", "10").await;
    let end = seconds_from_now(2 - LEEWAY);
    let short = signed(SECRET, &json!({ "sub": "ann", "role": Role::User, "exp": end }));
    let mut watch = app.with_token(short).watch_balances(&["ann"]).await;
    let last = version(&watch.next().await);
    assert_eq!(watch.close_code().await, 4403);
    for _ in 0..3 {
        app.deposit("ann", "1").await.unwrap();
    }
    let ann = app.as_role(Role::User, "ann");
    let mut watch = ann.resume_balances(&["ann"], &[last]).await;
    for next in last + 1..=last + 3 {
        let event = watch.next().await;
        assert_eq!((version(&event), &event["snapshot"]), (next, &json!(false)), "{event}");
    }
}

/// Events of some 90 KB, so that those that are not read fill the connection's buffers soon.
fn large_watch() -> String {
    let copies: String = (0..90).map(|n| format!("c{n}: description ")).collect();
    format!(
        "subscription {{ balanceUpdated(uids: [\"ann\"]) {{ snapshot skipped \
         wallet {{ version }} transaction {{ {copies} }} }} }}"
    )
}

/// Who does not read is sent the present when they read again; who does read misses nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_is_folded_and_slows_nobody() {
    const CHANGES: i64 = 300;
    let app = TestApp::start().await;
    app.given_wallet("ann", "10").await;
    let mut slow: Watch = app.watch(&large_watch(), Value::Null).await;
    let mut last = version(&slow.next().await);
    let mut quick = app.watch_balances(&["ann"]).await;
    let mut heard = version(&quick.next().await);
    let description = "x".repeat(500);
    let deposits = async {
        for _ in 0..CHANGES {
            let input = json!({ "idempotencyKey": fresh_key(), "uid": "ann", "amount": "1",
                                "description": description });
            let document =
                "mutation($input: DepositInput!) { deposit(input: $input) { errors { code } } }";
            app.query(document, json!({ "input": input })).await.data("/deposit");
        }
    };
    let reading = async {
        while heard < last + CHANGES {
            let event = quick.next().await;
            assert_eq!(
                (version(&event), &event["snapshot"]),
                (heard + 1, &json!(false)),
                "{event}"
            );
            heard += 1;
        }
    };
    let both = async { tokio::join!(deposits, reading) };
    tokio::time::timeout(Duration::from_secs(30), both).await.expect("nobody is slowed");
    let mut folded = 0;
    while last < heard {
        let event = slow.next().await;
        let (next, skipped) = (version(&event), event["skipped"].as_i64().expect("a number"));
        assert_eq!(next, last + 1 + skipped, "skipped says what is missing: {event:.200}");
        assert_eq!(event["snapshot"], skipped > 0, "only a snapshot may skip: {event:.200}");
        (last, folded) = (next, folded + skipped);
    }
    assert!(folded > 0, "the slow reader was sent everything");
}
