//! Random sequences of commands, against a plain model of what they should come to.

mod ask;
mod model;
mod run;

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio::runtime::Runtime;

use self::{
    ask::{Ask, ask, step},
    run::{Checked, at_once, one_by_one},
};
use crate::support::{
    Backend,
    engine::{Engine, Ground},
};

/// Runs random cases until one fails, which is then made as small as it can be.
fn check<S: Strategy>(
    backend: Backend,
    cases: u32,
    strategy: &S,
    holds: impl Fn(&Runtime, &Engine, S::Value) -> Checked,
) {
    let runtime = Runtime::new().unwrap();
    let (_ground, engine) = runtime.block_on(async {
        let ground = Ground::on(backend).await;
        let engine = ground.engine().await;
        (ground, engine)
    });
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(cases);
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let outcome = TestRunner::new(config).run(strategy, |value| holds(&runtime, &engine, value));
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    runtime.block_on(engine.assert_audit_clean());
}

fn sequences(backend: Backend) {
    let steps = prop::collection::vec(step(), 1..60);
    check(backend, 40, &steps, |runtime, engine, steps| {
        runtime.block_on(one_by_one(engine, &steps))
    });
}

/// Orders are looked up before they are queued, so they are left out here; so is opening.
fn bursts(backend: Backend) {
    let queued = |ask: &Ask| {
        !matches!(ask, Ask::Open(_) | Ask::ChangeOrder(..) | Ask::DeleteOrder(_) | Ask::Reward(_))
    };
    let asks = prop::collection::vec(ask().prop_filter("queued at once", queued), 1..60);
    check(backend, 60, &asks, |runtime, engine, asks| runtime.block_on(at_once(engine, &asks)));
}

/// A sequence, one after another, comes to what the model says: balances, versions, statuses,
/// codes; repeats are answered as before.
#[test]
fn sequences_come_to_what_the_model_says_on_sqlite() {
    sequences(Backend::Embedded);
}

#[test]
fn sequences_come_to_what_the_model_says_on_postgres() {
    sequences(Backend::PostgresRedis);
}

/// So does one that is asked all at once, and is done in batches.
#[test]
fn bursts_come_to_what_the_model_says_on_sqlite() {
    bursts(Backend::Embedded);
}

#[test]
fn bursts_come_to_what_the_model_says_on_postgres() {
    bursts(Backend::PostgresRedis);
}
