//! Where rows are cached.

use std::{fmt, time::Duration};

use clap::{Args, builder::BoolishValueParser};

use super::{parse, secret};

/// The cache.
#[derive(Clone, Args)]
#[command(next_help_heading = "Cache")]
pub struct CacheConfig {
    /// redis://…, rediss://… or redis-cluster://… ; without it, a cache in this process
    #[arg(long, env = "REDIS_URL", hide_env_values = true, value_name = "URL", value_parser = parse::redis_url)]
    pub redis_url: Option<String>,
    /// Connections to Redis
    #[arg(long, env = "REDIS_CONNECTIONS", default_value_t = 2, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=64))]
    pub redis_connections: u32,
    /// How long a request waits for a Redis that does not answer
    #[arg(long, env = "REDIS_TIMEOUT", default_value = "50ms", value_name = "DURATION",
        value_parser = parse::duration)]
    pub redis_timeout: Duration,
    /// Most entries that the cache in this process holds, when there is no Redis
    #[arg(long, env = "CACHE_CAPACITY", default_value_t = 100_000, value_name = "N")]
    pub cache_capacity: u64,
    /// MiB that decoded rows in this process may take, in front of the cache; 0 for none
    #[arg(long, env = "NEAR_CACHE_MB", default_value_t = 512, value_name = "MIB",
        value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    pub near_cache_mb: u64,
    /// How long such a row is shown before Redis is asked again, whatever Redis tells of changes
    #[arg(long, env = "NEAR_CACHE_TTL", default_value = "5m", value_name = "DURATION",
        value_parser = parse::duration)]
    pub near_cache_ttl: Duration,
    /// How long after it was read such a row may be answered, marked STALE, while the database is down
    #[arg(long, env = "STALE_FOR", default_value = "10m", value_name = "DURATION",
        value_parser = parse::duration)]
    pub stale_for: Duration,
    /// Cache users too (user:{id})
    #[arg(long, env = "CACHE_USERS", value_parser = BoolishValueParser::new())]
    pub cache_users: bool,
    /// How often all that is cached is held against the database, by one instance: what differs is
    /// made right, and keys are counted
    #[arg(long, env = "CACHE_SWEEP_INTERVAL", default_value = "5m", value_name = "DURATION",
        value_parser = parse::lifetime)]
    pub cache_sweep_interval: Duration,
    /// Wallets to fill the cache with at start: those that changed last
    #[arg(long, env = "WARM_WALLETS", default_value_t = 0, value_name = "N",
        value_parser = clap::value_parser!(u32).range(0..=10_000_000))]
    pub warm_wallets: u32,
}

/// By hand, because the URL may hold a password.
impl fmt::Debug for CacheConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheConfig")
            .field("redis_url", &self.redis_url.as_deref().map(secret::without_password))
            .field("redis_connections", &self.redis_connections)
            .field("redis_timeout", &self.redis_timeout)
            .field("cache_capacity", &self.cache_capacity)
            .field("cache_users", &self.cache_users)
            .field("cache_sweep_interval", &self.cache_sweep_interval)
            .field("warm_wallets", &self.warm_wallets)
            .finish()
    }
}
