//! A database of a test's own, and rows to put into it.

use std::ops::Deref;

use chrono::{DateTime, Utc};

use super::Database;
use crate::{
    config::DatabaseConfig,
    entity::{Money, OrderNo, Period, TransactionNo, Uid, order, transaction, wallet},
};

/// An SQLite file with all tables; deleted with its folder when dropped.
pub(crate) struct TestDatabase {
    database: Database,
    _folder: tempfile::TempDir,
}

impl Deref for TestDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

pub(crate) fn config(database_url: String) -> DatabaseConfig {
    DatabaseConfig {
        database_url,
        database_read_connections: 2,
        database_write_connections: 2,
        migrate: false,
    }
}

pub(crate) async fn database() -> TestDatabase {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/made/here/test.db", folder.path().display());
    let database = Database::connect(&config(url)).await.unwrap();
    migrations::up(database.writer()).await.unwrap();
    TestDatabase { database, _folder: folder }
}

/// A time in micros, so that texts of several lengths are compared.
pub(crate) fn at(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_733_011_200_000_000 + micros).unwrap()
}

pub(crate) fn uid(name: &str) -> Uid {
    Uid::stored(name)
}

pub(crate) fn wallet(name: &str, units: i64) -> wallet::Model {
    wallet::Model {
        uid: uid(name),
        balance: Money::from_units(units),
        status: wallet::Status::Active,
        currency: "PHP".to_owned(),
        version: 0,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub(crate) fn line(name: &str, version: i64) -> transaction::Model {
    transaction::Model {
        transaction_no: TransactionNo::stored(format!("TX-{name}-{version}")),
        uid: uid(name),
        kind: transaction::Kind::Recharge,
        amount: Money::from_units(1),
        balance_before: Money::from_units(version - 1),
        balance_after: Money::from_units(version),
        version,
        status: transaction::Status::Success,
        description: None,
        operation_id: format!("OP-{version}"),
        counterparty_uid: None,
        order_no: None,
        created_at: at(version * 1_001),
    }
}

pub(crate) fn order(period: &str, number: &str) -> order::Model {
    order::Model {
        order_no: OrderNo::stored(number),
        uid: uid("ann"),
        period_number: Period::stored(period),
        amount: Money::from_units(i64::MAX),
        profit_amount: Money::ZERO,
        like_count: 1,
        share_count: 2,
        follow_count: 3,
        favorite_count: 4,
        status: order::Status::Pending,
        version: 0,
        debit_no: None,
        refund_no: None,
        expire_time: at(1_000_000),
        created_at: at(0),
        updated_at: at(0),
    }
}
