//! What stands in the database, read beside the service.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use wallet_bff::entity::{Money, OrderNo, Period, Uid, order, transaction, wallet};

use super::{TestApp, money};

impl TestApp {
    /// The wallet's row.
    pub async fn stored_wallet(&self, uid: &str) -> wallet::Model {
        let row = wallet::Entity::find_by_id(Uid::stored(uid)).one(self.database()).await;
        row.expect("the database answers").unwrap_or_else(|| panic!("no wallet {uid} is stored"))
    }

    /// What the wallet holds.
    pub async fn stored_balance(&self, uid: &str) -> Money {
        self.stored_wallet(uid).await.balance
    }

    /// The wallet's lines, oldest first.
    pub async fn ledger(&self, uid: &str) -> Vec<transaction::Model> {
        let lines = transaction::Entity::find()
            .filter(transaction::Column::Uid.eq(uid))
            .order_by_asc(transaction::Column::Version);
        lines.all(self.database()).await.expect("the database answers")
    }

    /// Each line begins where the one before ended, none is missing, and the wallet stands
    /// where the last one ended.
    pub async fn assert_ledger_chain(&self, uid: &str) {
        let (mut balance, mut version) = (Money::ZERO, 0);
        for line in self.ledger(uid).await {
            assert_eq!(line.version, version + 1, "{uid}'s versions have a gap before {line:?}");
            assert_eq!(line.balance_before, balance, "{uid}'s chain is broken at {line:?}");
            assert_eq!(line.signed_amount().abs(), line.amount, "{line:?} does not add up");
            (balance, version) = (line.balance_after, line.version);
        }
        let wallet = self.stored_wallet(uid).await;
        assert_eq!(
            (wallet.balance, wallet.version),
            (balance, version),
            "{uid}'s wallet and ledger"
        );
    }

    /// `count` pending orders of 10.00 in a period, numbered from 1, as another service makes
    /// them.
    pub async fn given_orders(&self, uid: &str, period: &str, count: usize) {
        for number in 1..=count {
            let row = an_order(uid, period, number).into_active_model();
            row.insert(self.database()).await.expect("an order can be stored");
        }
    }
}

/// An order as it stands in a row.
pub fn an_order(uid: &str, period: &str, number: usize) -> order::Model {
    let made: DateTime<Utc> = DateTime::from_timestamp(1_733_040_000, 0).expect("in range");
    order::Model {
        order_no: OrderNo::stored(format!("ORDER_{period}_{number:04}")),
        uid: Uid::stored(uid),
        period_number: Period::stored(period),
        amount: money("10"),
        profit_amount: money("0.5"),
        like_count: 1,
        share_count: 2,
        follow_count: 3,
        favorite_count: 4,
        status: order::Status::Pending,
        version: 1,
        debit_no: None,
        refund_no: None,
        expire_time: made + TimeDelta::days(36_500),
        created_at: made,
        updated_at: made,
    }
}
