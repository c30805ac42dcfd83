//! Queries, one file a noun.

mod cache;
mod hot;
mod lock;
mod node;
mod operation;
mod order;
mod transaction;
mod viewer;
mod wallet;

use async_graphql::MergedObject;

pub use self::wallet::read as read_wallet;

/// Reads.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    viewer::ViewerQuery,
    wallet::WalletQuery,
    transaction::TransactionQuery,
    order::OrderQuery,
    operation::OperationQuery,
    lock::LockQuery,
    cache::CacheQuery,
    hot::HotQuery,
);
