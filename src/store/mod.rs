//! SQL, one file a noun. Each function takes the connection it is handed, and neither begins
//! nor commits; no business rule lives here.

pub mod connect;

pub use connect::Database;
