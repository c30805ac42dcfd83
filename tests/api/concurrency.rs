//! One key, asked for by many at once, on several instances.

use futures::future::join_all;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, TransactionTrait,
};
use wallet_bff::{
    balance::{
        BatchItem, BatchKind, Command, ForceRelease, Movement, NewOrder, OrderChange, Outcome,
        Request,
    },
    entity::{IdempotencyKey, Period, Uid, operation, order, transaction},
    error::{Error, Refusal},
};

use crate::support::{
    Backend,
    awake::Awake,
    engine::{Engine, Ground},
    steps::fresh_key,
};

const CALLS: usize = 50;
/// Enough keys that writing them takes some time.
const KEYS: u64 = 300;
const ROUNDS: u64 = 10;

fn uid(name: &str) -> Uid {
    Uid::stored(name)
}

fn movement(name: &str, amount: &str) -> Movement {
    Movement { uid: uid(name), amount: amount.parse().unwrap(), description: None }
}

/// One of each kind, and how many ledger lines it makes; some are refused.
fn commands() -> Vec<(Command, u64)> {
    let transfer = |amount: &str| Command::Transfer {
        from_uid: uid("ann"),
        to_uid: uid("bob"),
        amount: amount.parse().unwrap(),
        description: Some("rent".to_owned()),
    };
    let item = |kind, name: &str| BatchItem { kind, movement: movement(name, "1") };
    vec![
        (Command::Deposit(movement("ann", "5")), 1),
        (Command::Withdraw(movement("ann", "1")), 1),
        (Command::Withdraw(movement("ann", "100000")), 0),
        (Command::Deposit(movement("nobody", "1")), 0),
        (transfer("2"), 2),
        (transfer("100000"), 0),
        (
            Command::Batch {
                operations: vec![item(BatchKind::Add, "bob"), item(BatchKind::Withdraw, "ann")],
            },
            2,
        ),
        (
            Command::Reward {
                rewards: ["ann", "nobody", "bob"].map(|name| movement(name, "1")).to_vec(),
            },
            2,
        ),
        (
            Command::CreateOrder(NewOrder {
                uid: uid("ann"),
                period_number: Period::stored("20241201_001"),
                amount: "3".parse().unwrap(),
                lifetime: std::time::Duration::from_secs(3_600),
            }),
            1,
        ),
        (Command::OpenWallet { uid: uid("cid"), currency: "PHP".to_owned() }, 0),
    ]
}

/// Asks all instances at once, with one key.
async fn ask_all(engines: &[Engine], key: &str, command: &Command) -> Vec<Result<Outcome, Error>> {
    let calls = (0..CALLS).map(|call| engines[call % engines.len()].ask(key, command.clone()));
    join_all(calls).await
}

async fn lines(ground: &Ground) -> u64 {
    transaction::Entity::find().count(ground.database()).await.unwrap()
}

