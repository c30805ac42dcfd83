//! A seeded wallet: 1000.50 in it, and a ledger that says how it came there.

use chrono::{DateTime, TimeDelta, Utc};

use super::Plan;
use crate::entity::{
    Money, OrderNo, Period, TransactionNo, Uid, order,
    transaction::{self, Kind},
    user, wallet,
};

/// What each wallet holds, in ten-thousandths.
const BALANCE: i64 = 1000_5000;
const CENT: i64 = 100;
/// 2024-12-01 00:00 UTC, in seconds: when it all began.
const BEGINNING: i64 = 1_733_011_200;
/// 2099-12-31 00:00 UTC, in seconds. Pending orders lapse then, so that no sum changes before.
const FAR_FUTURE: i64 = 4_102_358_400;

/// One wallet's part of a plan.
pub(super) struct Account {
    index: u64,
    least_lines: u64,
    pub(super) uid: Uid,
    pub(super) orders: Vec<order::Model>,
}

impl Account {
    /// The wallet at `index`, from 0.
    pub(super) fn new(plan: &Plan, index: u64) -> Self {
        let uid = Uid::stored(format!("u{:06}", index + 1));
        let order = |(place, order): (u64, u64)| {
            // The first line is the opening recharge, and each order's debit follows it.
            let version = place + 2;
            let debit_no = line_number(&uid, version);
            let order = new_order(plan, order, &uid, line_time(index, version));
            order::Model { debit_no: Some(debit_no), ..order }
        };
        let orders = (0..).zip(plan.orders_of(index)).map(order).collect();
        Self { index, least_lines: plan.lines_of(index), orders, uid }
    }

    pub(super) fn user(&self) -> user::Model {
        user::Model {
            uid: self.uid.clone(),
            name: format!("User {}", self.index + 1),
            created_at: time(BEGINNING),
            updated_at: time(BEGINNING),
        }
    }

    pub(super) fn wallet(&self) -> wallet::Model {
        wallet::Model {
            uid: self.uid.clone(),
            balance: Money::from_units(BALANCE),
            status: wallet::Status::Active,
            currency: "PHP".to_owned(),
            version: self.line_count().cast_signed(),
            created_at: time(BEGINNING),
            updated_at: line_time(self.index, self.line_count()),
        }
    }

    /// Its ledger, oldest first.
    pub(super) fn lines(&self) -> impl Iterator<Item = transaction::Model> {
        let mut balance = 0;
        (1..=self.line_count()).map(move |version| {
            let movement = self.movement(version);
            let before = balance;
            balance += movement.change;
            self.line(version, movement, before)
        })
    }

    fn line_count(&self) -> u64 {
        self.least_lines.max(1 + self.orders.len() as u64)
    }

    /// A recharge; the orders' debits; then what goes out and comes in again, pair by pair, and
    /// a single reward where no pair is left. The recharge makes the sum right.
    fn movement(&self, version: u64) -> Movement<'_> {
        let orders = self.orders.len() as u64;
        let rest = self.line_count() - 1 - orders;
        if version == 1 {
            let paid: i64 = self.orders.iter().map(|order| order.amount.units()).sum();
            let single = if rest % 2 == 1 { self.pocket_money(rest / 2) } else { 0 };
            return Movement::new(Kind::Recharge, BALANCE + paid - single, "First recharge");
        }
        if let Some(order) = usize::try_from(version - 2).ok().and_then(|i| self.orders.get(i)) {
            let change = -order.amount.units();
            return Movement { order: Some(order), ..Movement::new(Kind::Order, change, "Order") };
        }
        let place = version - 2 - orders;
        let amount = self.pocket_money(place / 2);
        if place + 1 == rest && rest % 2 == 1 {
            Movement::new(Kind::Reward, amount, "Daily reward")
        } else if place.is_multiple_of(2) {
            Movement::new(Kind::Withdraw, -amount, "Cash out")
        } else {
            Movement::new(Kind::Recharge, amount, "Top-up by card")
        }
    }

    /// 1.00 to 90.99, never the same for long.
    fn pocket_money(&self, pair: u64) -> i64 {
        let cents = 100 + (self.index * 7_919 + pair * 104_729) % 9_000;
        cents.cast_signed() * CENT
    }

    fn line(&self, version: u64, movement: Movement<'_>, before: i64) -> transaction::Model {
        transaction::Model {
            transaction_no: line_number(&self.uid, version),
            uid: self.uid.clone(),
            kind: movement.kind,
            amount: Money::from_units(movement.change.abs()),
            balance_before: Money::from_units(before),
            balance_after: Money::from_units(before + movement.change),
            version: version.cast_signed(),
            status: transaction::Status::Success,
            description: Some(movement.description.to_owned()),
            operation_id: format!("OP-{}-{version}", self.uid),
            counterparty_uid: None,
            order_no: movement.order.map(|order| order.order_no.clone()),
            created_at: line_time(self.index, version),
        }
    }
}

