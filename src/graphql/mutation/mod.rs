//! Mutations, one file a noun. All of them go through [`perform`].

mod perform;
mod wallet;

use async_graphql::MergedObject;

pub use self::wallet::{TransferPayload, WalletMutationPayload};

/// Changes. Each takes an idempotency key, so that it can be repeated when its answer is lost.
#[derive(MergedObject, Default)]
pub struct Mutation(wallet::WalletMutation);
