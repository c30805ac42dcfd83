//! Mutations, one file a noun. All of them go through [`perform`].

mod batch;
mod cache;
mod lock;
mod order;
mod perform;
mod reward;
mod wallet;

use async_graphql::MergedObject;

pub use self::{
    batch::BatchBalanceOperationPayload,
    cache::CachePayload,
    lock::ForceReleaseLockPayload,
    order::OrderPayload,
    reward::BatchRewardPayload,
    wallet::{TransferPayload, WalletMutationPayload},
};

/// Changes. Each takes an idempotency key, so that it can be repeated when its answer is lost.
#[derive(MergedObject, Default)]
pub struct Mutation(
    wallet::WalletMutation,
    batch::BatchMutation,
    reward::RewardMutation,
    order::OrderMutation,
    lock::LockMutation,
    cache::CacheMutation,
);
