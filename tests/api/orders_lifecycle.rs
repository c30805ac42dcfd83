//! Orders from their debit to their end; their money is given back exactly once.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use wallet_bff::entity::transaction::Kind;

use crate::support::{Backend, Role, TestApp, money, on_every_backend, steps::fresh_key, tests_on};

on_every_backend! {
    an_order_is_paid_for_as_it_is_made,
    an_order_that_cannot_be_paid_is_not_made,
    an_order_is_made_once,
    an_order_goes_its_way,
    a_cancelled_order_is_given_back_once,
    an_expired_order_is_given_back_once,
    cancelling_and_expiring_race_for_one_refund,
    a_change_of_an_order_is_repeated,
    an_order_that_holds_money_is_not_deleted,
    users_cancel_their_own,
}

tests_on! {
    cluster: PostgresCluster;
    an_order_goes_its_way,
    cancelling_and_expiring_race_for_one_refund,
}

impl TestApp {
    async fn refunds(&self, uid: &str) -> usize {
        self.ledger(uid).await.iter().filter(|line| line.kind == Kind::Refund).count()
    }

    async fn order_status(&self, order_no: &str) -> String {
        let document = "query($no: String!) { order(by: { orderNo: $no }) { status } }";
        let reply = self.query(document, json!({ "no": order_no })).await;
        reply.text("/order/status").to_owned()
    }

    /// Lets an order's time be over.
    async fn lapse(&self, order_no: &str) {
        let past = "2024-12-01T00:00:00.000000+00:00";
        let sql = format!("UPDATE orders SET expire_time = '{past}' WHERE order_no = '{order_no}'");
        assert_eq!(self.tamper(&sql).await, 1);
    }

