//! The API: one file a noun, and what they share.
//!
//! Fields read through the loaders and change through the balance module; they never see a
//! connection or a cache. [`prepare`] a request, then let the [`Schema`] execute it.

mod access;
mod balance_event;
mod cache;
mod connection;
mod context;
mod error;
mod feed;
mod hot;
pub mod limits;
mod live;
mod lock;
mod mutation;
mod node;
mod operation;
mod order;
mod order_event;
mod order_watch;
mod payload;
mod query;
mod rendered;
mod scalars;
mod schema;
mod subscription;
mod text;
mod transaction;
mod user_error;
mod validation;
mod viewer;
mod wallet;
mod watch;

pub use self::{
    context::{Bounds, State},
    rendered::to_json,
    schema::{Schema, build, prepare, sdl},
    validation::Verdict,
};
