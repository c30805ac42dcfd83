//! Orders against the lines that paid for them and gave their money back.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;

use super::{KEPT_FINDINGS, Progress, Report};
use crate::{
    entity::{OrderNo, TransactionNo, order, transaction, transaction::Kind},
    error::Result,
    orders::status::gives_back,
    store,
};

const ORDERS: u64 = 1_000;

type Lines = HashMap<TransactionNo, transaction::Model>;

pub(super) async fn check(
    conn: &impl ConnectionTrait,
    report: &mut Report,
    progress: &impl Fn(Progress),
) -> Result<()> {
    progress(Progress::Begin("orders", store::audit::count_orders(conn).await?));
    let mut after: Option<OrderNo> = None;
    loop {
        let orders = store::audit::orders_after(conn, after.as_ref(), ORDERS).await?;
        let Some(last) = orders.last() else { break };
        after = Some(last.order_no.clone());
        let numbers: Vec<TransactionNo> =
            orders.iter().flat_map(|o| [&o.debit_no, &o.refund_no]).flatten().cloned().collect();
        let lines = store::transactions::by_nos(conn, &numbers).await?;
        let lines: Lines = lines.into_iter().map(|l| (l.transaction_no.clone(), l)).collect();
        for order in &orders {
            check_one(order, &lines, report);
        }
        report.orders += orders.len() as u64;
        progress(Progress::Advance(orders.len() as u64));
    }
    for order_no in store::audit::orders_moved_twice(conn, KEPT_FINDINGS as u64).await? {
        report.find(format!("order {order_no} was paid, or given back, more than once"));
    }
    Ok(())
}

fn check_one(order: &order::Model, lines: &Lines, report: &mut Report) {
    check_line(order, order.debit_no.as_ref(), Kind::Order, lines, report);
    check_line(order, order.refund_no.as_ref(), Kind::Refund, lines, report);
    let owed = order.debit_no.is_some() && gives_back(order.status);
    if owed != order.refund_no.is_some() {
        let what = if owed { "and its money was not given back" } else { "and has a refund" };
        report.find(format!("order {} is {:?}, {what}", order.order_no, order.status));
    }
}

fn check_line(
    order: &order::Model,
    number: Option<&TransactionNo>,
    kind: Kind,
    lines: &Lines,
    report: &mut Report,
) {
    let Some(number) = number else { return };
    let agrees = lines.get(number).is_some_and(|line| {
        (line.kind, &line.uid, line.amount, line.order_no.as_ref())
            == (kind, &order.uid, order.amount, Some(&order.order_no))
    });
    if !agrees {
        let order_no = &order.order_no;
        report
            .find(format!("order {order_no} names {number} as its {kind:?}, which does not agree"));
    }
}
