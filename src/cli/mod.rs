//! The command line: one file a subcommand. Each failure is one line that says what to do next.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is what a command line is for")]

mod audit;
mod migrate;
mod progress;
mod schema;
mod seed;
mod serve;
mod token;
mod warm;

use std::{io, process::ExitCode, thread, time::Duration};

use clap::{
    Parser, Subcommand,
    error::{ContextKind, ContextValue},
};
use tokio::runtime::{Builder, Runtime};

use crate::{
    cache::Cache,
    config::{Config, DatabaseConfig, LogConfig},
    store::Database,
    telemetry::{self, Traces},
};

/// How long to wait for Redis, in tenths of a second.
const PATIENCE: u32 = 50;

/// GraphQL backend-for-frontend for user wallets: exact money, batched reads, live balances.
#[derive(Debug, Parser)]
#[command(name = "wallet-bff", version, max_term_width = 100, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    log: LogConfig,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve GraphQL over HTTP and WebSocket
    Serve(Box<Config>),
    /// Bring the database's tables up to date, back, or say where they stand
    Migrate(migrate::Args),
    /// Write the same data set every time (wallets with their ledgers, orders, hot data) into tables that it brings up to date first
    Seed(seed::Args),
    /// Fill Redis from the database
    Warm(warm::Args),
    /// Check the whole ledger, and what is cached of it; fails when anything is found
    Audit(audit::Args),
    /// Print the GraphQL schema
    Schema,
    /// Print a token signed with the configured key
    Token(token::Args),
}

/// Why a command failed: one line, for the person who ran it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    /// From whatever went wrong, after what was being done.
    fn while_doing(what: &str, error: impl std::fmt::Display) -> Self {
        Self(format!("{what}: {error}"))
    }
}

/// Runs what the command line asks for.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(error),
    };
    let runtime = match start_threads() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Failure::while_doing("cannot start threads", error)),
    };
    match runtime.block_on(execute(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure),
    }
}

/// Requests are served by threads of their own, one a processor (see [`crate::http::Workers`]). What is
/// left is about half as much, and threads that have too little to do wake each other for nothing: on
/// two processors the second one cost an eighth of the balance changes of 32 callers.
fn start_threads() -> io::Result<Runtime> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread().worker_threads(processors.div_ceil(2)).enable_all().build()
}

async fn execute(cli: Cli) -> Result<(), Failure> {
    let traces = start_telemetry(&cli)?;
    let done = match cli.command {
        Command::Serve(config) => Box::pin(serve::run(*config)).await,
        Command::Migrate(args) => migrate::run(args).await,
        Command::Seed(args) => seed::run(args).await,
        Command::Warm(args) => warm::run(args).await,
        Command::Audit(args) => audit::run(args).await,
        Command::Schema => schema::run(),
        Command::Token(args) => token::run(&args),
    };
    if let Some(traces) = traces {
        traces.flush().await;
    }
    done
}

/// Logs, and the traces of a service.
fn start_telemetry(cli: &Cli) -> Result<Option<Traces>, Failure> {
    let traces = match &cli.command {
        Command::Serve(config) => Traces::start(&config.traces),
        _ => Ok(None),
    };
    let traces = traces.map_err(|error| Failure(error.to_string()))?;
    let wants = "--log wants a level, or levels by module such as info,wallet_bff=debug";
    telemetry::init(&cli.log, traces.as_ref()).map_err(|e| Failure::while_doing(wants, e))?;
    Ok(traces)
}

fn fail(failure: &Failure) -> ExitCode {
    eprintln!("error: {failure}");
    ExitCode::FAILURE
}

/// Prints clap's words, without the value where it may hold a secret.
fn refuse(mut error: clap::Error) -> ExitCode {
    const SECRET: [&str; 3] = ["--jwt-secret", "--database-url", "--redis-url"];
    let flag = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    if SECRET.iter().any(|secret| flag.starts_with(secret)) {
        error.insert(ContextKind::InvalidValue, ContextValue::String("[hidden]".to_owned()));
    }
    // Nothing can be told to who closed our output.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

async fn connect(config: &DatabaseConfig) -> Result<Database, Failure> {
    Database::connect(config).await.map_err(no_database)
}

/// For commands that look at what is there.
async fn connect_existing(config: &DatabaseConfig) -> Result<Database, Failure> {
    Database::connect_existing(config).await.map_err(no_database)
}

fn no_database(error: sea_orm::DbErr) -> Failure {
    Failure::while_doing("cannot use the database; check --database-url (DATABASE_URL)", error)
}

/// Redis connects in the background, and a cache without it has nothing.
async fn wait_until_connected(cache: &Cache) -> Result<(), Failure> {
    for _ in 0..PATIENCE {
        if !cache.degraded() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(Failure(
        "Redis does not answer; check --redis-url (REDIS_URL), and that it runs".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_is_the_reference_and_tells_no_secret() {
        let mut command = Cli::command();
        let serve = command.find_subcommand_mut("serve").unwrap();
        for arg in serve.get_arguments().filter(|arg| arg.get_id() != "help") {
            assert!(arg.get_help().is_some(), "{} lacks a line in --help", arg.get_id());
            let global = arg.is_global_set();
            assert!(
                global || arg.get_env().is_some() || arg.get_id() == "version",
                "{}",
                arg.get_id()
            );
        }
        let text = serve.render_long_help().to_string();
        for heading in ["Database:", "Cache:", "Authentication:", "Limits:", "HTTP and WebSocket:"]
        {
            assert!(text.contains(heading), "{heading} is missing from --help");
        }
    }
}
