//! The service as its clients meet it: a real server, on real stores.
#![allow(clippy::unwrap_used, reason = "a test fails where something is not as it says")]

mod access;
mod chaos;
mod cluster;
mod concurrency;
mod crashes;
mod edge;
mod idempotency;
mod live;
mod migrating;
mod money;
mod movements;
mod orders;
mod outage;
mod program;
mod property;
mod roundtrips;
mod shared_cache;
mod support;
mod transactions;
mod wallets;
