//! wallet-bff.

pub mod audit;
pub mod auth;
pub mod balance;
pub mod cache;
pub mod config;
pub mod entity;
pub mod error;
pub mod events;
pub mod graphql;
pub mod loaders;
pub mod lock;
pub mod orders;
pub mod redis;
pub mod seed;
pub mod store;
