//! Rows with whatever makes their texts hard to write.

use chrono::{DateTime, Utc};

use crate::{
    entity::{Money, OrderNo, Period, TransactionNo, Uid, order, transaction, wallet},
    graphql::{
        connection::Connection, order::Order, rendered::Rendered, transaction::Transaction,
        wallet::Wallet,
    },
    loaders::{Slice, Sourced, Total},
};

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn an_order(number: &str) -> Order {
    let row = order::Model {
        order_no: OrderNo::stored(number),
        uid: Uid::stored("ann"),
        period_number: Period::stored("20241201_001"),
        amount: Money::from_units(10_005_000),
        profit_amount: Money::from_units(-1),
        like_count: 1,
        share_count: i32::MIN,
        follow_count: i32::MAX,
        favorite_count: 0,
        status: order::Status::Pending,
        version: i64::MAX,
        debit_no: None,
        refund_no: None,
        expire_time: instant("2024-12-01T08:30:00Z"),
        created_at: instant("2024-12-01T08:30:00.000001Z"),
        updated_at: instant("-0001-12-01T00:00:00.5Z"),
    };
    Order(Sourced::cached(row.into(), instant("2024-12-02T00:00:00.123Z")))
}

pub fn a_line(description: Option<&str>) -> Transaction {
    let row = transaction::Model {
        transaction_no: TransactionNo::stored("TX1"),
        uid: Uid::stored("\"quoted\""),
        kind: transaction::Kind::TransferOut,
        amount: Money::from_units(1),
        balance_before: Money::from_units(i64::MAX),
        balance_after: Money::ZERO,
        version: 1,
        status: transaction::Status::Success,
        description: description.map(str::to_owned),
        operation_id: String::new(),
        counterparty_uid: description.map(Uid::stored),
        order_no: None,
        created_at: instant("2024-12-02T00:00:00.123Z"),
    };
    Transaction(row.into())
}

pub fn a_wallet() -> Wallet {
    let row = wallet::Model {
        uid: Uid::stored("ann"),
        balance: Money::from_units(7),
        status: wallet::Status::Frozen,
        currency: "PHP".to_owned(),
        version: 3,
        created_at: instant("2024-12-02T00:00:00.123Z"),
        updated_at: instant("2024-12-02T00:00:00.123Z"),
    };
    Wallet(Sourced::stale(row.into(), instant("2024-12-02T00:00:00.123Z")))
}

pub fn page<T>(rows: Vec<T>) -> Rendered<Connection<T>> {
    let slice = Slice { rows, has_next: true, has_previous: false };
    Rendered(Connection::new(slice, Total::Wallets(Default::default())))
}
