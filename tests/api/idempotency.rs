//! A key makes a change happen once, however often it is asked for.

use futures::future::join_all;

use crate::support::{Backend, Role, TestApp, money, on_every_backend, steps::fresh_key, tests_on};

on_every_backend! {
    a_repeat_is_answered_and_not_done,
    a_repeat_may_spell_the_amount_differently,
    a_key_is_for_one_input,
    a_refusal_is_repeated,
    callers_do_not_share_keys,
    concurrent_repeats_are_done_once,
}

tests_on! {
    cluster: PostgresCluster;
    concurrent_repeats_are_done_once,
}

/// The same key and input is answered as it was, and changes nothing more.
async fn a_repeat_is_answered_and_not_done(app: TestApp) {
    app.given_wallet("ann", "0").await;
    let key = fresh_key();
    let first = app.deposit_once(&key, "ann", "5").await.unwrap();
    app.deposit("ann", "1").await.unwrap();
    let again = app.deposit_once(&key, "ann", "5").await.unwrap();
    assert!(!first.replayed() && again.replayed(), "{first:?}\n{again:?}");
    assert_eq!(again.0["transaction"], first.0["transaction"]);
    assert_eq!(app.stored_balance("ann").await, money("6"));
}

/// `5` and `5.00` are the same amount.
async fn a_repeat_may_spell_the_amount_differently(app: TestApp) {
    app.given_wallet("ann", "0").await;
    let key = fresh_key();
    app.deposit_once(&key, "ann", "5").await.unwrap();
    assert!(app.deposit_once(&key, "ann", "5.00").await.unwrap().replayed());
}

/// The same key with another input is refused, and with another operation too.
async fn a_key_is_for_one_input(app: TestApp) {
    app.given_wallet("ann", "5").await;
    let key = fresh_key();
    app.deposit_once(&key, "ann", "5").await.unwrap();
    for other in [
        app.deposit_once(&key, "ann", "6").await,
        app.deposit_once(&key, "bob", "5").await,
        app.withdraw_once(&key, "ann", "5").await,
    ] {
        assert_eq!(other.unwrap_err().code, "IDEMPOTENCY_KEY_REUSED");
    }
    assert_eq!(app.stored_balance("ann").await, money("10"));
}

/// A refusal is an outcome too: money that came later does not change it.
async fn a_refusal_is_repeated(app: TestApp) {
    app.given_wallet("ann", "1").await;
    let key = fresh_key();
    let first = app.withdraw_once(&key, "ann", "5").await.unwrap_err();
    app.deposit("ann", "100").await.unwrap();
    let again = app.withdraw_once(&key, "ann", "5").await.unwrap_err();
    assert_eq!((&*first.code, &*again.code), ("INSUFFICIENT_FUNDS", "INSUFFICIENT_FUNDS"));
    assert_eq!(app.stored_balance("ann").await, money("101"));
}

/// Keys belong to who chose them.
async fn callers_do_not_share_keys(app: TestApp) {
    app.given_wallet("ann", "0").await;
    let key = fresh_key();
    let (one, two) = (app.as_role(Role::Operator, "op-1"), app.as_role(Role::Operator, "op-2"));
    assert!(!one.deposit_once(&key, "ann", "5").await.unwrap().replayed());
    assert!(!two.deposit_once(&key, "ann", "5").await.unwrap().replayed());
    assert_eq!(app.stored_balance("ann").await, money("10"));
}

/// Fifty calls at once with one key: one line, and fifty equal answers.
async fn concurrent_repeats_are_done_once(app: TestApp) {
    app.given_wallet("ann", "0").await;
    let key = fresh_key();
    let replies = join_all((0..50).map(|_| app.deposit_once(&key, "ann", "5"))).await;
    let lines: Vec<_> = replies.iter().map(|r| &r.as_ref().unwrap().0["transaction"]).collect();
    assert!(lines.iter().all(|line| *line == lines[0]), "{lines:?}");
    assert_eq!(app.ledger("ann").await.len(), 1);
}

/// Two instances that are asked with one key at once meet in the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_share_keys() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    let other = app.another_instance().await;
    app.given_wallet("ann", "0").await;
    for round in 1..=10 {
        let key = fresh_key();
        let both = [app.deposit_once(&key, "ann", "1"), other.deposit_once(&key, "ann", "1")];
        let replies: Vec<_> = join_all(both).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(replies.iter().filter(|r| r.replayed()).count(), 1, "{replies:?}");
        assert_eq!(app.ledger("ann").await.len(), round);
    }
}
