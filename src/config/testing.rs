//! Configurations for tests: the defaults, and what flags make of them. The environment may
//! hold values too; tests that need one say so by flag.

use clap::Parser;

use super::Config;

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    config: Config,
}

/// What these flags say.
pub fn parse(flags: &[&str]) -> Result<Config, clap::Error> {
    Flags::try_parse_from(std::iter::once("test").chain(flags.iter().copied())).map(|f| f.config)
}

/// What no flags say.
pub fn defaults() -> Config {
    parse(&[]).expect("the defaults parse")
}
