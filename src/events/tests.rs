//! The same sentences about both buses.

use std::{collections::HashMap, time::Duration};

use chrono::DateTime;
use tokio::time::timeout;

use super::*;
use crate::{
    entity::{Money, TransactionNo, transaction, wallet},
    redis::testing::{RedisCluster, RedisServer, config, until},
};

macro_rules! on_each_backend {
    ($($name:ident),+ $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Events::connect("one", None, |_| {})).await;
            })+
        }

        mod in_redis {
            $(#[tokio::test]
            async fn $name() {
                let server = super::RedisServer::start();
                let redis = server.connect().await;
                let events = super::Events::connect("one", Some(&redis), |_| {});
                super::settled(&events).await;
                super::$name(events).await;
            })+
        }
    };
}

on_each_backend! {
    only_own_wallets_are_heard_of,
    each_is_delivered_once_in_order,
    a_hole_is_a_gap,
    a_slow_reader_has_a_gap,
    what_the_reader_knows_is_not_told_again,
    a_hole_after_the_snapshot_is_a_gap,
    the_feed_hears_of_all,
    dropping_detaches,
    closing_ends_all,
}

fn uid(name: &str) -> Uid {
    Uid::stored(name)
}

fn event(name: &str, version: i64) -> BalanceEvent {
    let created_at = DateTime::from_timestamp(1_733_011_200, 0).unwrap();
    BalanceEvent {
        wallet: wallet::Model {
            uid: uid(name),
            balance: "1000.50".parse().unwrap(),
            status: wallet::Status::Active,
            currency: "PHP".to_owned(),
            version,
            created_at,
            updated_at: created_at,
        },
        transaction: transaction::Model {
            transaction_no: TransactionNo::stored(format!("{name}{version}")),
            uid: uid(name),
            kind: transaction::Kind::Recharge,
            amount: "0.0001".parse().unwrap(),
            balance_before: Money::ZERO,
            balance_after: "123456789012345.1234".parse().unwrap(),
            version,
            status: transaction::Status::Success,
            description: None,
            operation_id: "op".to_owned(),
            counterparty_uid: None,
            order_no: None,
            created_at,
        },
    }
}

/// `None` where nothing comes.
async fn next(subscription: &mut Subscription) -> Option<Delivery> {
    timeout(Duration::from_millis(200), subscription.next()).await.ok().map(Option::unwrap)
}

fn told(name: &str, version: i64) -> Option<Delivery> {
    Some(Delivery::Event(Arc::new(event(name, version))))
}

/// Waits until the first subscription of the connection was told of.
async fn settled(events: &Events) {
    let mut subscription = events.subscribe(&[uid("nobody")]);
    assert_eq!(timeout(Duration::from_secs(5), subscription.next()).await.unwrap(), GAP);
    while next(&mut subscription).await.is_some() {}
}

const GAP: Option<Delivery> = Some(Delivery::Gap);

async fn only_own_wallets_are_heard_of(events: Events) {
    let mut ann = events.subscribe(&[uid("ann"), uid("eve"), uid("ann")]);
    events.publish(vec![event("bob", 1), event("ann", 5), event("eve", 2)], vec![]);
    assert_eq!(next(&mut ann).await, told("ann", 5));
    assert_eq!(next(&mut ann).await, told("eve", 2));
    assert_eq!(next(&mut ann).await, None);
}

async fn each_is_delivered_once_in_order(events: Events) {
    let mut ann = events.subscribe(&[uid("ann")]);
    events.publish(vec![event("ann", 1), event("ann", 2)], vec![]);
    events.publish(vec![event("ann", 2), event("ann", 1), event("ann", 3)], vec![]);
    for version in 1..=3 {
        assert_eq!(next(&mut ann).await, told("ann", version));
    }
    assert_eq!(next(&mut ann).await, None);
}

async fn a_hole_is_a_gap(events: Events) {
    let mut ann = events.subscribe(&[uid("ann")]);
    events.publish(vec![event("ann", 1), event("ann", 3), event("ann", 4)], vec![]);
    assert_eq!(next(&mut ann).await, GAP);
    assert_eq!(next(&mut ann).await, told("ann", 4));
}

async fn a_slow_reader_has_a_gap(events: Events) {
    let mut slow = events.subscribe(&[uid("ann")]);
    let mut quick = events.subscribe(&[uid("ann")]);
    for version in 1..=65 {
        events.publish(vec![event("ann", version)], vec![]);
        assert_eq!(next(&mut quick).await, told("ann", version));
    }
    assert_eq!(next(&mut slow).await, GAP);
    events.publish(vec![event("ann", 66)], vec![]);
    assert_eq!(next(&mut slow).await, told("ann", 66));
}

async fn what_the_reader_knows_is_not_told_again(events: Events) {
    let mut ann = events.subscribe(&[uid("ann"), uid("bob")]);
    events.publish((4..=6).map(|version| event("ann", version)).collect(), vec![]);
    events.publish(vec![event("bob", 1)], vec![]);
    ann.covered(&uid("ann"), 5);
    events.publish(vec![event("ann", 5)], vec![]);
    assert_eq!(next(&mut ann).await, told("ann", 6));
    assert_eq!(next(&mut ann).await, told("bob", 1));
    assert_eq!(next(&mut ann).await, None);
}

async fn a_hole_after_the_snapshot_is_a_gap(events: Events) {
    let mut ann = events.subscribe(&[uid("ann")]);
    ann.covered(&uid("ann"), 4);
    events.publish(vec![event("ann", 6)], vec![]);
    assert_eq!(next(&mut ann).await, GAP);
    let mut ann = events.subscribe(&[uid("ann")]);
    events.publish(vec![event("ann", 8)], vec![]);
    ann.covered(&uid("ann"), 6);
    assert_eq!(next(&mut ann).await, GAP);
    assert_eq!(next(&mut ann).await, None);
}