/// Fifty calls, one key: it is done once, and every call is told the same.
async fn fifty_calls_are_one(backend: Backend, instances: usize) {
    let ground = Ground::on(backend).await;
    let engines = join_all((0..instances).map(|_| ground.engine())).await;
    engines[0].given_wallets(&[uid("ann"), uid("bob")], "100").await;
    for (command, made) in commands() {
        let before = lines(&ground).await;
        let answers = ask_all(&engines, &fresh_key(), &command).await;
        let answers: Vec<Outcome> = answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(|error| panic!("{command:?}: {error}")))
            .collect();
        let first_ones = answers.iter().filter(|answer| !answer.replayed).count();
        assert_eq!(first_ones, 1, "{command:?}: so many were told that they were first");
        let plain = |answer: &Outcome| Outcome { replayed: false, ..answer.clone() };
        for answer in &answers {
            assert_eq!(plain(answer), plain(&answers[0]), "{command:?}: two answers differ");
        }
        assert_eq!(lines(&ground).await - before, made, "{command:?}: ledger lines");
    }
    engines[0].assert_audit_clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_calls_on_two_instances_are_one() {
    fifty_calls_are_one(Backend::PostgresRedis, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_calls_on_the_embedded_instance_are_one() {
    fifty_calls_are_one(Backend::Embedded, 1).await;
}

/// An order that two instances cancel, expire and pay under fifty keys at once goes one way, and
/// its money comes back once at most.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_goes_one_way() {
    let ground = Ground::on(Backend::PostgresRedis).await;
    let engines = join_all((0..2).map(|_| ground.engine())).await;
    engines[0].given_wallets(&[uid("ann")], "100").await;
    let mut commands = commands().into_iter().map(|(command, _)| command);
    let create = commands.find(|command| matches!(command, Command::CreateOrder(_))).unwrap();
    for _ in 0..10 {
        let made = engines[0].must(create.clone()).await.order.unwrap();
        let ways = [order::Status::Cancelled, order::Status::Expired, order::Status::Paid];
        let calls = (0..CALLS).map(|call| {
            let change =
                OrderChange::Status { to: ways[call % 3], expected: Some(order::Status::Pending) };
            let command =
                Command::ChangeOrder { order_no: made.order_no.clone(), owner: None, change };
            let (engine, key) = (&engines[call % 2], fresh_key());
            async move { engine.ask(&key, command).await.unwrap() }
        });
        let done = join_all(calls).await;
        let done = done.iter().filter(|o| o.state == wallet_bff::balance::OutcomeState::Committed);
        assert_eq!(done.count(), 1, "ways that {} went", made.order_no);
    }
    engines[0].assert_audit_clean().await;
}

/// Many keys, each used for two inputs on two instances at once, crosswise: one of the two is
/// done, the other is told that the key is taken, and nobody waits in a circle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_are_used_crosswise_do_not_deadlock() {
    let ground = Ground::on(Backend::PostgresRedis).await;
    let engines = join_all((0..2).map(|_| ground.engine())).await;
    engines[0].given_wallets(&["ann", "bob", "cid", "dan"].map(uid), "100").await;
    for _ in 0..ROUNDS {
        let keys: Vec<String> = (0..KEYS).map(|_| fresh_key()).collect();
        let ask = |engine: usize, key: &String, name: &str| {
            let (engine, key) = (engines[engine].clone(), key.clone());
            let command = Command::Deposit(movement(name, "1"));
            async move { engine.ask(&key, command).await }
        };
        // Different wallets, so that no lock brings them into one order.
        let ones = keys.iter().enumerate().map(|(n, key)| ask(0, key, ["ann", "bob"][n % 2]));
        let others = keys.iter().enumerate().map(|(n, key)| ask(1, key, ["cid", "dan"][n % 2]));
        let others: Vec<_> = others.rev().collect();
        let (ones, mut others) = tokio::join!(join_all(ones), join_all(others));
        others.reverse();
        for (one, other) in ones.iter().zip(&others) {
            let taken = |answer: &Result<Outcome, Error>| {
                matches!(answer, Err(Error::Refused(Refusal::IdempotencyKeyReused)))
            };
            assert!(one.is_ok() != other.is_ok(), "one of both is done: {one:?}\n{other:?}");
            assert!(taken(one) || taken(other), "the other is told why: {one:?}\n{other:?}");
        }
    }
    let rows = operation::Entity::find().count(ground.database()).await.unwrap();
    assert_eq!(rows, 8 + ROUNDS * KEYS, "operations");
    engines[0].assert_audit_clean().await;
    let log = crate::support::servers::postgres::log().await;
    assert!(!log.contains("deadlock detected"), "PostgreSQL had to break a deadlock");
}

/// Another program holds these wallets, and not bob's.
async fn given_locked_rows(names: &[&str]) -> (Ground, Engine, DatabaseTransaction) {
    let ground = Ground::on(Backend::PostgresRedis).await;
    let engine = ground.engine().await;
    let uids: Vec<Uid> = names.iter().chain(&["bob"]).map(|name| uid(name)).collect();
    engine.given_wallets(&uids, "100").await;
    let holder = ground.database().begin().await.unwrap();
    let lock = "SELECT 1 FROM wallets WHERE uid <> 'bob' FOR UPDATE";
    holder.execute_unprepared(lock).await.unwrap();
    (ground, engine, holder)
}

/// Where everything stopped for a while, the database is taken for dead, too.
fn is_busy(answer: &Result<Outcome, Error>, awake: &Awake) -> bool {
    match answer {
        Err(Error::Refused(Refusal::SystemBusy { .. })) => true,
        Err(Error::Unavailable(_)) => awake.was_interrupted(),
        _ => false,
    }
}

