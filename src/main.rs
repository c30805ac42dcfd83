//! The wallet-bff program; see `wallet-bff --help`.

use std::process::ExitCode;

/// Saves a fifth of the CPU on lists, which are many small allocations.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    wallet_bff::cli::run().await
}
