//! Where rows live.

use std::fmt;

use clap::{Args, builder::BoolishValueParser};

use super::{parse, secret};

/// The database.
#[derive(Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseConfig {
    /// postgres://… or sqlite://… ; the default is a file in ./data
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true, value_name = "URL",
        default_value = "sqlite://data/wallet-bff.db", value_parser = parse::database_url)]
    pub database_url: String,
    /// Connections for reads
    #[arg(long, env = "DATABASE_READ_CONNECTIONS", default_value_t = 8, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_read_connections: u32,
    /// Connections for balance changes (SQLite has one writer whatever this says)
    #[arg(long, env = "DATABASE_WRITE_CONNECTIONS", default_value_t = 4, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_write_connections: u32,
    /// Apply missing migrations at start (always done for SQLite)
    #[arg(long, env = "MIGRATE", value_parser = BoolishValueParser::new())]
    pub migrate: bool,
}

/// By hand, because the URL may hold a password.
impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseConfig")
            .field("database_url", &secret::without_password(&self.database_url))
            .field("database_read_connections", &self.database_read_connections)
            .field("database_write_connections", &self.database_write_connections)
            .field("migrate", &self.migrate)
            .finish()
    }
}
