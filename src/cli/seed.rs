//! `seed`.

use super::{Failure, connect};
use crate::{
    config::DatabaseConfig,
    seed::{self, Plan, Progress},
};

/// How much.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Wallets, u000001 and on, with 1000.50 in each
    #[arg(long, default_value_t = Plan::DEMO.wallets, value_name = "N")]
    wallets: u64,
    /// Ledger lines, spread evenly over the wallets
    #[arg(long, default_value_t = Plan::DEMO.transactions, value_name = "N")]
    transactions: u64,
    /// Periods, 20241201_001 and on
    #[arg(long, default_value_t = Plan::DEMO.periods, value_name = "N")]
    periods: u64,
    /// Orders, spread evenly over the periods
    #[arg(long, default_value_t = Plan::DEMO.orders, value_name = "N")]
    orders: u64,
    #[command(flatten)]
    database: DatabaseConfig,
}

/// Seeds; what is there already stays as it is.
pub async fn run(args: Args) -> Result<(), Failure> {
    let database = connect(&args.database).await?;
    migrations::up(database.writer())
        .await
        .map_err(|error| Failure::while_doing("migrations were rolled back", error))?;
    let plan = Plan {
        wallets: args.wallets,
        transactions: args.transactions,
        periods: args.periods,
        orders: args.orders,
    };
    let progress = Progress::visible(plan.wallets);
    let added = seed::seed(&database, &plan, &progress)
        .await
        .map_err(|error| Failure::while_doing("seeding stopped; run it again to go on", error))?;
    println!(
        "added {} wallets, {} transactions and {} orders",
        added.wallets, added.transactions, added.orders
    );
    Ok(())
}
