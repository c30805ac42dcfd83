//! Periods are never a lie either, whatever breaks: who changes an order reads the change, and in
//! the end every instance lists what is stored.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use sea_orm::{ActiveEnum, EntityTrait, QueryOrder};
use serde_json::json;
use tokio::time::sleep;
use wallet_bff::entity::order;

use crate::support::{
    Backend, Client, Reply, TestApp,
    awake::Awake,
    load::{seconds, tell},
};

const HANDS: usize = 8;
/// How long an instance may take to show what is stored, from the cache.
const HEALING: Duration = Duration::from_secs(10);
const PERIOD: &str = "{ ordersByPeriod(periodNumber: \"20241201_001\", first: 100) {
    edges { node { orderNo status source } } totalCount } }";
const EDGES: &str = "/ordersByPeriod/edges";

/// How often which source answered.
#[derive(Default)]
struct Sources {
    cache: AtomicU32,
    others: AtomicU32,
}

/// Makes orders and leads them to their end, and looks at the period after each step.
async fn hand(client: Client, sources: Arc<Sources>) {
    for _ in 0..6 {
        let made = client.create_order("ann", "1").await.expect("there is money");
        let number = made.order_no().to_owned();
        assert_shown(&client, &number, "PENDING", &sources).await;
        for status in ["PAID", "COMPLETED"] {
            client.update_order(&number, status).await.expect("it is its own");
            assert_shown(&client, &number, status, &sources).await;
        }
    }
}

async fn assert_shown(client: &Client, number: &str, status: &str, sources: &Sources) {
    for _ in 0..5 {
        let reply = client.query(PERIOD, json!({})).await;
        let nodes = reply.list(EDGES).iter().map(|edge| &edge["node"]);
        let node = nodes.into_iter().find(|node| node["orderNo"] == number);
        let node = node.unwrap_or_else(|| panic!("{number} is not listed: {reply}"));
        assert_eq!(node["status"], status, "{number} in {reply}");
        let source = if node["source"] == "CACHE" { &sources.cache } else { &sources.others };
        source.fetch_add(1, Relaxed);
    }
}

fn listed(reply: &Reply) -> Vec<(&str, &str)> {
    let numbers = reply.each(EDGES, "/node/orderNo");
    numbers.into_iter().zip(reply.each(EDGES, "/node/status")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn periods_are_never_a_lie() {
    let flags = ["--redis-timeout", "50ms"];
    let mut app = TestApp::start_with(Backend::PostgresRedis, &flags).await;
    app.given_wallet("ann", "100000").await;
    let other = app.another_instance_with(&flags).await;
    let clients = [Client::clone(&app), Client::clone(&other)];
    let sources = Arc::<Sources>::default();
    let until = Instant::now() + seconds();
    let mut round = 0;
    while Instant::now() < until {
        app.tamper("DELETE FROM orders").await;
        let hands: Vec<_> = (0..HANDS)
            .map(|number| tokio::spawn(hand(clients[number % 2].clone(), sources.clone())))
            .collect();
        while !hands.iter().all(tokio::task::JoinHandle::is_finished) {
            fault(&mut app, round).await;
            round += 1;
        }
        for hand in hands {
            hand.await.expect("nobody is shown what is not so");
        }
        for client in &clients {
            assert_lists_what_is_stored(&app, client).await;
        }
    }
    let (cache, others) = (sources.cache.load(Relaxed), sources.others.load(Relaxed));
    tell(&format!("{round} faults; {cache} answers of the cache, {others} of others"));
    assert!(cache > 20 && others > 20, "{cache} answers of the cache, {others} of others");
}

async fn fault(app: &mut TestApp, round: u32) {
    match round % 8 {
        0 | 2 | 4 | 6 => app.redis().flush(),
        1 => {
            app.redis().pause();
            sleep(Duration::from_millis(200)).await;
            app.redis().resume();
        }
        3 | 7 => app.redis().cut_clients(),
        _ => {
            app.redis().kill();
            sleep(Duration::from_millis(50)).await;
            app.redis().restart();
        }
    }
    // Some are followed by another at once, and some by time to cache what the next takes away.
    sleep(Duration::from_millis(rand::random_range(0..400))).await;
}

/// From the cache, and not only once.
async fn assert_lists_what_is_stored(app: &TestApp, client: &Client) {
    let rows = order::Entity::find().order_by_asc(order::Column::OrderNo).all(app.database());
    let rows = rows.await.expect("the database answers");
    let status = |row: &order::Model| row.status.to_value().to_uppercase();
    let stored: Vec<_> = rows.iter().map(|row| (row.order_no.to_string(), status(row))).collect();
    let (started, mut right) = (Awake::since_now(), 0);
    while right < 5 {
        let reply = client.query(PERIOD, json!({})).await;
        let shown: Vec<_> =
            listed(&reply).iter().map(|&(no, status)| (no.to_owned(), status.to_owned())).collect();
        let is_cached = reply.each(EDGES, "/node/source").iter().all(|source| *source == "CACHE");
        right = if is_cached && shown == stored { right + 1 } else { 0 };
        let waited = started.elapsed();
        assert!(waited < HEALING, "stored is {stored:?}, after {waited:?} still {reply}");
        sleep(Duration::from_millis(10)).await;
    }
}
