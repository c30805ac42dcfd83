//! A period of 100,000 orders is read by the page, and a page costs what a page costs.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{Backend, Reply, TestApp, on_every_backend, tests_on};

const SHORT: &str = "20241201_001";
const LONG: &str = "20241201_002";
const PAGE: &str = "query($period: String!, $first: Int, $after: String, $last: Int,
        $status: OrderStatus) {
    ordersByPeriod(periodNumber: $period, first: $first, after: $after, last: $last,
            status: $status) {
        edges { node { orderNo status source } } totalCount
        pageInfo { hasNextPage hasPreviousPage endCursor } } }";
const EDGES: &str = "/ordersByPeriod/edges";

on_every_backend! {
    a_long_period_pages_like_a_short_one,
    a_long_period_follows_what_happens_to_its_orders,
}

tests_on! {
    cluster: PostgresCluster;
    a_long_period_pages_like_a_short_one,
    a_long_period_follows_what_happens_to_its_orders,
}

impl TestApp {
    /// Orders of ann's, of which every tenth is paid.
    async fn given_long_period(&self, period: &str, count: u32) {
        let sql = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO orders (order_no, uid, period_number, amount, status, expire_time)
             SELECT 'ORDER_{period}_' || CAST(1000000 + i AS text), 'ann', '{period}', 10000,
                 CASE WHEN i % 10 = 0 THEN 'paid' ELSE 'pending' END,
                 '2099-12-01T00:00:00.000000+00:00' FROM n"
        );
        assert_eq!(self.tamper(&sql).await, u64::from(count));
    }

    async fn page_of(&self, period: &str, variables: Value) -> Reply {
        let mut all = json!({ "period": period });
        all.as_object_mut().unwrap().extend(variables.as_object().unwrap().clone());
        self.query(PAGE, all).await
    }

    /// Asks until the answer is the cache's.
    async fn page_of_cached(&self, period: &str, variables: Value) -> Reply {
        let started = Instant::now();
        loop {
            let reply = self.page_of(period, variables.clone()).await;
            if reply.each(EDGES, "/node/source").iter().all(|source| *source == "CACHE") {
                return reply;
            }
            assert!(started.elapsed() < Duration::from_secs(90), "it is never cached: {reply}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

fn number(index: u32) -> String {
    format!("ORDER_{LONG}_{}", 1_000_000 + index)
}

/// The first pages come from the database, the others from the cache, and all say the same.
async fn a_long_period_pages_like_a_short_one(app: TestApp) {
    app.given_long_period(LONG, 5_000).await;
    let cold = app.page_of(LONG, json!({ "first": 2 })).await;
    assert_eq!(cold.each(EDGES, "/node/source"), ["DATABASE"; 2], "{cold}");
    let warm = app.page_of_cached(LONG, json!({ "first": 2 })).await;
    for reply in [&cold, &warm] {
        assert_eq!(reply.each(EDGES, "/node/orderNo"), [number(1), number(2)], "{reply}");
        assert_eq!(reply.data("/ordersByPeriod/totalCount"), 5_000, "{reply}");
        assert_eq!(reply.data("/ordersByPeriod/pageInfo/hasNextPage"), true, "{reply}");
        assert_eq!(reply.data("/ordersByPeriod/pageInfo/hasPreviousPage"), false, "{reply}");
    }
    let after = warm.text("/ordersByPeriod/pageInfo/endCursor");
    let next = app.page_of(LONG, json!({ "first": 2, "after": after })).await;
    assert_eq!(next.each(EDGES, "/node/orderNo"), [number(3), number(4)], "{next}");
    let last = app.page_of(LONG, json!({ "last": 2, "status": "PAID" })).await;
    assert_eq!(last.each(EDGES, "/node/orderNo"), [number(4_990), number(5_000)], "{last}");
    assert_eq!(last.data("/ordersByPeriod/totalCount"), 500, "{last}");
    assert_eq!(last.each(EDGES, "/node/source"), ["CACHE"; 2], "{last}");
}

async fn a_long_period_follows_what_happens_to_its_orders(app: TestApp) {
    app.given_wallet("ann", "5").await;
    app.given_long_period(SHORT, 5_000).await;
    app.page_of_cached(SHORT, json!({ "first": 1 })).await;
    let made = app.given_order("ann", "4").await;
    // Its number sorts before those that were given.
    let first = app.page_of(SHORT, json!({ "first": 1 })).await;
    assert_eq!(first.each(EDGES, "/node/orderNo"), [made.as_str()], "{first}");
    assert_eq!(first.each(EDGES, "/node/source"), ["CACHE"], "{first}");
    assert_eq!(first.data("/ordersByPeriod/totalCount"), 5_001, "{first}");

    app.update_order(&made, "CANCELLED").await.unwrap();
    let cancelled = app.page_of(SHORT, json!({ "first": 5, "status": "CANCELLED" })).await;
    assert_eq!(cancelled.each(EDGES, "/node/orderNo"), [made.as_str()], "{cancelled}");
    let pending = app.page_of(SHORT, json!({ "last": 1, "status": "PENDING" })).await;
    assert_eq!(pending.data("/ordersByPeriod/totalCount"), 4_500, "{pending}");

    app.delete_order_once(&crate::support::steps::fresh_key(), &made).await.unwrap();
    let cancelled = app.page_of(SHORT, json!({ "first": 5, "status": "CANCELLED" })).await;
    assert!(cancelled.list(EDGES).is_empty(), "{cancelled}");
    let count = app.query(&format!("{{ orderCount(periodNumber: \"{SHORT}\") }}"), json!({})).await;
    assert_eq!(count.data("/orderCount"), 5_000, "{count}");
}

/// What Redis sends for a page of 50 is the same of 100,000 orders as of 3,000, and so is the
/// number of commands; the database is not asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_a_hundred_thousand_costs_what_it_costs_of_three_thousand() {
    // What is counted is what requests cost.
    let app = TestApp::start_with(Backend::PostgresRedis, &["--no-refresh"]).await;
    app.given_long_period(SHORT, 3_000).await;
    app.given_long_period(LONG, 100_000).await;
    let mut costs = Vec::new();
    for period in [SHORT, LONG] {
        app.page_of_cached(period, json!({ "first": 1 })).await;
        app.reset_counters().await;
        let page = app.page_of(period, json!({ "last": 50, "status": "PAID" })).await;
        assert_eq!(page.list(EDGES).len(), 50, "{page}");
        assert_eq!(app.sql_statements().await, []);
        costs.push((app.redis_commands().await, app.redis_bytes_sent().await));
    }
    let (short, long) = (&costs[0], &costs[1]);
    assert_eq!(short.0, long.0, "commands");
    assert!(long.1 < short.1 * 2, "bytes sent: {} for a page of 3,000, {}", short.1, long.1);
}
