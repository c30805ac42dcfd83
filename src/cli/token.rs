//! `token`.

use std::time::Duration;

use super::Failure;
use crate::{
    auth::{Keys, Role},
    config::{AuthConfig, parse_duration},
    entity::Uid,
};

/// Whose token.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whose token: the wallet it opens, and the caller of operations
    #[arg(long, value_name = "UID")]
    uid: Uid,
    /// What it may do
    #[arg(long, value_enum, ignore_case = true, default_value = "USER", value_name = "ROLE")]
    role: Role,
    /// How long it counts
    #[arg(long, default_value = "1h", value_name = "DURATION", value_parser = parse_duration)]
    ttl: Duration,
    #[command(flatten)]
    auth: AuthConfig,
}

/// Prints a token.
pub fn run(args: &Args) -> Result<(), Failure> {
    let keys = Keys::from_config(&args.auth).ok_or_else(|| {
        Failure("there is no key to sign with; set JWT_SECRET as the server has it".to_owned())
    })?;
    let token = keys
        .sign(&args.uid, args.role, args.ttl)
        .map_err(|error| Failure::while_doing("cannot sign", error))?;
    println!("{token}");
    Ok(())
}
