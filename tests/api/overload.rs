//! More than there is capacity for: what cannot be done is refused at once, the rest goes on.

use std::time::{Duration, Instant};

use futures::future::join_all;
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::json;

use crate::support::{Backend, Role, TestApp, steps::fresh_key};

/// How soon a refusal comes, on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(1);

/// While the database is stuck, no more operations are taken on than may be under way; the others
/// are told so at once, and when to come again. When it is well, all is as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_capacity_is_refused_at_once() {
    let app = TestApp::start_with(Backend::PostgresRedis, &["--operations-at-once=4"]).await;
    app.given_wallet("ann", "5").await;
    let stuck = app.database().begin().await.unwrap();
    stuck.execute_unprepared("SELECT 1 FROM wallets WHERE uid = 'ann' FOR UPDATE").await.unwrap();
    let document = "mutation($input: DepositInput!) { deposit(input: $input) { errors { code } } }";
    let ask = || async {
        let started = Instant::now();
        let input = json!({ "idempotencyKey": fresh_key(), "uid": "ann", "amount": "1" });
        let reply = app.query(document, json!({ "input": input })).await;
        (reply, started.elapsed())
    };
    let release = async {
        tokio::time::sleep(AT_ONCE).await;
        stuck.rollback().await.unwrap();
    };
    let (replies, ()) = tokio::join!(join_all((0..20).map(|_| ask())), release);
    let (refused, done): (Vec<_>, Vec<_>) =
        replies.iter().partition(|(reply, _)| reply.error_code().is_some());
    assert_eq!((refused.len(), done.len()), (16, 4));
    for (reply, took) in refused {
        assert_eq!(
            (reply.status, reply.error_code()),
            (503, Some("SERVICE_UNAVAILABLE")),
            "{reply}"
        );
        let wait = &reply.body["errors"][0]["extensions"]["retryAfterMs"];
        assert!(wait.as_u64().is_some_and(|ms| ms > 0), "{reply}");
        assert!(*took < AT_ONCE, "it took {took:?} to refuse: {reply}");
    }
    assert_eq!(app.balance("ann").await, "9.00");
}

/// A client that asks without end gets its share and quick refusals; others do not notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_client_does_not_crowd_out_others() {
    let app = TestApp::start_with(Backend::Embedded, &["--rate-limit=50"]).await;
    for uid in ["ann", "bob"] {
        app.given_wallet(uid, "5").await;
    }
    let (greedy, modest) = (app.as_role(Role::User, "ann"), app.as_role(Role::User, "bob"));
    let document = "{ viewer { uid } }";
    let started = Instant::now();
    let time = Duration::from_secs(2);
    let hands = join_all((0..8).map(|_| async {
        let (mut answered, mut refused) = (0_u32, 0_u32);
        while started.elapsed() < time {
            let reply = greedy.query(document, json!({})).await;
            match reply.error_code() {
                None => answered += 1,
                Some(code) => {
                    assert_eq!((reply.status, code), (429, "RATE_LIMITED"), "{reply}");
                    refused += 1;
                }
            }
        }
        (answered, refused)
    }));
    let other = async {
        for _ in 0..20 {
            let reply = modest.query(document, json!({})).await;
            assert_eq!(reply.data("/viewer/uid"), "bob");
            tokio::time::sleep(time / 25).await;
        }
    };
    let (counts, ()) = tokio::join!(hands, other);
    let answered: u32 = counts.iter().map(|(answered, _)| answered).sum();
    let refused: u32 = counts.iter().map(|(_, refused)| refused).sum();
    // A full bucket, and two or three seconds' worth.
    assert!((50..=250).contains(&answered), "{answered} were answered, {refused} refused");
    assert!(refused > answered, "{answered} were answered, {refused} refused");
}
