//! What the payloads of all mutations have.

use async_graphql::Interface;

use super::{
    mutation::{TransferPayload, WalletMutationPayload},
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
}
