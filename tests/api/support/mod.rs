//! The harness: real servers, a real instance of the service, and words to test it with.

pub mod app;
pub mod awake;
pub mod client;
pub mod collector;
pub mod engine;
pub mod ledger;
pub mod load;
pub mod process;
pub mod proxy;
pub mod roundtrips;
pub mod servers;
pub mod socket;
pub mod steps;
pub mod tokens;
pub mod witness;
pub mod writes;

pub use app::{Backend, TestApp};
pub use client::{Client, Reply};
pub use wallet_bff::auth::Role;

/// The amount that `text` says.
pub fn money(text: &str) -> wallet_bff::entity::Money {
    text.parse().expect("a test writes amounts as they should be")
}

/// Makes each of these functions two tests, on the embedded defaults (SQLite, a cache in the
/// process) and on PostgreSQL with Redis: `name::embedded` and `name::postgres_redis`. A function
/// that is left out is dead code, which is an error here.
macro_rules! on_every_backend {
    ($($holds:ident),+ $(,)?) => { on_every_backend! { with []; $($holds),+ } };
    (with $flags:tt; $($holds:ident),+ $(,)?) => {
        $(
            mod $holds {
                use crate::support::{Backend, TestApp};

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn embedded() {
                    let app = TestApp::start_with(Backend::Embedded, &$flags).await;
                    Box::pin(super::$holds(app)).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres_redis() {
                    let app = TestApp::start_with(Backend::PostgresRedis, &$flags).await;
                    Box::pin(super::$holds(app)).await;
                }
            }
        )+
    };
}

pub(crate) use on_every_backend;

/// Makes each of these functions a test on one backend, in a module of this name:
/// `tests_on! { cluster: PostgresCluster; name, … }`.
macro_rules! tests_on {
    ($module:ident: $backend:ident; $($holds:ident),+ $(,)?) => {
        tests_on! { $module: $backend with []; $($holds),+ }
    };
    ($module:ident: $backend:ident with $flags:tt; $($holds:ident),+ $(,)?) => {
        mod $module {
            use crate::support::{Backend, TestApp};

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $holds() {
                let app = TestApp::start_with(Backend::$backend, &$flags).await;
                Box::pin(super::$holds(app)).await;
            })+
        }
    };
}

pub(crate) use tests_on;
