//! User locks, as operators see and break them.

use fred::prelude::*;
use serde_json::json;

use crate::support::{Backend, Role, TestApp, on_every_backend, steps::fresh_key, tests_on};

on_every_backend! {
    a_free_lock_is_free,
    breaking_a_free_lock_is_told_and_kept,
    locks_are_counted,
    locks_are_for_who_runs_the_service,
}

tests_on! {
    cluster: PostgresCluster;
    a_free_lock_is_free,
    breaking_a_free_lock_is_told_and_kept,
    locks_are_counted,
}

const STATUS: &str = "{ lockStatus(uid: \"ann\") { uid held holder ttlMs acquiredAt } }";

/// Between changes nobody holds a wallet.
async fn a_free_lock_is_free(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let reply = app.query(STATUS, json!({})).await;
    let free = json!({ "uid": "ann", "held": false, "holder": null, "ttlMs": null,
        "acquiredAt": null });
    assert_eq!(reply.data("/lockStatus"), &free, "{reply}");
    let reply = app.query("{ wallet(uid: \"ann\") { lock { held } } }", json!({})).await;
    assert_eq!(reply.data("/wallet/lock/held"), false, "{reply}");
}

/// Breaking a lock that is free does nothing, and is remembered with its reason.
async fn breaking_a_free_lock_is_told_and_kept(app: TestApp) {
    let key = fresh_key();
    let done = app.force_release_once(&key, "ann", None).await.unwrap();
    let expected = json!({ "uid": "ann", "holder": null, "reason": "its holder hangs" });
    assert_eq!(done.0["operation"]["releasedLock"], expected, "{done:?}");
    assert!(app.force_release_once(&key, "ann", None).await.unwrap().replayed());
    let other = app.force_release_once(&key, "bob", None).await.unwrap_err();
    assert_eq!(other.code, "IDEMPOTENCY_KEY_REUSED");
    let deposit = app.deposit_once(&key, "ann", "1").await.unwrap_err();
    assert_eq!(deposit.code, "IDEMPOTENCY_KEY_REUSED");
    let conflict = app.force_release_once(&fresh_key(), "ann", Some("someone")).await.unwrap_err();
    assert_eq!((&*conflict.code, &*conflict.path()), ("VERSION_CONFLICT", "input.expectedHolder"));
}

/// Taken locks are counted, and how long they were waited for and held.
async fn locks_are_counted(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let document = "{ lockStats { acquired contended timeouts timeoutsByPolicy { policy count }
        averageRetries retries { retries orMore waiters } waitP50Ms waitP99Ms holdP50Ms holdP99Ms } }";
    let reply = app.query(document, json!({})).await;
    assert!(reply.data("/lockStats/acquired").as_u64() >= Some(2), "{reply}");
    assert!(reply.data("/lockStats/holdP99Ms").as_f64() > Some(0.0), "{reply}");
    assert!(reply.data("/lockStats/retries/0/waiters").as_u64() >= Some(2), "{reply}");
    assert_eq!(
        reply.each("/lockStats/timeoutsByPolicy", "/policy"),
        ["default", "batch", "rewards"]
    );
}

/// Operators look, admins break; users do neither.
async fn locks_are_for_who_runs_the_service(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let (ann, operator) = (app.as_role(Role::User, "ann"), app.as_role(Role::Operator, "op"));
    operator.query(STATUS, json!({})).await.data("/lockStatus/held");
    assert_eq!(ann.query(STATUS, json!({})).await.error_code(), Some("FORBIDDEN"));
    let own = ann.query("{ wallet(uid: \"ann\") { balance lock { held } } }", json!({})).await;
    assert_eq!(own.error_code(), Some("FORBIDDEN"), "{own}");
    assert_eq!(own.body["data"]["wallet"]["balance"], "5.00", "the field fails alone: {own}");
    let stats = operator.query("{ lockStats { acquired } }", json!({})).await;
    assert_eq!(stats.error_code(), Some("FORBIDDEN"), "{stats}");
    let (name, kind) = ("forceReleaseLock", "ForceReleaseLockInput");
    let input =
        |reason: &str| json!({ "idempotencyKey": fresh_key(), "uid": "ann", "reason": reason });
    let reply = operator.mutate(name, kind, "errors { code }", input("x")).await;
    assert_eq!(reply.error_code(), Some("FORBIDDEN"), "{reply}");
    let reply = app.mutate(name, kind, "errors { code }", input(" ")).await;
    assert_eq!(reply.error_code(), Some("BAD_USER_INPUT"), "{reply}");
}

/// A lock that somebody else holds keeps a change waiting, and refuses it in the end; broken by
/// who is expected to hold it, it lets the change through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_held_is_seen_and_broken() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_wallet("ann", "5").await;
    let redis = app.cache().await;
    let minute = Some(Expiration::PX(60_000));
    let _: () = redis.set("wallet_lock_ann", "another-service", minute, None, false).await.unwrap();

    let status = app.query(STATUS, json!({})).await;
    assert_eq!(status.data("/lockStatus/holder"), "another-service", "{status}");
    assert!(status.data("/lockStatus/ttlMs").as_u64() > Some(50_000), "{status}");
    let busy = app.deposit("ann", "1").await.unwrap_err();
    assert_eq!(busy.code, "SYSTEM_BUSY");
    let stats = app.query("{ lockStats { contended timeouts } }", json!({})).await;
    assert_eq!(stats.data("/lockStats/timeouts"), 1, "{stats}");

    let wrong = app.force_release_once(&fresh_key(), "ann", Some("somebody")).await.unwrap_err();
    assert_eq!(wrong.code, "VERSION_CONFLICT");
    let (deposit, broken) = tokio::join!(app.deposit("ann", "1"), async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        app.force_release_once(&fresh_key(), "ann", Some("another-service")).await
    });
    let broken = broken.unwrap();
    assert_eq!(broken.0["operation"]["releasedLock"]["holder"], "another-service", "{broken:?}");
    assert_eq!(deposit.unwrap().balance(), "6.00");
}
