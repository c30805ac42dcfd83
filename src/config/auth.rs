//! Whose tokens count.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{Secret, parse};

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
