//! How long lists are; only looked up when asked for.

use super::{Loaders, OperationFilter, OrderFilter, TransactionFilter, WalletFilter};
use crate::{
    entity::{Period, Uid, hot, order},
    error::Result,
    store::{self, operations, orders, transactions, wallets},
};

/// What is to be counted.
pub enum Total {
    /// Wallets.
    Wallets(WalletFilter),
    /// Lines of one wallet's ledger.
    Transactions(Uid, TransactionFilter),
    /// Orders.
    Orders(OrderFilter),
    /// Orders of a period, of one status or in all.
    Period(Period, Option<order::Status>),
    /// Operations.
    Operations(OperationFilter),
    /// Hot data of a kind.
    Hot(hot::Kind),
}

impl Loaders {
    /// Counts. One SELECT; none for a period that is loaded or cached.
    pub async fn total(&self, total: &Total) -> Result<u64> {
        let reader = self.sources.reader();
        Ok(match total {
            Total::Wallets(filter) => wallets::count(reader, filter).await?,
            Total::Transactions(uid, filter) => transactions::count(reader, uid, filter).await?,
            Total::Orders(filter) => orders::count(reader, filter).await?,
            Total::Operations(filter) => operations::count(reader, filter).await?,
            Total::Hot(kind) => store::hot::count(reader, *kind).await?,
            Total::Period(period, status) => self.period_count(period, *status).await?,
        })
    }
}
