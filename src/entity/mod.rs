//! Rows as they are stored and cached, one file a noun, and the values they are made of.
//!
//! A row here is at once a table's row and the JSON that other services read and write in
//! Redis: field names, integer statuses and exact JSON numbers are a contract with them.
//! Nothing in this module decides anything; a value such as [`Uid`] or [`Amount`] only
//! refuses to exist when malformed.

pub mod clock;
pub mod hot;
pub mod id;
pub mod money;
pub mod operation;
pub mod order;
pub mod transaction;
pub mod user;
pub mod wallet;

pub use id::{IdempotencyKey, InvalidId, OrderNo, Period, TransactionNo, Uid};
pub use money::{Amount, InvalidAmount, Money};
