//! Operations against the ledger lines that carry their ids.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;

use super::{KEPT_FINDINGS, Progress, Report};
use crate::{
    balance::{Outcome, OutcomeState},
    entity::{IdempotencyKey, operation, transaction},
    error::Result,
    store,
};

/// Operations that are looked at together: few, because one may have a thousand lines.
const OPERATIONS: u64 = 200;

pub(super) async fn check(
    conn: &impl ConnectionTrait,
    report: &mut Report,
    progress: &impl Fn(Progress),
) -> Result<()> {
    progress(Progress::Begin("operations", store::audit::count_operations(conn).await?));
    let mut after: Option<(String, IdempotencyKey)> = None;
    loop {
        let records = store::audit::operations_after(conn, after.as_ref(), OPERATIONS).await?;
        let Some(last) = records.last() else { break };
        after = Some((last.caller.clone(), last.idempotency_key.clone()));
        let lines = lines_of(conn, &records).await?;
        for record in &records {
            let mine = lines.get(&record.operation_id).map(Vec::as_slice).unwrap_or_default();
            check_one(record, mine, report);
        }
        report.operations += records.len() as u64;
        progress(Progress::Advance(records.len() as u64));
    }
    for id in store::audit::lines_without_operation(conn, KEPT_FINDINGS as u64).await? {
        report.find(format!("ledger lines of operation {id}, which is not recorded"));
    }
    Ok(())
}

async fn lines_of(
    conn: &impl ConnectionTrait,
    records: &[operation::Model],
) -> Result<HashMap<String, Vec<transaction::Model>>> {
    let mut ids: Vec<String> = records.iter().map(|r| r.operation_id.clone()).collect();
    ids.dedup();
    let mut lines: HashMap<String, Vec<transaction::Model>> = HashMap::new();
    for line in store::transactions::by_operations(conn, &ids).await? {
        lines.entry(line.operation_id.clone()).or_default().push(line);
    }
    Ok(lines)
}

fn check_one(record: &operation::Model, lines: &[transaction::Model], report: &mut Report) {
    let name = format!("operation {} ({})", record.operation_id, record.kind);
    let outcome = match Outcome::from_record(record, lines) {
        Ok(outcome) => outcome,
        Err(error) => return report.find(format!("{name} cannot be read: {error}")),
    };
    if matches!(outcome.state, OutcomeState::Refused(_)) {
        if !lines.is_empty() {
            report.find(format!("{name} was refused, and has {} ledger lines", lines.len()));
        }
        return;
    }
    let mut last: HashMap<_, &transaction::Model> = HashMap::new();
    for line in &outcome.transactions {
        last.insert(&line.uid, line);
    }
    for wallet in &outcome.wallets {
        let differs = last.get(&wallet.uid).is_some_and(|line| {
            (line.version, line.balance_after) != (wallet.version, wallet.balance)
        });
        if differs {
            report.find(format!("{name} answered another balance of {} than its line", wallet.uid));
        }
    }
    let moves_money = !matches!(
        record.kind.as_str(),
        "open_wallet"
            | "set_wallet_status"
            | "update_order_status"
            | "delete_order"
            | "reward"
            | "force_release_lock"
    );
    if moves_money && outcome.transactions.is_empty() {
        report.find(format!("{name} was done, and has no ledger line"));
    }
}