    async fn wait_until_expired(&self, order_no: &str) {
        let started = Instant::now();
        while self.order_status(order_no).await != "EXPIRED" {
            assert!(started.elapsed() < Duration::from_secs(30), "{order_no} does not expire");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The debit and the order are one: the line names the order, and the order shows at once.
async fn an_order_is_paid_for_as_it_is_made(app: TestApp) {
    app.given_wallet("ann", "10").await;
    let done = app.create_order("ann", "4").await.unwrap();
    assert_eq!((done.order_status(), done.balance()), ("PENDING", "6.00"), "{done:?}");
    let line = &done.0["operation"]["transactions"][0];
    assert_eq!((&line["type"], &line["amount"]), (&json!("ORDER"), &json!("-4.00")), "{done:?}");
    assert_eq!(line["orderNo"], done.order_no(), "{done:?}");
    assert!(done.order_no().starts_with("ORDER_20241201_001_"), "{done:?}");
    let time = |field: &str| -> chrono::DateTime<chrono::Utc> {
        done.0["order"][field].as_str().unwrap().parse().unwrap()
    };
    assert_eq!((time("expireTime") - time("createdAt")).num_minutes(), 30, "{done:?}");

    let document =
        "{ ordersByPeriod(periodNumber: \"20241201_001\") { edges { node { orderNo } } } }";
    let listed = app.query(document, json!({})).await;
    assert_eq!(listed.each("/ordersByPeriod/edges", "/node/orderNo"), [done.order_no()]);
    app.assert_ledger_chain("ann").await;
    app.assert_audit_is_clean().await;
}

/// Too little money, no wallet, no amount: no order.
async fn an_order_that_cannot_be_paid_is_not_made(app: TestApp) {
    app.given_wallet("ann", "1").await;
    for (uid, amount, code, path) in [
        ("ann", "4", "INSUFFICIENT_FUNDS", "input.amount"),
        ("nobody", "4", "WALLET_NOT_FOUND", "input.uid"),
        ("ann", "0", "INVALID_AMOUNT", "input.amount"),
    ] {
        let refused = app.create_order(uid, amount).await.unwrap_err();
        assert_eq!((&*refused.code, &*refused.path()), (code, path));
        assert_eq!(refused.payload["order"], json!(null));
    }
    let count = app.query("{ orderCount(periodNumber: \"20241201_001\") }", json!({})).await;
    assert_eq!(count.data("/orderCount"), 0);
}

/// Calls at once with one key make one order.
async fn an_order_is_made_once(app: TestApp) {
    app.given_wallet("ann", "10").await;
    let key = fresh_key();
    let replies = join_all((0..10).map(|_| app.create_order_once(&key, "ann", "4"))).await;
    let orders: Vec<_> = replies.iter().map(|r| &r.as_ref().unwrap().0["order"]).collect();
    assert!(orders.iter().all(|order| *order == orders[0]), "{orders:?}");
    let other = app.create_order_once(&key, "ann", "5").await.unwrap_err();
    assert_eq!(other.code, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(app.stored_balance("ann").await, money("6"));
}

/// Pending, paid, completed; and nowhere else from there.
async fn an_order_goes_its_way(app: TestApp) {
    app.given_wallet("ann", "10").await;
    let order = app.given_order("ann", "4").await;
    let skipped = app.update_order(&order, "COMPLETED").await.unwrap_err();
    assert_eq!((&*skipped.code, &*skipped.path()), ("INVALID_TRANSITION", "input.orderNo"));
    let paid = app.update_order(&order, "PAID").await.unwrap();
    assert_eq!((paid.order_status(), paid.balance()), ("PAID", "6.00"), "{paid:?}");
    let change = &paid.0["operation"]["statusChanges"][0];
    assert_eq!((&change["before"], &change["after"]), (&json!("PENDING"), &json!("PAID")));
    app.update_order(&order, "COMPLETED").await.unwrap();
    for status in ["PENDING", "PAID", "COMPLETED", "CANCELLED", "EXPIRED"] {
        let refused = app.update_order(&order, status).await.unwrap_err();
        assert_eq!(refused.code, "INVALID_TRANSITION", "{status}");
    }
    let missing = app.update_order("ORDER_NONE", "PAID").await.unwrap_err();
    assert_eq!((&*missing.code, &*missing.path()), ("ORDER_NOT_FOUND", "input.orderNo"));
    assert_eq!((app.refunds("ann").await, app.balance("ann").await), (0, "6.00".to_owned()));
    app.assert_audit_is_clean().await;
}

/// However often and with whatever keys an order is cancelled, its money comes back once.
async fn a_cancelled_order_is_given_back_once(app: TestApp) {
    app.given_wallet("ann", "10").await;
    let order = app.given_order("ann", "4").await;
    let replies = join_all((0..10).map(|_| app.update_order(&order, "CANCELLED"))).await;
    assert_eq!(replies.iter().filter(|reply| reply.is_ok()).count(), 1, "{replies:?}");
    let refused = replies.iter().filter_map(|reply| reply.as_ref().err());
    assert!(refused.clone().all(|r| r.code == "INVALID_TRANSITION"), "{replies:?}");
    assert_eq!((app.refunds("ann").await, app.stored_balance("ann").await), (1, money("10")));

    let paid = app.given_order("ann", "4").await;
    app.update_order(&paid, "PAID").await.unwrap();
    let cancelled = app.update_order(&paid, "CANCELLED").await.unwrap();
    assert_eq!(cancelled.balance(), "10.00", "{cancelled:?}");
    app.assert_ledger_chain("ann").await;
    app.assert_audit_is_clean().await;
}

/// An order whose time is over expires by itself, and its money comes back once.
async fn an_expired_order_is_given_back_once(app: TestApp) {
    app.given_wallet("ann", "10").await;
    let (late, paid) = (app.given_order("ann", "4").await, app.given_order("ann", "3").await);
    app.update_order(&paid, "PAID").await.unwrap();
    app.lapse(&late).await;
    app.lapse(&paid).await;
    app.wait_until_expired(&late).await;
    assert_eq!(app.balance("ann").await, "7.00");
    assert_eq!(app.update_order(&late, "CANCELLED").await.unwrap_err().code, "INVALID_TRANSITION");
    assert_eq!(app.order_status(&paid).await, "PAID", "a paid order does not lapse");
    assert_eq!(app.refunds("ann").await, 1);
    app.assert_audit_is_clean().await;
}

/// Cancelled and expired at once, it is one of them, and refunded once.
async fn cancelling_and_expiring_race_for_one_refund(app: TestApp) {
    app.given_wallet("ann", "100").await;
    let orders = join_all((0..8).map(|_| app.given_order("ann", "4"))).await;
    let race = orders.iter().map(|order| async {
        app.lapse(order).await;
        let (one, two) =
            tokio::join!(app.update_order(order, "CANCELLED"), app.update_order(order, "EXPIRED"));
        usize::from(one.is_ok()) + usize::from(two.is_ok())
    });
    let won: usize = join_all(race).await.into_iter().sum();
    assert!(won <= orders.len(), "the expiry of the service itself may have won some");
    for order in &orders {
        let status = app.order_status(order).await;
        assert!(status == "CANCELLED" || status == "EXPIRED", "{order} is {status}");
    }
    assert_eq!((app.refunds("ann").await, app.stored_balance("ann").await), (8, money("100")));
    app.assert_audit_is_clean().await;
}

/// A repeat is answered as the first was; what a caller expects is part of the input.
async fn a_change_of_an_order_is_repeated(app: TestApp) {
    app.given_wallet("ann", "10").await;
    let (order, key) = (app.given_order("ann", "4").await, fresh_key());
    app.update_order_once(&key, &order, "PAID", Some("PENDING")).await.unwrap();
    app.update_order(&order, "COMPLETED").await.unwrap();
    let again = app.update_order_once(&key, &order, "PAID", Some("PENDING")).await.unwrap();
    assert!(again.replayed() && again.order_status() == "PAID", "{again:?}");
    for (status, expected) in [("PAID", None), ("CANCELLED", Some("PENDING"))] {
        let other = app.update_order_once(&key, &order, status, expected).await.unwrap_err();
        assert_eq!(other.code, "IDEMPOTENCY_KEY_REUSED");
    }
    let key = fresh_key();
    let late = app.update_order_once(&key, &order, "CANCELLED", Some("PAID")).await.unwrap_err();
    assert_eq!((&*late.code, &*late.path()), ("VERSION_CONFLICT", "input.expectedStatus"));
}

/// Only what is settled may go; its ledger lines stay.
async fn an_order_that_holds_money_is_not_deleted(app: TestApp) {
    app.given_wallet("ann", "10").await;
    let order = app.given_order("ann", "4").await;
    for _ in 0..2 {
        let refused = app.delete_order_once(&fresh_key(), &order).await.unwrap_err();
        assert_eq!((&*refused.code, &*refused.path()), ("INVALID_TRANSITION", "input.orderNo"));
        // Nothing is done for an order that is paid already.
        drop(app.update_order(&order, "PAID").await);
    }
    app.update_order(&order, "CANCELLED").await.unwrap();
    let key = fresh_key();
    let deleted = app.delete_order_once(&key, &order).await.unwrap();
    assert_eq!((deleted.order_no(), deleted.order_status()), (&*order, "CANCELLED"));
    let again = app.delete_order_once(&key, &order).await.unwrap();
    assert!(again.replayed() && again.order_no() == order, "{again:?}");
    let gone = app.delete_order_once(&fresh_key(), &order).await.unwrap_err();
    assert_eq!(gone.code, "ORDER_NOT_FOUND");
    let other = app.given_order("ann", "1").await;
    let reused = app.delete_order_once(&key, &other).await.unwrap_err();
    assert_eq!(reused.code, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(app.ledger("ann").await.len(), 4);
    app.assert_audit_is_clean().await;
}

/// A user orders and cancels for themselves; another's order is not there for them.
async fn users_cancel_their_own(app: TestApp) {
    app.given_wallet("ann", "10").await;
    app.given_wallet("bob", "10").await;
    let (ann, bob) = (app.as_role(Role::User, "ann"), app.as_role(Role::User, "bob"));
    let order = ann.given_order("ann", "4").await;
    let reply = ann
        .mutate(
            "createOrder",
            "CreateOrderInput",
            "errors { code }",
            json!({ "idempotencyKey": fresh_key(), "uid": "bob", "amount": "1",
                "periodNumber": "20241201_001" }),
        )
        .await;
    assert_eq!(reply.error_code(), Some("FORBIDDEN"), "{reply}");

    let anothers = bob.update_order(&order, "CANCELLED").await.unwrap_err();
    let missing = bob.update_order("ORDER_NONE", "CANCELLED").await.unwrap_err();
    assert_eq!((&*anothers.code, &*missing.code), ("ORDER_NOT_FOUND", "ORDER_NOT_FOUND"));
    assert_eq!(anothers.payload["wallet"], json!(null), "{anothers:?}");
    for (name, kind, input) in [
        ("updateOrderStatus", "UpdateOrderStatusInput", json!({ "status": "PAID" })),
        ("deleteOrder", "DeleteOrderInput", json!({})),
    ] {
        let mut input = input;
        input["idempotencyKey"] = json!(fresh_key());
        input["orderNo"] = json!(order);
        let reply = ann.mutate(name, kind, "errors { code }", input).await;
        assert_eq!(reply.error_code(), Some("FORBIDDEN"), "{reply}");
    }
    assert_eq!(ann.update_order(&order, "CANCELLED").await.unwrap().balance(), "10.00");
}

/// How long an order may be pending is a setting.
#[tokio::test]
async fn the_lifetime_of_an_order_is_a_setting() {
    let app = TestApp::start_with(Backend::Embedded, &["--order-lifetime", "1s"]).await;
    app.given_wallet("ann", "10").await;
    let order = app.given_order("ann", "4").await;
    app.wait_until_expired(&order).await;
    assert_eq!(app.balance("ann").await, "10.00");
}
