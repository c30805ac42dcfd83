//! Configuration: one struct, read from flags and environment variables, checked at start.
//!
//! `wallet-bff serve --help` is its reference. Nothing else reads the environment.

mod auth;
mod balance;
mod cache;
mod database;
mod http;
mod limits;
mod log;
mod parse;
mod refresh;
mod secret;
#[cfg(test)]
pub mod testing;
mod traces;

use std::net::SocketAddr;

use clap::{Args, builder::BoolishValueParser};

pub use self::{
    auth::{AuthConfig, KeySetLocation},
    balance::BalanceConfig,
    cache::CacheConfig,
    database::DatabaseConfig,
    http::HttpConfig,
    limits::LimitsConfig,
    log::{LogConfig, LogFormat},
    parse::duration as parse_duration,
    refresh::RefreshConfig,
    secret::Secret,
    traces::TracesConfig,
};

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
    /// How it learns of what others changed.
    #[command(flatten)]
    pub refresh: RefreshConfig,
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
    /// Where traces are sent.
    #[command(flatten)]
    pub traces: TracesConfig,
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
            ("--otlp-endpoint", "localhost:4318", "http://localhost:4318"),
            ("--trace-share", "2", "from 0 to 1"),
            ("--trusted-proxy", "everybody", "10.0.0.0/8"),
            ("--drain-pause", "a bit", "such as 0s"),
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
