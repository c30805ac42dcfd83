//! Live orders of a period.

use serde_json::{Value, json};

use crate::support::{
    Backend, Client, Role, TestApp, on_every_backend, socket::Watch, steps::fresh_key, tests_on,
};

on_every_backend! {
    a_period_begins_with_what_may_change_and_goes_on,
    a_user_hears_of_own_orders_only,
}

tests_on! {
    cluster: PostgresCluster;
    a_period_begins_with_what_may_change_and_goes_on,
}

const ORDERS: &str = "subscription($period: String!) { orderUpdated(periodNumber: $period) {
    snapshot deleted order { orderNo uid status version } } }";
const PERIOD: &str = "20241201_001";

impl Client {
    async fn watch_orders(&self, period: &str) -> Watch {
        self.watch(ORDERS, json!({ "period": period })).await
    }
}

fn told(event: &Value) -> (&str, &str, i64, bool) {
    let order = &event["order"];
    let text = |name: &str| order[name].as_str().expect("a text");
    let version = order["version"].as_i64().expect("a version");
    (text("orderNo"), text("status"), version, event["snapshot"] == true)
}

/// First what may still change, whole pages of it, then every change; an order that goes says so.
async fn a_period_begins_with_what_may_change_and_goes_on(app: TestApp) {
    app.given_wallet("ann", "10").await;
    app.given_orders("bob", "20241201_007", 501).await;
    app.tamper("UPDATE orders SET status = 'completed' WHERE order_no LIKE '%0003'").await;
    let mut watch = app.watch_orders("20241201_007").await;
    for number in (1..=501).filter(|number| *number != 3) {
        let event = watch.next().await;
        let no = format!("ORDER_20241201_007_{number:04}");
        assert_eq!(told(&event), (no.as_str(), "PENDING", 1, true), "{event}");
    }
    let no = app.given_order("ann", "1").await;
    let mut watch = app.watch_orders(PERIOD).await;
    assert_eq!(told(&watch.next().await), (no.as_str(), "PENDING", 0, true));
    for (version, status) in [(1, "PAID"), (2, "COMPLETED")] {
        app.update_order(&no, status).await.unwrap();
        let event = watch.next().await;
        assert_eq!(told(&event), (no.as_str(), status, version, false), "{event}");
    }
    let next = app.given_order("ann", "1").await;
    assert_eq!(told(&watch.next().await), (next.as_str(), "PENDING", 0, false));
    app.delete_order_once(&fresh_key(), &no).await.unwrap();
    let gone = watch.next().await;
    assert_eq!((told(&gone).2, &gone["deleted"]), (3, &json!(true)), "{gone}");
}

/// Ann is told of hers, in the same period as others'.
async fn a_user_hears_of_own_orders_only(app: TestApp) {
    for uid in ["ann", "bob"] {
        app.given_wallet(uid, "10").await;
        app.given_order(uid, "1").await;
    }
    let mut watch = app.as_role(Role::User, "ann").watch_orders(PERIOD).await;
    let first = watch.next().await;
    assert_eq!((&first["order"]["uid"], &first["snapshot"]), (&json!("ann"), &json!(true)));
    app.given_order("bob", "1").await;
    app.given_order("ann", "1").await;
    let second = watch.next().await;
    assert_eq!((&second["order"]["uid"], &second["snapshot"]), (&json!("ann"), &json!(false)));
}

/// What another instance does is heard of, and what was missed while Redis was away is made good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_of_another_instance_are_heard_of() {
    let mut app = TestApp::start_with(Backend::PostgresRedis, &["--redis-timeout", "50ms"]).await;
    let other = app.another_instance().await;
    app.given_wallet("ann", "10").await;
    let first = app.given_order("ann", "1").await;
    let mut watch = other.watch_orders(PERIOD).await;
    assert_eq!(told(&watch.next().await), (first.as_str(), "PENDING", 0, true));
    let no = app.given_order("ann", "1").await;
    assert_eq!(told(&watch.next().await), (no.as_str(), "PENDING", 0, false));
    app.redis().kill();
    app.update_order(&no, "PAID").await.unwrap();
    app.update_order(&no, "COMPLETED").await.unwrap();
    app.redis().restart();
    let mut last = 0;
    while last < 2 {
        let event = watch.next().await;
        let (_, status, version, _) = told(&event);
        assert!(version > last, "it goes back: {event}");
        assert_eq!(status, if version == 1 { "PAID" } else { "COMPLETED" }, "{event}");
        last = version;
    }
}
