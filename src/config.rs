//! Configuration: one struct, read from flags and environment variables, checked at start.
//!
//! `wallet-bff serve --help` is its reference. Nothing else reads the environment.

mod parse;
mod secret;
#[cfg(test)]
pub mod testing;

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum, builder::BoolishValueParser};

pub use parse::duration as parse_duration;
pub use secret::Secret;

/// Everything that can be set.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Address to listen on
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8080", value_name = "HOST:PORT",
        value_parser = parse::address)]
    pub listen: SocketAddr,
    /// Seed a small data set, move some money now and then, and print ready tokens
    #[arg(long, env = "DEMO", value_parser = BoolishValueParser::new())]
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
    /// Who may connect from where, and what a socket may do.
    #[command(flatten)]
    pub http: HttpConfig,
}

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

/// Tokens.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Authentication")]
pub struct AuthConfig {
    /// Secret of HS256 tokens, at least 32 bytes
    #[arg(long, env = "JWT_SECRET", hide_env_values = true, value_name = "SECRET", value_parser = parse::jwt_secret)]
    pub jwt_secret: Option<Secret>,
    /// Public keys of RS256 and ES256 tokens, chosen by their `kid`: a JSON Web Key Set, as a file or an https:// URL
    #[arg(long, env = "JWKS_URL", value_name = "FILE|URL", value_parser = parse::key_set)]
    pub jwks_url: Option<KeySetLocation>,
    /// How often the key set is read again; an unknown `kid` has it read at once
    #[arg(long, env = "JWKS_REFRESH", default_value = "5m", value_name = "DURATION",
        value_parser = parse::duration)]
    pub jwks_refresh: Duration,
    /// Issuer that a token must name
    #[arg(long, env = "JWT_ISSUER", value_name = "ISS")]
    pub jwt_issuer: Option<String>,
    /// Audience that a token must name
    #[arg(long, env = "JWT_AUDIENCE", value_name = "AUD")]
    pub jwt_audience: Option<String>,
}

/// Where a JSON Web Key Set is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySetLocation {
    /// A file.
    File(PathBuf),
    /// A provider's address.
    Url(url::Url),
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
    /// How long an order may stay pending; then it lapses, and its money is given back
    #[arg(long, env = "ORDER_LIFETIME", default_value = "30m", value_name = "DURATION",
        value_parser = parse::lifetime)]
    pub order_lifetime: Duration,
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
    /// Most rewards in one batchReward
    #[arg(long, env = "MAX_REWARDS", default_value_t = 10_000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_rewards: u32,
    /// Largest request body
    #[arg(long, env = "MAX_BODY_BYTES", default_value_t = 1_048_576, value_name = "BYTES")]
    pub max_body_bytes: usize,
    /// Largest GraphQL document
    #[arg(long, env = "MAX_DOCUMENT_BYTES", default_value_t = 65_536, value_name = "BYTES")]
    pub max_document_bytes: u32,
    /// Deepest that fields may nest
    #[arg(long, env = "MAX_DEPTH", default_value_t = 20, value_name = "N")]
    pub max_depth: u32,
    /// Most selections in an operation, fragments expanded
    #[arg(long, env = "MAX_NODES", default_value_t = 2_000, value_name = "N")]
    pub max_nodes: u32,
    /// Most aliases in an operation, fragments expanded
    #[arg(long, env = "MAX_ALIASES", default_value_t = 100, value_name = "N")]
    pub max_aliases: u32,
    /// Most directives in an operation, fragments expanded
    #[arg(long, env = "MAX_DIRECTIVES", default_value_t = 100, value_name = "N")]
    pub max_directives: u32,
    /// Most fields on an operation's first level, fragments expanded
    #[arg(long, env = "MAX_ROOT_FIELDS", default_value_t = 50, value_name = "N")]
    pub max_root_fields: u32,
    /// Most selections that an operation may come to, each counted as often as its lists have items
    #[arg(long, env = "MAX_COST", default_value_t = 100_000, value_name = "N")]
    pub max_cost: u32,
    /// Most operations in a document
    #[arg(long, env = "MAX_OPERATIONS", default_value_t = 10, value_name = "N")]
    pub max_operations: u32,
    /// Requests a second of one user, or of one address where there is no token
    #[arg(long, env = "RATE_LIMIT", default_value_t = 200, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate_limit: u32,
    /// Requests a second of one OPERATOR or ADMIN, such as another service
    #[arg(long, env = "OPERATOR_RATE_LIMIT", default_value_t = 100_000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub operator_rate_limit: u32,
    /// Operations of one user, or of one address, under way at once; subscriptions too
    #[arg(long, env = "CONCURRENT_OPERATIONS", default_value_t = 200, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub concurrent_operations: u32,
    /// Operations of one OPERATOR or ADMIN under way at once; subscriptions too
    #[arg(long, env = "OPERATOR_CONCURRENT_OPERATIONS", default_value_t = 100_000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub operator_concurrent_operations: u32,
    /// Let clients ask for the schema, and name similar fields in errors (always in a demo)
    #[arg(long, env = "INTROSPECTION", value_parser = BoolishValueParser::new())]
    pub introspection: bool,
    /// Log operations that take longer
    #[arg(long, env = "SLOW_OPERATION", default_value = "1s", value_name = "DURATION",
        value_parser = parse::duration)]
    pub slow_operation: Duration,
    /// Longest that an operation may take
    #[arg(long, env = "OPERATION_TIMEOUT", default_value = "20s", value_name = "DURATION",
        value_parser = parse::duration)]
    pub operation_timeout: Duration,
}

