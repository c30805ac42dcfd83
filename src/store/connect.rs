//! Connections.

use sea_orm::{DatabaseConnection, DbErr};

use crate::config::DatabaseConfig;

/// The database: a pool for reads, and one for balance changes; cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
}

impl Database {
    /// Connects, creating an SQLite file and its folder where missing.
    pub async fn connect(config: &DatabaseConfig) -> Result<Self, DbErr> {
        let _ = config;
        todo!("store")
    }

    /// For reads.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For changes; on SQLite the only connection that writes.
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }
}
