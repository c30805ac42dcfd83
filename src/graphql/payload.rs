//! What the payloads of all mutations have.

use async_graphql::Interface;

use super::{
    mutation::{
        BatchBalanceOperationPayload, BatchRewardPayload, CachePayload, ForceReleaseLockPayload,
        OrderPayload, TransferPayload, WalletMutationPayload,
    },
    operation::Operation,
    user_error::UserError,
};

/// What a mutation came to.
#[derive(Interface)]
#[graphql(
    field(
        name = "operation",
        ty = "Option<Operation>",
        desc = "What is kept under the key; null for what was refused before anything was written."
    ),
    field(
        name = "errors",
        ty = "Vec<UserError>",
        desc = "Why nothing was done; empty when it was."
    )
)]
pub enum MutationPayload {
    /// Of one wallet.
    Wallet(WalletMutationPayload),
    /// Of two wallets.
    Transfer(TransferPayload),
    /// Of several wallets.
    Batch(BatchBalanceOperationPayload),
    /// Of many users' rewards.
    Reward(BatchRewardPayload),
    /// Of an order.
    Order(OrderPayload),
    /// Of a lock.
    Lock(ForceReleaseLockPayload),
    /// Of the cache.
    Cache(CachePayload),
}
