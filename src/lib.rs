//! wallet-bff.

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
pub mod seed;
pub mod store;
pub mod telemetry;
