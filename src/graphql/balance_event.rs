//! What `balanceUpdated` yields.

use async_graphql::Object;

use super::{connection::Cursor, transaction::Transaction, wallet::Wallet};
use crate::{
    entity::{transaction, wallet},
    loaders::Sourced,
};

/// A change of a wallet's balance, or its current state.
pub struct BalanceEvent {
    wallet: Wallet,
    transaction: Option<Transaction>,
    snapshot: bool,
    skipped: i64,
    /// Its place in the feed of all wallets, where it is one of those.
    cursor: Option<String>,
}

impl BalanceEvent {
    /// A wallet's current state, and how many changes are folded into it.
    pub const fn of_state(wallet: Sourced<wallet::Model>, skipped: i64) -> Self {
        Self { wallet: Wallet(wallet), transaction: None, snapshot: true, skipped, cursor: None }
    }

    /// A wallet as a change left it, and the change.
    pub fn of_change(wallet: wallet::Model, line: transaction::Model, skipped: i64) -> Self {
        let committed_at = line.created_at;
        let wallet = Wallet(Sourced::stored(wallet.into(), committed_at));
        let transaction = Some(Transaction(line.into()));
        Self { wallet, transaction, snapshot: false, skipped, cursor: None }
    }

    /// A change that was missed, of a wallet as it stands now.
    pub fn replayed(wallet: &wallet::Model, line: transaction::Model) -> Self {
        let left = wallet::Model {
            balance: line.balance_after,
            version: line.version,
            updated_at: line.created_at,
            ..wallet.clone()
        };
        Self::of_change(left, line, 0)
    }

    /// Which version, and whether it is a snapshot.
    #[cfg(test)]
    pub fn place(&self) -> (i64, bool) {
        (self.wallet.0.version, self.snapshot)
    }

    /// How many changes are folded into it.
    pub const fn skipped_changes(&self) -> i64 {
        self.skipped
    }

    /// The same, at this place in a feed.
    pub fn with_cursor(self, cursor: String) -> Self {
        Self { cursor: Some(cursor), ..self }
    }
}

/// A change of a wallet, or, where `snapshot` says so, its current state.
#[Object]
impl BalanceEvent {
    /// Its place in the wallet's changes; in `adminBalanceFeed`, in those of all wallets.
    async fn cursor(&self) -> String {
        self.cursor.clone().unwrap_or_else(|| self.wallet.0.version.encode())
    }

    /// The wallet as the change left it. Of a change that was missed and is sent later, its
    /// `status` is the current one.
    async fn wallet(&self) -> &Wallet {
        &self.wallet
    }

    /// The ledger line; null in a snapshot.
    async fn transaction(&self) -> Option<&Transaction> {
        self.transaction.as_ref()
    }

    /// True for the current state: the first event of a wallet, and the one after a gap.
    async fn snapshot(&self) -> bool {
        self.snapshot
    }

    /// Changes since the event before that are folded into this one.
    async fn skipped(&self) -> i64 {
        self.skipped
    }
}
