//! The wallet-bff program; see `wallet-bff --help`.

#![recursion_limit = "256"]

use std::process::ExitCode;

/// Saves a fifth of the CPU on lists, which are many small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    wallet_bff::cli::run()
}
