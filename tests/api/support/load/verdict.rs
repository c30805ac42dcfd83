//! What must hold of a load that is over.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use wallet_bff::{
    balance::{BatchKind, Command, OrderChange},
    entity::{Amount, Money, operation, order},
};

use super::{Answer, FUNDS, Load, Record, tell};
use crate::support::{engine::Ground, servers::postgres};

impl Load {
    /// All that must hold: nobody was told what is not so, no money came or went but by what was
    /// answered, and the ledger agrees with itself.
    pub async fn assert_sound(&self, ground: &Ground) {
        let records = self.records.lock().drain(..).collect::<Vec<_>>();
        let count =
            |wanted: fn(&Answer) -> bool| records.iter().filter(|r| wanted(&r.answer)).count();
        let (done, refused) =
            (count(|a| matches!(a, Answer::Done(..))), count(|a| matches!(a, Answer::Refused(_))));
        let busy = count(|a| matches!(a, Answer::Busy));
        let again = self.again.lock().clone();
        tell(&format!(
            "{done} done, {refused} refused, {busy} given up as busy; asked again: {again:#?}"
        ));
        let wrong = self.wrong.lock().clone();
        assert!(
            wrong.is_empty(),
            "{} wrong answers: {:#?}",
            wrong.len(),
            &wrong[..wrong.len().min(5)]
        );
        assert!(done > 50, "hardly anything was done: {done}");
        assert_answers_are_so(ground, &records).await;
        let engine = ground.engine().await;
        let stored = engine.stored(&self.uids).await;
        let held: i64 = stored.iter().map(|wallet| wallet.balance.units()).sum();
        let funds = FUNDS.parse::<Money>().expect("an amount").units() * self.uids.len() as i64;
        let moved: i64 = records.iter().map(net).sum();
        assert_eq!(held, funds + moved, "what the wallets hold, and what was answered");
        engine.assert_audit_clean().await;
        let log = postgres::log().await;
        let deadlock = log.find("deadlock detected");
        assert_eq!(deadlock, None, "in PostgreSQL's log: {}", &log[deadlock.unwrap_or(0)..]);
    }
}

/// Each answer stands in the operations as it was given, and nothing else does.
async fn assert_answers_are_so(ground: &Ground, records: &[Record]) {
    let rows = operation::Entity::find()
        .filter(operation::Column::Kind.ne("open_wallet"))
        .all(ground.database());
    let rows = rows.await.expect("the database answers");
    let rows: HashMap<&str, &operation::Model> =
        rows.iter().map(|row| (row.idempotency_key.as_str(), row)).collect();
    for record in records {
        let row = rows.get(&*record.key);
        let stored = row.map(|row| (row.state, row.operation_id.as_str()));
        let so = match (&record.answer, stored) {
            (Answer::Done(id, _), Some((operation::State::Committed, stored))) => id == stored,
            (Answer::Refused(_), Some((operation::State::Refused, _))) => true,
            (Answer::Busy, None) => true,
            _ => false,
        };
        assert!(so, "answered: {record:?}\nstored: {row:?}");
    }
}

/// What the question brought into all wallets together.
fn net(record: &Record) -> i64 {
    let Answer::Done(_, order) = &record.answer else { return 0 };
    let units = |amount: &Amount| amount.money().units();
    match &record.command {
        Command::Deposit(m) => units(&m.amount),
        Command::Withdraw(m) => -units(&m.amount),
        Command::Transfer { .. } => 0,
        Command::Batch { operations } => {
            let sign = |kind| if kind == BatchKind::Add { 1 } else { -1 };
            operations.iter().map(|o| sign(o.kind) * units(&o.movement.amount)).sum()
        }
        Command::Reward { rewards } => rewards.iter().map(|reward| units(&reward.amount)).sum(),
        Command::CreateOrder(new) => -units(&new.amount),
        Command::ChangeOrder { change, .. } => match (change, order) {
            (OrderChange::Status { to: order::Status::Cancelled, .. }, Some((_, amount))) => {
                amount.units()
            }
            _ => 0,
        },
        other => unreachable!("not asked: {other:?}"),
    }
}
