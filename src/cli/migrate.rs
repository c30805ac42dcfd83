//! `migrate`.

use clap::Subcommand;

use super::{Failure, connect};
use crate::config::DatabaseConfig;

/// Where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Up, unless said otherwise.
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    database: DatabaseConfig,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Apply what is missing
    Up,
    /// Take back the latest ones, with all their data
    Down {
        /// How many
        #[arg(long, default_value_t = 1, value_name = "N", conflicts_with = "all")]
        steps: u32,
        /// Every one: an empty database
        #[arg(long)]
        all: bool,
    },
    /// Say which are applied
    Status,
}

/// Migrates.
pub async fn run(args: Args) -> Result<(), Failure> {
    let database = connect(&args.database).await?;
    let writer = database.writer();
    let done = match args.action.unwrap_or(Action::Up) {
        Action::Up => migrations::up(writer).await,
        Action::Down { steps, all } => migrations::down(writer, (!all).then_some(steps)).await,
        Action::Status => Ok(()),
    };
    done.map_err(|error| Failure::while_doing("migrations were rolled back", error))?;
    let status = migrations::status(writer)
        .await
        .map_err(|error| Failure::while_doing("cannot read which migrations are applied", error))?;
    for (name, applied) in status {
        println!("{} {name}", if applied { "applied" } else { "missing" });
    }
    Ok(())
}
