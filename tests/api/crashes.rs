//! Processes that are killed, stopped and told to end, in the middle of changing balances.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use fred::interfaces::SortedSetsInterface;
use rand::Rng;
use tokio::{task::JoinHandle, time::sleep};
use wallet_bff::{
    balance::{Command, Movement, OutcomeState},
    entity::{Money, Uid, clock},
};

use crate::support::{
    Backend, Client, TestApp,
    engine::{Engine, Ground, Place},
    load::{Door, Load, seconds, tell},
    process::Program,
    steps::fresh_key,
};

const HANDS: usize = 24;
/// How long a dead instance's wallets may be kept from others.
const BLOCKED_LIMIT: Duration = Duration::from_secs(5);
/// How long what a dead instance left undone may stay so.
const MADE_GOOD_LIMIT: Duration = Duration::from_secs(3);
/// What is lost to the clock and to a busy machine on top.
const SLACK: Duration = Duration::from_secs(1);

async fn program(ground: &Ground) -> Program {
    let flags = ground.flags();
    Program::serve(&flags.iter().map(String::as_str).collect::<Vec<_>>()).await
}

fn doors(programs: &[&Program]) -> Vec<Arc<dyn Door>> {
    programs.iter().map(|program| Arc::new(Client::clone(program)) as Arc<dyn Door>).collect()
}

fn start(load: &Arc<Load>, time: Duration) -> JoinHandle<()> {
    let load = load.clone();
    tokio::spawn(async move { load.run(HANDS, time).await })
}

/// Whoever holds locks when it is killed blocks its wallets for some seconds at most; what it
/// left without an answer is done once, by another, under the same key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_instance_blocks_nobody_for_long() {
    let ground = Ground::on(Backend::PostgresRedis).await;
    let survivor = program(&ground).await;
    let load = Load::prepare(&ground, vec![]).await;
    let until = Instant::now() + seconds();
    loop {
        let victim = program(&ground).await;
        load.set_doors(doors(&[&victim]));
        let running = start(&load, Duration::from_millis(1_500));
        let pause = rand::rng().random_range(500..1_200);
        sleep(Duration::from_millis(pause)).await;
        victim.signal("KILL");
        let killed = Instant::now();
        load.set_doors(doors(&[&survivor]));
        for uid in load.uids() {
            assert_usable(&load, &survivor, uid, killed).await;
        }
        running.await.expect("the load ends");
        if Instant::now() > until {
            break;
        }
    }
    load.assert_sound(&ground).await;
}

async fn assert_usable(load: &Load, door: &Client, uid: &Uid, killed: Instant) {
    let amount = "1".parse().unwrap();
    let command = Command::Deposit(Movement { uid: uid.clone(), amount, description: None });
    load.see_done(door, command).await;
    let took = killed.elapsed();
    assert!(took < BLOCKED_LIMIT + SLACK, "{uid} was blocked for {took:?}");
}

/// An instance is stopped for longer than its locks last, in the middle of what it does; the
/// other goes on; then it continues where it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_instance_harms_nobody() {
    let ground = Ground::on(Backend::PostgresRedis).await;
    let (stopped, other) = tokio::join!(program(&ground), program(&ground));
    let load = Load::prepare(&ground, doors(&[&stopped, &other])).await;
    let pause = BLOCKED_LIMIT + seconds() / 2;
    let running = start(&load, pause + Duration::from_secs(3));
    sleep(Duration::from_secs(1)).await;
    stopped.signal("STOP");
    sleep(BLOCKED_LIMIT + SLACK).await;
    let since = Instant::now();
    sleep(pause - BLOCKED_LIMIT - SLACK).await;
    let (answered, wallets) = load.answered_since(since);
    stopped.signal("CONT");
    running.await.expect("the load ends");
    assert!(
        answered > 20 && wallets == load.uids().len(),
        "while one was stopped the other answered {answered} times, on {wallets} wallets"
    );
    load.assert_sound(&ground).await;
}

/// An instance is told to end while it changes balances: who was answered was told what is so,
/// and who was not asks the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_tells_no_lie() {
    let ground = Ground::on(Backend::PostgresRedis).await;
    let mut current = program(&ground).await;
    let load = Load::prepare(&ground, doors(&[&current])).await;
    let running = start(&load, seconds());
    while !running.is_finished() {
        let next = program(&ground).await;
        sleep(Duration::from_millis(rand::rng().random_range(200..800))).await;
        let asked = Instant::now();
        current.signal("TERM");
        // They meet closed doors, and servers that are ending, until then.
        sleep(Duration::from_millis(100)).await;
        load.set_doors(doors(&[&next]));
        let status = current.ended().await;
        let took = asked.elapsed();
        assert!(status.success(), "it ended with {status}: {}", current.log());
        assert!(took < BLOCKED_LIMIT, "it took {took:?} to end: {}", current.log());
        current = next;
    }
    running.await.expect("the load ends");
    load.assert_sound(&ground).await;
}

