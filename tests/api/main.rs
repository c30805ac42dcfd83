//! The service as its clients meet it: a real server, on real stores.
#![allow(clippy::unwrap_used, reason = "a test fails where something is not as it says")]

mod access;
mod access_table;
mod audit;
mod batches;
mod chaos;
mod cluster;
mod concurrency;
mod crashes;
mod edge;
mod edge_metrics;
mod edge_validation;
mod hostile;
mod idempotency;
mod live;
mod locks;
mod logs;
mod migrating;
mod money;
mod movements;
mod operation_log;
mod orders;
mod orders_lifecycle;
mod outage;
mod overload;
mod program;
mod property;
mod rewards;
mod roundtrips;
mod shared_cache;
mod slow;
mod support;
mod traces;
mod transactions;
mod wallet_status;
mod wallets;