/// What a line does to the balance, in ten-thousandths.
struct Movement<'a> {
    kind: Kind,
    change: i64,
    description: &'static str,
    order: Option<&'a order::Model>,
}

impl Movement<'_> {
    fn new(kind: Kind, change: i64, description: &'static str) -> Self {
        Self { kind, change, description, order: None }
    }
}

fn new_order(plan: &Plan, index: u64, uid: &Uid, created_at: DateTime<Utc>) -> order::Model {
    let (period_index, run) = plan.place_of(index);
    let period = format!("20241201_{period_index:03}");
    let cents = 1_000 + (index * 3_571) % 5_000;
    let (status, version) = match (period_index + run) % 4 {
        0 => (order::Status::Pending, 0),
        1 => (order::Status::Paid, 1),
        _ => (order::Status::Completed, 2),
    };
    let expire_time = match status {
        order::Status::Pending => time(FAR_FUTURE),
        _ => created_at + TimeDelta::minutes(30),
    };
    let count = |most: u64| (index % most) as i32;
    order::Model {
        order_no: OrderNo::stored(format!("ORDER_{period}_{run:04}")),
        uid: uid.clone(),
        period_number: Period::stored(period),
        amount: Money::from_units(cents.cast_signed() * CENT),
        profit_amount: Money::from_units(cents.cast_signed() * CENT / 50),
        like_count: count(11),
        share_count: count(7),
        follow_count: count(5),
        favorite_count: count(3),
        status,
        version,
        debit_no: None,
        refund_no: None,
        expire_time,
        created_at,
        updated_at: created_at + TimeDelta::minutes(version),
    }
}

fn line_number(uid: &Uid, version: u64) -> TransactionNo {
    TransactionNo::stored(format!("TX-{uid}-{version}"))
}

/// A line a minute; the wallets a few milliseconds apart.
fn line_time(wallet: u64, version: u64) -> DateTime<Utc> {
    let millis = version.cast_signed() * 60_000 + (wallet % 60_000).cast_signed();
    time(BEGINNING) + TimeDelta::milliseconds(millis)
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ledger_adds_up() {
        for (transactions, orders) in [(0, 0), (1, 3), (40, 0), (41, 7), (100, 20), (33, 40)] {
            let plan = Plan { wallets: 5, transactions, periods: 2, orders };
            for account in (0..5).map(|index| Account::new(&plan, index)) {
                let (wallet, mut balance, mut version) = (account.wallet(), Money::ZERO, 0);
                for line in account.lines() {
                    version += 1;
                    assert_eq!((line.version, line.balance_before), (version, balance));
                    assert_eq!(line.signed_amount().abs(), line.amount);
                    assert!(line.amount > Money::ZERO && !line.balance_after.is_negative());
                    balance = line.balance_after;
                }
                assert_eq!((wallet.balance, wallet.version), (balance, version));
                assert_eq!(balance.to_string(), "1000.50");
            }
        }
    }

    #[test]
    fn every_order_is_paid_by_a_line_of_its_time() {
        let plan = Plan { wallets: 5, transactions: 1, periods: 2, orders: 12 };
        let account = Account::new(&plan, 1);
        let debits: Vec<_> = account.lines().filter(|line| line.kind == Kind::Order).collect();
        assert_eq!(debits.len(), account.orders.len());
        for (line, order) in debits.iter().zip(&account.orders) {
            assert_eq!(line.order_no.as_ref(), Some(&order.order_no));
            assert_eq!((line.amount, line.created_at), (order.amount, order.created_at));
        }
        assert_eq!(account.orders[0].order_no.as_str(), "ORDER_20241201_002_0001");
        assert!(account.orders[0].order_no.as_str().parse::<OrderNo>().is_ok());
        assert!(account.orders[0].period_number.as_str().parse::<Period>().is_ok());
    }
}