/// How many users a large reward has: four parts.
const REWARDED: usize = 3_500;

/// A large reward is broken off anywhere, again and again; repeated with its key it pays each
/// user once.
async fn a_reward_that_is_broken_off_pays_each_once(backend: Backend) {
    let ground = Ground::on(backend).await;
    let uids: Vec<Uid> = (0..REWARDED).map(|n| Uid::stored(format!("u{n:05}"))).collect();
    let engine = ground.engine().await;
    engine.given_wallets(&uids, "1").await;
    let amount = "0.25".parse().unwrap();
    let reward = |uid: &Uid| Movement { uid: uid.clone(), amount, description: None };
    let command = Command::Reward { rewards: uids.iter().map(reward).collect() };

    let started = Instant::now();
    let whole = engine.must(command.clone()).await;
    let usual = started.elapsed();
    assert_eq!(whole.transactions.len(), REWARDED);
    // In-process locks and caches are one instance's own.
    engine.balance.shutdown().await;

    let (mut rounds, mut broken_off) = (0, 0);
    let until = Instant::now() + seconds();
    while rounds < 1 || Instant::now() < until {
        rounds += 1;
        let key = fresh_key();
        while !ended_in_time(&ground.place(), &key, &command, usual).await {
            broken_off += 1;
        }
        let engine = ground.engine().await;
        let outcome = engine.ask(&key, command.clone()).await.expect("a repeat is answered");
        assert!(outcome.replayed, "it was done before");
        assert_eq!(outcome.state, OutcomeState::Committed);
        assert_eq!(outcome.transactions.len(), REWARDED, "lines of all parts");
        let expected = Money::from_units(10_000 + 2_500 * (1 + rounds));
        let stored = engine.stored(&uids).await;
        let wrong: Vec<_> = stored.iter().filter(|wallet| wallet.balance != expected).collect();
        assert!(
            wrong.is_empty(),
            "after {broken_off} breaks {} users have not {expected}, the first: {:?}",
            wrong.len(),
            wrong[0]
        );
    }
    tell(&format!("{rounds} rewards, broken off {broken_off} times; usually one takes {usual:?}"));
    assert!(broken_off > 0, "no reward was broken off");
    ground.engine().await.assert_audit_clean().await;
}

/// Lets an instance of its own pay, and ends it (with all its connections) some time later, as
/// SIGKILL would; answers whether it was done by then.
async fn ended_in_time(place: &Place, key: &str, command: &Command, usual: Duration) -> bool {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let engine = runtime.spawn({
        let place = place.clone();
        async move { Engine::start(&place).await }
    });
    let engine = engine.await.expect("it starts");
    let paying = runtime.spawn({
        let (key, command) = (key.to_owned(), command.clone());
        async move { engine.ask(&key, command).await }
    });
    sleep(usual.mul_f64(rand::rng().random_range(0.0..1.2))).await;
    let ended = paying.is_finished();
    if ended {
        let outcome = paying.await.expect("it does not panic").expect("it is answered");
        assert_eq!(outcome.transactions.len(), REWARDED);
    }
    runtime.shutdown_background();
    ended
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reward_broken_off_on_postgres_pays_each_once() {
    a_reward_that_is_broken_off_pays_each_once(Backend::PostgresRedis).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reward_broken_off_on_sqlite_pays_each_once() {
    a_reward_that_is_broken_off_pays_each_once(Backend::Embedded).await;
}

/// What a dead instance committed, and told no cache and no subscriber of, another tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_instance_left_undone_is_made_good() {
    let app = TestApp::start_on(Backend::PostgresRedis).await;
    app.given_wallet("ann", "10").await;
    assert_eq!(app.balance("ann").await, "10.00");
    let mut watch = app.watch_balances(&["ann"]).await;
    watch.next().await;

    // One that has no part in this cache stands for one that died before it wrote to it.
    let apart = app.an_instance_apart().await;
    apart.deposit("ann", "5").await.unwrap();
    assert_eq!(app.balance("ann").await, "10.00", "nobody told the cache");

    let heard = (clock::now() - TimeDelta::seconds(2)).timestamp_millis();
    let cache = app.cache().await;
    let beat = (heard as f64, "the-dead-one");
    let _: i64 = cache.zadd("wallet_bff_instances", None, None, false, false, beat).await.unwrap();
    let missed = Instant::now();
    while app.balance("ann").await != "15.00" {
        assert!(missed.elapsed() < MADE_GOOD_LIMIT + SLACK, "the cache is still old");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(watch.next().await["wallet"]["balance"], "15.00", "a subscriber is told too");
}
