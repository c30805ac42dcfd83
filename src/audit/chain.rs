//! Each wallet's lines: dense in version, each finding the balance that the one before left, and
//! the last leaving what the wallet holds.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;

use super::Report;
use crate::{
    entity::{Money, Uid, transaction, wallet},
    error::Result,
    store,
};

/// Lines that are read together.
const LINES: u64 = 10_000;

/// How far a wallet's chain was followed.
#[derive(Clone, Copy, Default)]
struct End {
    version: i64,
    balance: Money,
}

pub(super) async fn check(
    conn: &impl ConnectionTrait,
    wallets: &[wallet::Model],
    report: &mut Report,
) -> Result<()> {
    let uids: Vec<Uid> = wallets.iter().map(|wallet| wallet.uid.clone()).collect();
    let mut ends: HashMap<Uid, End> = HashMap::with_capacity(wallets.len());
    let mut after: Option<(Uid, i64)> = None;
    loop {
        let lines = store::audit::lines_after(conn, &uids, after.as_ref(), LINES).await?;
        let Some(last) = lines.last() else { break };
        after = Some((last.uid.clone(), last.version));
        for line in &lines {
            follow(ends.entry(line.uid.clone()).or_default(), line, report);
        }
        report.lines += lines.len() as u64;
    }
    for wallet in wallets {
        let end = ends.get(&wallet.uid).copied().unwrap_or_default();
        check_end(wallet, end, report);
    }
    report.wallets += wallets.len() as u64;
    Ok(())
}

fn follow(end: &mut End, line: &transaction::Model, report: &mut Report) {
    let name = format!("line {} of {} at version {}", line.transaction_no, line.uid, line.version);
    if line.version != end.version + 1 {
        report.find(format!("{name} follows version {}", end.version));
    }
    if line.balance_before != end.balance {
        let (found, left) = (line.balance_before, end.balance);
        report.find(format!("{name} finds {found}, and the line before left {left}"));
    }
    if !moves_its_amount(line) {
        let (amount, before, after) = (line.amount, line.balance_before, line.balance_after);
        report.find(format!("{name} ({:?} {amount}) goes from {before} to {after}", line.kind));
    }
    report.ledger_units +=
        i128::from(line.balance_after.units()) - i128::from(line.balance_before.units());
    *end = End { version: line.version, balance: line.balance_after };
}

/// Whether the balances differ by the amount, in the direction that the kind names.
fn moves_its_amount(line: &transaction::Model) -> bool {
    use transaction::Kind;
    let moved = line.balance_after.checked_sub(line.balance_before);
    let expected = match line.kind {
        Kind::Recharge | Kind::TransferIn | Kind::Reward | Kind::Refund => Some(line.amount),
        Kind::Withdraw | Kind::TransferOut | Kind::Order => Money::ZERO.checked_sub(line.amount),
        Kind::Adjustment => return moved.is_some_and(|moved| moved.abs() == line.amount),
    };
    moved.is_some() && moved == expected
}

fn check_end(wallet: &wallet::Model, end: End, report: &mut Report) {
    report.held_units += i128::from(wallet.balance.units());
    let uid = &wallet.uid;
    if wallet.version != end.version {
        let version = wallet.version;
        report.find(format!("wallet {uid} is at version {version}, its ledger at {}", end.version));
    }
    if wallet.balance != end.balance {
        let balance = wallet.balance;
        report.find(format!("wallet {uid} holds {balance}, its ledger says {}", end.balance));
    }
}
