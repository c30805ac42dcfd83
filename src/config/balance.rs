//! How balance changes are queued and batched.

use std::time::Duration;

use clap::Args;

use super::parse;

/// The write path.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Balance changes")]
pub struct BalanceConfig {
    /// Changes that may wait; one more is refused with SYSTEM_BUSY
    #[arg(long, env = "WRITE_QUEUE", default_value_t = 10_000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub write_queue: u32,
    /// Most changes in one transaction
    #[arg(long, env = "WRITE_BATCH", default_value_t = 512, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub write_batch: u32,
    /// Transactions under way at once, on different wallets
    #[arg(long, env = "WRITE_BATCHES_IN_FLIGHT", default_value_t = 3, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=64))]
    pub write_batches_in_flight: u32,
    /// How long an order may stay pending; then it lapses, and its money is given back
    #[arg(long, env = "ORDER_LIFETIME", default_value = "30m", value_name = "DURATION",
        value_parser = parse::lifetime)]
    pub order_lifetime: Duration,
}
