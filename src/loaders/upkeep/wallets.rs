//! Wallets, each with two entries: itself, and its latest transactions.

use std::collections::HashMap;

use super::{CacheAction, Upkeep, certain, rows::wanted};
use crate::{
    cache::{CacheEntry, LatestTransactions, versions},
    entity::{Uid, wallet},
    error::Result,
    loaders::{Sources, transaction::by_wallet},
    store::{transactions, wallets},
};

impl Sources {
    /// Two looks, two SELECTs, at most four script calls.
    pub(super) async fn look_after_wallets(
        &self,
        uids: &[Uid],
        action: CacheAction,
    ) -> Result<Upkeep> {
        let balances = self.cache().inspect::<wallet::Model>(uids).await?;
        let histories = self.cache().inspect::<LatestTransactions>(uids).await?;
        let read_at = (
            self.cache().moment::<wallet::Model>(uids),
            self.cache().moment::<LatestTransactions>(uids),
        );
        // The lines of what is not a wallet are not worth a look.
        let rows = wallets::by_uids(self.reader(), uids).await?;
        let stored = versions(&rows);
        let lines = if action == CacheAction::Invalidate {
            Vec::new()
        } else {
            self.latest(&wanted(action, uids, &histories), &stored).await?
        };
        let affected = match action {
            CacheAction::Invalidate => {
                self.evict::<wallet::Model>(uids, &balances, &stored).await?
                    + self.evict::<LatestTransactions>(uids, &histories, &stored).await?
            }
            CacheAction::Warm => {
                let missing = wanted(action, uids, &balances);
                let rows: Vec<_> =
                    rows.into_iter().filter(|row| missing.contains(&row.uid)).collect();
                certain(self.cache().fill_in_since(&lines, &read_at.1).await)?
                    + certain(self.cache().fill_in_since(&rows, &read_at.0).await)?
            }
            CacheAction::Refresh => {
                self.replace(uids, &histories, &lines, &read_at.1).await?
                    + self.replace(uids, &balances, &rows, &read_at.0).await?
            }
        };
        Ok(Upkeep::of(affected, 2 * uids.len()))
    }

    /// The latest transactions of those wallets that exist.
    async fn latest(
        &self,
        uids: &[Uid],
        stored: &HashMap<Uid, i64>,
    ) -> Result<Vec<LatestTransactions>> {
        let uids: Vec<Uid> = uids.iter().filter(|uid| stored.contains_key(uid)).cloned().collect();
        let capacity = LatestTransactions::CAPACITY as u64;
        let lines = transactions::latest(self.reader(), &uids, capacity).await?;
        Ok(by_wallet(uids, lines))
    }

    pub(super) async fn wallet_entries(&self, uids: &[Uid]) -> Result<Vec<CacheEntry>> {
        let balances = self.cache().inspect::<wallet::Model>(uids).await?;
        let histories = self.cache().inspect::<LatestTransactions>(uids).await?;
        Ok(balances.into_iter().zip(histories).flat_map(<[CacheEntry; 2]>::from).collect())
    }
}
