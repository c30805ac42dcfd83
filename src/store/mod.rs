//! SQL, one file a noun. Each function takes the connection it is handed, and neither begins
//! nor commits; no business rule lives here.

pub mod audit;
pub mod changes;
pub mod connect;
mod dialect;
pub mod hot;
pub mod ledger;
pub mod operations;
pub mod orders;
pub mod page;
#[cfg(test)]
pub(crate) mod testing;
pub mod transactions;
pub mod users;
pub mod wallets;

pub use connect::Database;
pub use operations::OperationFilter;
pub use orders::OrderFilter;
pub use page::Page;
pub use transactions::TransactionFilter;
pub use wallets::WalletFilter;