/// Another program keeps a wallet's row locked for longer than anybody waits: who wants that
/// wallet is told to try again, and those beside it are not held up for each of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_stays_locked_is_busy() {
    let (_ground, engine, holder) = given_locked_rows(&["ann"]).await;

    let started = Awake::since_now();
    let keys: Vec<String> = (0..20).map(|_| fresh_key()).collect();
    // The first is a batch by itself, and blocked; the others are one, behind it.
    let anns = keys.iter().map(|key| engine.ask(key, Command::Deposit(movement("ann", "1"))));
    let transfers = (0..5).map(|_| fresh_key()).collect::<Vec<_>>();
    let both = transfers.iter().map(|key| {
        let (from_uid, to_uid) = (uid("bob"), uid("ann"));
        let amount = "1".parse().unwrap();
        engine.ask(key, Command::Transfer { from_uid, to_uid, amount, description: None })
    });
    let (anns, both) = tokio::join!(join_all(anns), join_all(both));
    for answer in anns.iter().chain(&both) {
        assert!(is_busy(answer, &started), "{answer:?}");
    }
    let took = started.elapsed();
    assert!(took < std::time::Duration::from_secs(15), "they waited {took:?}, one after another");

    holder.rollback().await.unwrap();
    for key in &keys {
        engine.ask(key, Command::Deposit(movement("ann", "1"))).await.unwrap();
    }
    assert_eq!(engine.stored(&[uid("ann")]).await[0].balance.to_string(), "120.00");
    engine.assert_audit_clean().await;
}

/// As many rows stay locked as there are batches, and more: who wants another is held up by none of
/// them for long, and hardly at all once they are known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_stay_locked_hold_up_their_own_only() {
    let stuck = ["ann", "cid", "dan", "eve", "fay"];
    let (_ground, engine, holder) = given_locked_rows(&stuck).await;
    for most in [1_500, 500].map(std::time::Duration::from_millis) {
        let keys = stuck.map(|_| fresh_key());
        let waiting = join_all(
            stuck
                .iter()
                .zip(&keys)
                .map(|(name, key)| engine.ask(key, Command::Deposit(movement(name, "1")))),
        );
        let (mut slowest, awake) = (std::time::Duration::ZERO, Awake::since_now());
        let others = async {
            loop {
                let before = awake.elapsed();
                let bobs = Command::Deposit(movement("bob", "1"));
                let answer = engine.ask(&fresh_key(), bobs).await;
                assert!(answer.is_ok() || awake.was_interrupted(), "{answer:?}");
                slowest = slowest.max(awake.elapsed().saturating_sub(before));
            }
        };
        let answers = tokio::select! { answers = waiting => answers, () = others => vec![] };
        for answer in &answers {
            assert!(is_busy(answer, &awake), "{answer:?}");
        }
        assert!(slowest < most, "a deposit beside them took {slowest:?}");
    }
    holder.rollback().await.unwrap();
    let after = stuck.map(|_| fresh_key());
    for (name, key) in stuck.iter().zip(&after) {
        engine.ask(key, Command::Deposit(movement(name, "1"))).await.unwrap();
    }
    engine.assert_audit_clean().await;
}

/// A large batch that waits for a row keeps nobody waiting who wants another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_hangs_holds_nobody_up() {
    let (_ground, engine, holder) = given_locked_rows(&["ann"]).await;

    let keys: Vec<String> = (0..CALLS).map(|_| fresh_key()).collect();
    let anns = keys.iter().map(|key| engine.ask(key, Command::Deposit(movement("ann", "1"))));
    let bobs = async {
        // Then their batch is under way.
        while !engine.balance.locks().status(&uid("ann")).await.held {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        let started = std::time::Instant::now();
        for _ in 0..10 {
            engine.ask(&fresh_key(), Command::Deposit(movement("bob", "1"))).await.unwrap();
        }
        let took = started.elapsed();
        holder.rollback().await.unwrap();
        took
    };
    let (anns, took) = tokio::join!(join_all(anns), bobs);
    assert!(took < std::time::Duration::from_secs(1), "ten deposits beside it took {took:?}");
    assert!(anns.iter().all(Result::is_ok), "{anns:?}");
}

/// A lock that two instances break under one key at once is broken once, and both are told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_is_broken_once_for_a_key() {
    let ground = Ground::on(Backend::PostgresRedis).await;
    let engines = join_all((0..2).map(|_| ground.engine())).await;
    engines[0].given_wallets(&[uid("ann")], "1").await;
    for _ in 0..10 {
        let key = IdempotencyKey::stored(fresh_key());
        let call = |call: usize| {
            let request =
                Request { caller: "admin".to_owned(), key: key.clone(), request_id: String::new() };
            let command = ForceRelease {
                uid: uid("ann"),
                reason: "it hangs".to_owned(),
                expected_holder: None,
            };
            engines[call % 2].balance.force_release(request, command)
        };
        let answers = join_all((0..10).map(call)).await;
        let answers: Vec<Outcome> = answers.into_iter().map(Result::unwrap).collect();
        let ids = answers.iter().map(|answer| &answer.operation_id);
        assert!(ids.clone().all(|id| *id == answers[0].operation_id), "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1, "{answers:?}");
    }
    engines[0].assert_audit_clean().await;
}
