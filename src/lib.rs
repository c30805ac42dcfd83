//! GraphQL backend-for-frontend for user wallets.
//!
//! ```text
//!                   HTTP, WebSocket, SSE                   http
//!                            |
//!       queries          mutations         subscriptions    graphql
//!          |                 |                   |
//!       loaders       balance, orders            |          reads | the one door for money
//!        |    |        |     |     |             |
//!    cache    store  lock  store   cache, events-+          Redis or in-process | PostgreSQL or SQLite
//!
//!      refresh (in the background) -> store, cache
//! ```
//!
//! Reads flow edge -> [`loaders`] -> [`cache`] -> [`store`], and writes flow edge -> [`balance`]
//! -> [`lock`] -> [`store`] -> [`cache`] and [`events`]. Nothing flows back up. The same nouns
//! (wallet, transaction, order, …) name the files in every layer, so that a feature reads as one
//! column.
//!
//! Around them: [`app`] wires everything from the [`config`]; [`cli`] and [`demo`] start it;
//! [`audit`] holds the ledger against its rules; [`seed`] writes data to try it on. What each
//! module may use, `tests/layers.rs` says and checks; ARCHITECTURE.md says why.

#![recursion_limit = "256"]

pub mod app;
pub mod audit;
pub mod auth;
pub mod balance;
pub mod cache;
pub mod cli;
pub mod config;
pub mod demo;
pub mod entity;
pub mod error;
pub mod events;
pub mod graphql;
pub mod http;
pub mod loaders;
pub mod lock;
pub mod orders;
pub mod redis;
pub mod refresh;
pub mod seed;
pub mod store;
pub mod telemetry;
#[cfg(test)]
mod testing;
