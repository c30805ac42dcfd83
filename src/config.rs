//! Configuration: one struct, read from flags and environment variables, checked at start.
//!
//! `wallet-bff serve --help` is its reference. Nothing else reads the environment.

use std::{net::SocketAddr, time::Duration};

use clap::{Args, ValueEnum};

/// Everything that can be set.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Address to listen on
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8080", value_name = "HOST:PORT")]
    pub listen: SocketAddr,
    /// Seed a small data set, move some money now and then, and print ready tokens
    #[arg(long, env = "DEMO")]
    pub demo: bool,
    /// Where rows live.
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// Where they are cached.
    #[command(flatten)]
    pub cache: CacheConfig,
    /// Whose tokens count.
    #[command(flatten)]
    pub auth: AuthConfig,
    /// How balance changes are queued and batched.
    #[command(flatten)]
    pub balance: BalanceConfig,
    /// What a single request may ask for.
    #[command(flatten)]
    pub limits: LimitsConfig,
}

/// The database.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseConfig {
    /// postgres://… or sqlite://… ; the default is a file in ./data
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL",
        default_value = "sqlite://data/wallet-bff.db", value_parser = database_url)]
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
    #[arg(long, env = "MIGRATE")]
    pub migrate: bool,
}

/// The cache.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Cache")]
pub struct CacheConfig {
    /// redis://…, rediss://… or redis-cluster://… ; without it, a cache in this process
    #[arg(long, env = "REDIS_URL", hide_env_values = true, value_name = "URL", value_parser = redis_url)]
    pub redis_url: Option<String>,
    /// Connections to Redis
    #[arg(long, env = "REDIS_CONNECTIONS", default_value_t = 2, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=64))]
    pub redis_connections: u32,
    /// How long a request waits for a Redis that does not answer
    #[arg(long, env = "REDIS_TIMEOUT", default_value = "50ms", value_name = "DURATION",
        value_parser = humantime::parse_duration)]
    pub redis_timeout: Duration,
    /// Most entries that the cache in this process holds, when there is no Redis
    #[arg(long, env = "CACHE_CAPACITY", default_value_t = 100_000, value_name = "N")]
    pub cache_capacity: u64,
    /// Cache users too (user:{id})
    #[arg(long, env = "CACHE_USERS")]
    pub cache_users: bool,
}

/// Tokens.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Authentication")]
pub struct AuthConfig {
    /// Secret of HS256 tokens, at least 32 bytes
    #[arg(long, env = "JWT_SECRET", hide_env_values = true, value_name = "SECRET", value_parser = jwt_secret)]
    pub jwt_secret: Option<Secret>,
    /// Issuer that a token must name
    #[arg(long, env = "JWT_ISSUER", value_name = "ISS")]
    pub jwt_issuer: Option<String>,
    /// Audience that a token must name
    #[arg(long, env = "JWT_AUDIENCE", value_name = "AUD")]
    pub jwt_audience: Option<String>,
}

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
    #[arg(long, env = "WRITE_BATCHES_IN_FLIGHT", default_value_t = 2, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=64))]
    pub write_batches_in_flight: u32,
}

/// Bounds on a request.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitsConfig {
    /// Largest page of a connection
    #[arg(long, env = "MAX_PAGE_SIZE", default_value_t = 500, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub max_page_size: u32,
    /// Longest list that an argument may hold
    #[arg(long, env = "MAX_LIST_ARGUMENT", default_value_t = 1_000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_list_argument: u32,
    /// Largest request body
    #[arg(long, env = "MAX_BODY_BYTES", default_value_t = 1_048_576, value_name = "BYTES")]
    pub max_body_bytes: usize,
    /// Longest that an operation may take
    #[arg(long, env = "OPERATION_TIMEOUT", default_value = "20s", value_name = "DURATION",
        value_parser = humantime::parse_duration)]
    pub operation_timeout: Duration,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A text that never reaches a log.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// From its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

fn database_url(text: &str) -> Result<String, String> {
    match text.split_once(':') {
        Some(("postgres" | "postgresql" | "sqlite", _)) => Ok(text.to_owned()),
        _ => Err("a postgres://user@host/database or sqlite://file.db URL is wanted".to_owned()),
    }
}

fn redis_url(text: &str) -> Result<String, String> {
    const SCHEMES: [&str; 4] = ["redis", "rediss", "redis-cluster", "rediss-cluster"];
    match url::Url::parse(text) {
        Ok(url) if SCHEMES.contains(&url.scheme()) && url.has_host() => Ok(text.to_owned()),
        _ => Err("a redis://host:port or redis-cluster://host:port URL is wanted".to_owned()),
    }
}

fn jwt_secret(text: &str) -> Result<Secret, String> {
    if text.len() < 32 {
        return Err(
            "at least 32 bytes are wanted, such as `openssl rand -hex 32` prints".to_owned()
        );
    }
    Ok(Secret::new(text))
}
