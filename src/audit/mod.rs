//! Checks the whole ledger: that money is where the ledger says, and that every record agrees
//! with every other.
//!
//! It reads page by page, in one read-only snapshot, so its memory does not grow with the ledger,
//! and it may run beside a busy server.

mod cached;
mod chain;
mod operations;
mod orders;

use std::fmt;

use sea_orm::{AccessMode, IsolationLevel, TransactionOptions, TransactionTrait};

use crate::{
    cache::Cache,
    entity::Money,
    error::{Error, Result},
    store::{self, Database, Page},
};

/// Wallets that are looked at together.
const WALLETS: u64 = 1_000;
/// Findings that are kept; the rest is counted.
const KEPT_FINDINGS: usize = 100;

/// What an audit found.
#[derive(Debug, Default)]
pub struct Report {
    /// Wallets looked at.
    pub wallets: u64,
    /// Ledger lines looked at.
    pub lines: u64,
    /// Operations looked at.
    pub operations: u64,
    /// Orders looked at.
    pub orders: u64,
    /// Ten-thousandths that all wallets hold.
    pub held_units: i128,
    /// Ten-thousandths that all ledger lines add up to.
    pub ledger_units: i128,
    /// The first findings, in words.
    pub findings: Vec<String>,
    /// How many there are.
    pub finding_count: u64,
}

impl Report {
    /// Whether everything agrees.
    pub const fn is_clean(&self) -> bool {
        self.finding_count == 0
    }

    fn find(&mut self, finding: String) {
        self.finding_count += 1;
        if self.findings.len() < KEPT_FINDINGS {
            self.findings.push(finding);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} wallets, {} ledger lines, {} operations, {} orders",
            self.wallets, self.lines, self.operations, self.orders
        )?;
        writeln!(f, "wallets hold {}", units(self.held_units))?;
        writeln!(f, "the ledger adds up to {}", units(self.ledger_units))?;
        for finding in &self.findings {
            writeln!(f, "FOUND {finding}")?;
        }
        let more = self.finding_count - self.findings.len() as u64;
        if more > 0 {
            writeln!(f, "… and {more} more")?;
        }
        f.write_str(if self.is_clean() { "clean" } else { "not clean" })
    }
}

fn units(sum: i128) -> String {
    i64::try_from(sum).map_or_else(
        |_| format!("{sum} ten-thousandths"),
        |units| Money::from_units(units).to_string(),
    )
}

/// How far an audit is.
#[derive(Clone, Copy, Debug)]
pub enum Progress {
    /// How many of these there are to look at.
    Begin(&'static str, u64),
    /// This many more were looked at.
    Advance(u64),
}

/// Audits everything that is stored, and what is cached of it.
///
/// # Errors
/// The database's. What is wrong with the ledger is no error but a finding.
pub async fn audit(
    database: &Database,
    cache: &Cache,
    progress: impl Fn(Progress),
) -> Result<Report> {
    let options = TransactionOptions {
        isolation_level: database.is_postgres().then_some(IsolationLevel::RepeatableRead),
        access_mode: database.is_postgres().then_some(AccessMode::ReadOnly),
        ..TransactionOptions::default()
    };
    let snapshot = database.reader().begin_with_options(options).await?;
    store::audit::take_your_time(&snapshot).await?;
    let mut report = Report::default();

    let count = store::wallets::count(&snapshot, &store::WalletFilter::default()).await?;
    progress(Progress::Begin("wallets", count));
    let mut page = Page { after: None, before: None, limit: WALLETS, from_end: false };
    loop {
        let wallets =
            store::wallets::page(&snapshot, &store::WalletFilter::default(), &page).await?;
        let Some(last) = wallets.last() else { break };
        page.after = Some(last.uid.clone());
        chain::check(&snapshot, &wallets, &mut report).await?;
        cached::check(database, cache, &wallets, &mut report).await?;
        progress(Progress::Advance(wallets.len() as u64));
    }
    for uid in store::audit::lines_without_wallet(&snapshot, KEPT_FINDINGS as u64).await? {
        report.find(format!("ledger lines of {uid}, who has no wallet"));
    }
    operations::check(&snapshot, &mut report, &progress).await?;
    orders::check(&snapshot, &mut report, &progress).await?;
    if report.held_units != report.ledger_units {
        report.find("the sum of all balances is not the sum of all ledger lines".to_owned());
    }
    snapshot.commit().await.map_err(Error::from)?;
    Ok(report)
}
