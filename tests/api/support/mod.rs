//! The harness: real servers, a real instance of the service, and words to test it with.

pub mod app;
pub mod client;
pub mod ledger;
pub mod process;
pub mod roundtrips;
pub mod servers;
pub mod socket;
pub mod steps;
pub mod tokens;

pub use app::{Backend, TestApp};
pub use client::{Client, Reply};
pub use wallet_bff::auth::Role;

/// The amount that `text` says.
pub fn money(text: &str) -> wallet_bff::entity::Money {
    text.parse().expect("a test writes amounts as they should be")
}

/// Defines a test that holds on the embedded defaults (SQLite, in-process cache) and on
/// PostgreSQL with Redis: `name::embedded` and `name::postgres_redis`.
macro_rules! on_every_backend {
    ($($(#[doc = $doc:literal])* async fn $name:ident($app:ident: TestApp) $body:block)+) => {
        $(
            mod $name {
                use super::*;

                $(#[doc = $doc])*
                async fn holds($app: TestApp) $body

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn embedded() {
                    Box::pin(holds(TestApp::start().await)).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres_redis() {
                    Box::pin(holds(TestApp::start_on(Backend::PostgresRedis).await)).await;
                }
            }
        )+
    };
}

pub(crate) use on_every_backend;