async fn the_feed_hears_of_all(events: Events) {
    let mut feed = events.subscribe_all();
    let batch: Vec<BalanceEvent> = (0..500).map(|n| event(&format!("u{n}"), 1)).collect();
    events.publish(batch, vec![]);
    for n in 0..500 {
        assert_eq!(next(&mut feed).await, told(&format!("u{n}"), 1));
    }
}

async fn dropping_detaches(events: Events) {
    let subscriptions: Vec<Subscription> = (0..100)
        .map(|n| events.subscribe(&[uid("hot"), uid(&format!("u{n}"))]))
        .chain([events.subscribe_all()])
        .collect();
    assert!(!events.0.hubs.balances.is_empty());
    drop(subscriptions);
    assert!(events.0.hubs.balances.is_empty());
}

async fn closing_ends_all(events: Events) {
    let mut early = events.subscribe(&[uid("ann")]);
    let mut feed = events.subscribe_all();
    let waiting = async { tokio::join!(early.next(), feed.next()) };
    let (ended, ()) = tokio::join!(waiting, async {
        tokio::task::yield_now().await;
        events.close();
    });
    assert_eq!(ended, (None, None));
    assert_eq!(events.subscribe(&[uid("ann")]).next().await, None);
}

/// One instance publishes, all hear, each once and in order.
#[tokio::test]
async fn other_instances_hear_of_it() {
    let server = RedisServer::start();
    between_instances(&server.connect().await, &server.connect().await).await;
}

#[tokio::test]
async fn other_instances_hear_of_it_on_a_cluster() {
    let cluster = RedisCluster::start();
    between_instances(&cluster.connect().await, &cluster.connect().await).await;
}

async fn between_instances(first: &Redis, second: &Redis) {
    let one = Events::connect("one", Some(first), |_| {});
    let two = Events::connect("two", Some(second), |_| {});
    tokio::join!(settled(&one), settled(&two));
    let mut here = one.subscribe(&[uid("ann"), uid("bob")]);
    let mut there = two.subscribe(&[uid("ann"), uid("bob")]);
    for version in 1..=50 {
        one.publish(vec![event("ann", version), event("bob", version)], vec![]);
        one.flush().await;
        for subscription in [&mut here, &mut there] {
            assert_eq!(next(subscription).await, told("ann", version));
            assert_eq!(next(subscription).await, told("bob", version));
        }
    }
    assert_eq!((next(&mut here).await, next(&mut there).await), (None, None));
}

/// What was published while Redis was away is a gap elsewhere, and no loss here.
#[tokio::test]
async fn a_killed_redis_is_a_gap() {
    let mut server = RedisServer::start();
    let (first, second) = (server.connect().await, server.connect().await);
    let one = Events::connect("one", Some(&first), |_| {});
    let two = Events::connect("two", Some(&second), |_| {});
    tokio::join!(settled(&one), settled(&two));
    let mut here = one.subscribe(&[uid("ann")]);
    let mut there = two.subscribe(&[uid("ann")]);
    server.kill();
    one.publish(vec![event("ann", 1)], vec![]);
    one.flush().await;
    assert_eq!(next(&mut here).await, told("ann", 1));
    server.restart();
    for subscription in [&mut here, &mut there] {
        let gap = timeout(Duration::from_secs(5), subscription.next()).await.unwrap();
        assert_eq!(gap, GAP);
    }
    until(|| first.is_up() && second.is_up()).await;
    while next(&mut here).await.is_some() || next(&mut there).await.is_some() {}
    one.publish(vec![event("ann", 2)], vec![]);
    one.flush().await;
    assert_eq!(next(&mut there).await, told("ann", 2));
}

/// A message that could not be sent, while the others' connections held.
#[tokio::test]
async fn a_paused_redis_is_a_gap() {
    let server = RedisServer::start();
    let (first, second) = (server.connect_hasty().await, server.connect().await);
    let one = Events::connect("one", Some(&first), |_| {});
    let two = Events::connect("two", Some(&second), |_| {});
    tokio::join!(settled(&one), settled(&two));
    let mut there = two.subscribe(&[uid("ann")]);
    server.pause();
    one.publish(vec![event("ann", 1)], vec![]);
    one.flush().await;
    one.publish(vec![event("ann", 2)], vec![]);
    one.flush().await;
    server.resume();
    let mut heard = HashMap::new();
    while !heard.contains_key("gap") {
        match timeout(Duration::from_secs(5), there.next()).await.unwrap().unwrap() {
            Delivery::Gap => heard.insert("gap", 1),
            Delivery::Event(_) => heard.insert("event", 1),
        };
    }
}

/// A Redis that comes late is subscribed to.
#[tokio::test]
async fn a_late_redis_is_heard() {
    let mut server = RedisServer::stopped();
    let late = || Redis::connect(&config(Some(&server.url()))).unwrap().unwrap();
    let (first, second) = (late(), late());
    let one = Events::connect("one", Some(&first), |_| {});
    let two = Events::connect("two", Some(&second), |_| {});
    let mut here = one.subscribe(&[uid("ann")]);
    one.publish(vec![event("ann", 1)], vec![]);
    one.flush().await;
    assert_eq!(next(&mut here).await, told("ann", 1));
    server.restart();
    settled(&two).await;
    until(|| first.is_up()).await;
    let mut there = two.subscribe(&[uid("ann")]);
    one.publish(vec![event("ann", 2)], vec![]);
    one.flush().await;
    loop {
        match timeout(Duration::from_secs(5), there.next()).await.unwrap() {
            GAP => {}
            other => break assert_eq!(other, told("ann", 2)),
        }
    }
}
