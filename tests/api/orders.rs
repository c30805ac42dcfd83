//! Reading orders by period.

use serde_json::{Value, json};

use crate::support::{TestApp, on_every_backend, tests_on};

const PERIOD: &str = "20241201_001";
const ORDERS: &str = "query($period: String!, $first: Int, $after: String, $last: Int,
        $before: String, $status: OrderStatus) {
    ordersByPeriod(periodNumber: $period, first: $first, after: $after, last: $last,
            before: $before, status: $status) {
        edges { cursor node { orderNo source } } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
    orderCount(periodNumber: $period) }";
const EDGES: &str = "/ordersByPeriod/edges";

on_every_backend! {
    a_period_lists_its_orders,
    an_empty_period_is_empty,
    a_single_order_is_not_its_period,
    an_order_is_read_whole,
    a_period_pages_and_filters,
    an_order_that_cannot_be_is_refused_or_null,
}

tests_on! {
    cluster: PostgresCluster;
    a_period_lists_its_orders,
    an_empty_period_is_empty,
    a_single_order_is_not_its_period,
    a_period_pages_and_filters,
}

/// A period lists its own orders and no others, at the first look and from the cache.
async fn a_period_lists_its_orders(app: TestApp) {
    app.given_orders("ann", PERIOD, 3).await;
    app.given_orders("ann", "20241201_002", 2).await;
    let numbers = ["ORDER_20241201_001_0001", "ORDER_20241201_001_0002", "ORDER_20241201_001_0003"];
    for source in ["DATABASE", "CACHE"] {
        let reply = app.query(ORDERS, json!({ "period": PERIOD })).await;
        assert_eq!(reply.each(EDGES, "/node/orderNo"), numbers, "{reply}");
        assert_eq!(reply.data("/orderCount"), 3, "{reply}");
        assert_eq!(reply.data("/ordersByPeriod/totalCount"), 3, "{reply}");
        let last = reply.each(EDGES, "/node/source");
        assert!(last.iter().all(|s| *s == source), "not from the {source}: {reply}");
    }
}

/// A period without orders is an empty list, not an error.
async fn an_empty_period_is_empty(app: TestApp) {
    for _ in 0..2 {
        let reply = app.query(ORDERS, json!({ "period": PERIOD })).await;
        assert!(reply.list(EDGES).is_empty(), "{reply}");
        assert_eq!(reply.data("/orderCount"), 0, "{reply}");
    }
}

/// One order that was looked up by number does not make its period look complete.
async fn a_single_order_is_not_its_period(app: TestApp) {
    app.given_orders("ann", PERIOD, 3).await;
    let document = "{ order(by: { orderNo: \"ORDER_20241201_001_0002\" }) { orderNo uid amount } }";
    let expected = json!({ "orderNo": "ORDER_20241201_001_0002", "uid": "ann", "amount": "10.00" });
    for _ in 0..2 {
        let one = app.query(document, json!({})).await;
        assert_eq!(one.data("/order"), &expected, "{one}");
    }
    let all = app.query(ORDERS, json!({ "period": PERIOD })).await;
    assert_eq!(all.data("/orderCount"), 3, "{all}");
}

/// Every field of an order is the row's.
async fn an_order_is_read_whole(app: TestApp) {
    app.given_orders("ann", PERIOD, 1).await;
    let document = "{ order(by: { orderNo: \"ORDER_20241201_001_0001\" }) {
        uid periodNumber amount profitAmount likeCount shareCount followCount favoriteCount
        status expireTime createdAt updatedAt } }";
    let reply = app.query(document, json!({})).await;
    let order = reply.data("/order");
    let expected = json!({
        "uid": "ann", "periodNumber": PERIOD, "amount": "10.00", "profitAmount": "0.50",
        "likeCount": 1, "shareCount": 2, "followCount": 3, "favoriteCount": 4,
        "status": "PENDING", "expireTime": order["expireTime"],
        "createdAt": order["createdAt"], "updatedAt": order["updatedAt"],
    });
    assert_eq!(order, &expected, "{reply}");
    let made = order["createdAt"].as_str().unwrap_or_default();
    assert!(made.starts_with("2024-12-01T08:00:00"), "{reply}");
}

/// Pages of a period meet every order once; a status holds back the others.
async fn a_period_pages_and_filters(app: TestApp) {
    app.given_orders("ann", PERIOD, 5).await;
    let first = app.query(ORDERS, json!({ "period": PERIOD, "first": 3 })).await;
    assert_eq!(first.list(EDGES).len(), 3, "{first}");
    assert_eq!(first.data("/ordersByPeriod/pageInfo/hasNextPage"), true, "{first}");
    let after = first.text("/ordersByPeriod/pageInfo/endCursor");
    let rest = app.query(ORDERS, json!({ "period": PERIOD, "first": 3, "after": after })).await;
    let numbers = ["ORDER_20241201_001_0004", "ORDER_20241201_001_0005"];
    assert_eq!(rest.each(EDGES, "/node/orderNo"), numbers, "{rest}");
    let back = app.query(ORDERS, json!({ "period": PERIOD, "last": 2 })).await;
    assert_eq!(back.each(EDGES, "/node/orderNo"), numbers, "{back}");
    let paid = app.query(ORDERS, json!({ "period": PERIOD, "status": "PAID" })).await;
    assert!(paid.list(EDGES).is_empty(), "{paid}");
    assert_eq!(paid.data("/ordersByPeriod/totalCount"), 0, "{paid}");
}

/// What is no period is refused, and what is no order is null.
async fn an_order_that_cannot_be_is_refused_or_null(app: TestApp) {
    for period in ["", "20241201", "x", "20241201_001; DROP TABLE orders"] {
        let reply = app.query(ORDERS, json!({ "period": period })).await;
        assert_eq!(reply.error_code(), Some("BAD_USER_INPUT"), "{reply}");
    }
    let none = app.query("{ order(by: { orderNo: \"ORDER_X\" }) { uid } }", json!({})).await;
    assert_eq!(none.data("/order"), &Value::Null, "{none}");
}
