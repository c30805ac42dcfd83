//! How an instance learns of what others changed.

use std::time::Duration;

use clap::{Args, builder::BoolishValueParser};

use super::parse;

/// The refresh of cached rows that others changed.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Refresh of cached rows that others changed")]
pub struct RefreshConfig {
    /// How often the database is asked what others changed
    #[arg(long, env = "REFRESH_INTERVAL", default_value = "1s", value_name = "DURATION",
        value_parser = parse::interval)]
    pub refresh_interval: Duration,
    /// How seldom, while nothing changes and PostgreSQL would notify of it
    #[arg(long, env = "REFRESH_SLOWEST", default_value = "5s", value_name = "DURATION",
        value_parser = parse::interval)]
    pub refresh_slowest: Duration,
    /// Only ask, and let PostgreSQL not notify (a pooler such as PgBouncer loses notifications)
    #[arg(long, env = "NO_LISTEN", value_parser = BoolishValueParser::new())]
    pub no_listen: bool,
    /// Leave it to other instances; without Redis, what others change is seen when an entry lapses
    #[arg(long, env = "NO_REFRESH", value_parser = BoolishValueParser::new())]
    pub no_refresh: bool,
}
