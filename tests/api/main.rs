//! The service as its clients meet it: a real server, on real stores.
// clippy.toml allows it in tests, but most of ours are functions that a macro makes tests of.
#![allow(clippy::unwrap_used)]

mod access;
mod audit;
mod batches;
mod cluster;
mod edge;
mod idempotency;
mod live;
mod locks;
mod migrating;
mod money;
mod movements;
mod operation_log;
mod orders;
mod orders_lifecycle;
mod outage;
mod program;
mod rewards;
mod roundtrips;
mod shared_cache;
mod support;
mod transactions;
mod wallet_status;
mod wallets;