/// HTTP and WebSocket.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "HTTP and WebSocket")]
pub struct HttpConfig {
    /// Origin of another site whose pages may use this server; repeat it or separate with commas
    #[arg(long = "allow-origin", env = "ALLOW_ORIGIN", value_name = "ORIGIN",
        value_delimiter = ',', value_parser = parse::origin)]
    pub allow_origins: Vec<String>,
    /// Execute no documents but those of this manifest: a JSON object of SHA-256 hashes and documents, or a list of hashes
    #[arg(long, env = "TRUSTED_DOCUMENTS", value_name = "FILE")]
    pub trusted_documents: Option<PathBuf>,
    /// Do not serve GraphiQL at /playground
    #[arg(long, env = "NO_PLAYGROUND", value_parser = BoolishValueParser::new())]
    pub no_playground: bool,
    /// Folder of the dashboard's built files, served at /
    #[arg(
        long,
        env = "DASHBOARD",
        value_name = "FOLDER",
        default_value = "frontend-examples/dashboard/dist"
    )]
    pub dashboard: PathBuf,
    /// How long a socket may take to send connection_init
    #[arg(long, env = "SOCKET_INIT_TIMEOUT", default_value = "3s", value_name = "DURATION",
        value_parser = parse::duration)]
    pub socket_init_timeout: Duration,
    /// How often a socket is pinged; one that is silent for twice as long is dropped
    #[arg(long, env = "SOCKET_KEEP_ALIVE", default_value = "10s", value_name = "DURATION",
        value_parser = parse::duration)]
    pub socket_keep_alive: Duration,
    /// Most operations under way on one socket
    #[arg(long, env = "SOCKET_OPERATIONS", default_value_t = 100, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub socket_operations: u32,
    /// Largest message that a socket may send
    #[arg(long, env = "SOCKET_MESSAGE_BYTES", default_value_t = 131_072, value_name = "BYTES",
        value_parser = clap::value_parser!(u32).range(1_024..=16_777_216))]
    pub socket_message_bytes: u32,
    /// Most connections open at once; more wait to be taken
    #[arg(long, env = "MAX_CONNECTIONS", default_value_t = 50_000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_connections: u32,
    /// Most sockets open at once
    #[arg(long, env = "MAX_SOCKETS", default_value_t = 20_000, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_sockets: u32,
    /// How long requests under way may go on after SIGTERM
    #[arg(long, env = "SHUTDOWN_GRACE", default_value = "10s", value_name = "DURATION",
        value_parser = parse::duration)]
    pub shutdown_grace: Duration,
}

/// Logs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Logging")]
pub struct LogConfig {
    /// What is logged: a level, or levels by module such as info,wallet_bff=debug
    #[arg(
        long,
        env = "RUST_LOG",
        global = true,
        value_name = "FILTER",
        default_value = "info,sea_orm_migration=warn"
    )]
    pub log: String,
    /// How it is written
    #[arg(long, env = "LOG_FORMAT", global = true, default_value = "text", value_name = "FORMAT")]
    pub log_format: LogFormat,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
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

#[cfg(test)]
mod tests {
    use super::testing;

    fn refusal(flag: &str, value: &str) -> String {
        testing::parse(&[&format!("{flag}={value}")]).unwrap_err().to_string()
    }

    #[test]
    fn a_wrong_value_is_told_by_flag_and_what_it_wants() {
        for (flag, value, wants) in [
            ("--listen", "nowhere", "host and a port"),
            ("--database-url", "mysql://x", "postgres://"),
            ("--redis-url", "http://x", "redis://"),
            ("--redis-timeout", "fast", "such as 50ms"),
            ("--redis-connections", "0", "1..=64"),
            ("--jwt-secret", "short", "at least 32 bytes"),
            ("--jwks-url", "http://id.example.org/keys", "https://"),
            ("--allow-origin", "example.org", "https://app.example.org"),
            ("--max-depth", "-1", "invalid"),
            ("--order-lifetime", "0s", "1s to 365 days"),
        ] {
            let text = refusal(flag, value);
            assert!(text.contains(flag) && text.contains(wants), "{flag}={value}: {text}");
        }
    }

    #[test]
    fn secrets_are_not_written_out() {
        let config = testing::parse(&[
            "--jwt-secret=0123456789abcdef0123456789abcdef",
            "--database-url=postgres://ann:hunter2@db/wallets",
            "--redis-url=redis://:hunter2@cache:6379",
        ]);
        let text = format!("{:?}", config.unwrap());
        assert!(!text.contains("hunter2") && !text.contains("0123456789"), "{text}");
        assert!(text.contains("@db/wallets"), "where it connects to stays: {text}");
    }
}
