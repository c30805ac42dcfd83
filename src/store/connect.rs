//! Connections.

use std::{path::Path, time::Duration};

use sea_orm::{
    ConnAcquireErr, ConnectOptions, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    RuntimeErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
    sqlx::{
        self, ConnectOptions as _, Connection,
        postgres::{PgConnectOptions, PgListener, PgPoolOptions},
        sqlite::SqliteConnectOptions,
    },
};

use crate::config::DatabaseConfig;

/// How long to wait for a connection: callers have deadlines of their own, a little longer.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a transaction may take to begin, all in all: a network that was cut answers nothing.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections that were idle so long are tried before use: the server may have gone and come.
/// A busy one is not, since a ping costs more than half a lookup.
const TRUSTED_IDLE: Duration = Duration::from_secs(5);
/// A name for `pg_stat_activity`.
const APPLICATION_NAME: &str = "wallet-bff";

/// Of PostgreSQL connections that read: nothing is written by accident, no statement runs for
/// ever, and none is long enough to be worth compiling.
const READ_SETTINGS: [(&str, &str); 3] =
    [("default_transaction_read_only", "on"), ("statement_timeout", "30s"), ("jit", "off")];
/// Of PostgreSQL connections that change balances. They say who writes, so that triggers note what
/// others change. A batch does not wait for a row for long, as all that is in it waits: who wants
/// that row is put off, and asks again until its policy's deadline. A stopped or lost process must not
/// hold rows for as long as both together. Their few statements find rows by key, and are planned once for all values, since
/// planning them anew costs more than running them; so a plan made while a table is still
/// empty must not read all of it when it no longer is.
const WRITE_SETTINGS: [(&str, &str); 8] = [
    ("wallet_bff.writer", "on"),
    ("idle_in_transaction_session_timeout", "2s"),
    ("lock_timeout", "750ms"),
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
];

/// The database: a pool for reads, and one for balance changes; cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
}

impl Database {
    /// Connects, creating an SQLite file and its folder where missing. Applies no migrations.
    ///
    /// `sqlite::memory:` is one connection for everything, gone when dropped: a read waits
    /// while a transaction is open.
    ///
    /// # Errors
    /// When the URL is malformed, the database cannot be reached, or the file cannot be made.
    pub async fn connect(config: &DatabaseConfig) -> Result<Self, DbErr> {
        // sea-orm panics on what is no URL.
        let url = url::Url::parse(&config.database_url).map_err(|error| refused(&error))?;
        match url.scheme() {
            "sqlite" => Self::connect_sqlite(config).await,
            _ => Self::connect_postgres(config).await,
        }
    }

    /// Connects to what is there: an SQLite file is not made.
    ///
    /// # Errors
    /// As above, and when there is no such file.
    pub async fn connect_existing(config: &DatabaseConfig) -> Result<Self, DbErr> {
        if config.database_url.starts_with("sqlite:") && !in_memory(&config.database_url) {
            let file: SqliteConnectOptions =
                config.database_url.parse().map_err(|error| refused(&error))?;
            let file = file.get_filename();
            if !file.is_file() {
                return Err(refused(&format!("there is no file {}", file.display())));
            }
        }
        Self::connect(config).await
    }

    async fn connect_postgres(config: &DatabaseConfig) -> Result<Self, DbErr> {
        let pool = |connections: u32, settings: &'static [(&str, &str)]| {
            let mut options = options(&config.database_url, connections);
            options
                .set_application_name(APPLICATION_NAME)
                .test_before_acquire_if_idle_for(TRUSTED_IDLE)
                .map_sqlx_postgres_opts(move |options| options.options(settings.iter().copied()));
            sea_orm::Database::connect(options)
        };
        let reader = match pool(config.database_read_connections, &READ_SETTINGS).await {
            Ok(reader) => reader,
            Err(error) => return Err(cause(&config.database_url).await.unwrap_or(error)),
        };
        let writer = pool(config.database_write_connections, &WRITE_SETTINGS).await?;
        Ok(Self { reader, writer })
    }

    /// The writer comes first: it makes the file, and turns WAL on for all.
    async fn connect_sqlite(config: &DatabaseConfig) -> Result<Self, DbErr> {
        let url = &config.database_url;
        let file: SqliteConnectOptions = url.parse().map_err(|error| refused(&error))?;
        let in_memory = in_memory(url);
        if let (false, Some(folder)) = (in_memory, file.get_filename().parent()) {
            create_folder(folder)?;
        }
        let mut writes = options(url, 1);
        // One connection that stays: an in-memory database lives in it.
        writes.idle_timeout(None).max_lifetime(None).map_sqlx_sqlite_opts(|options| {
            options
                .create_if_missing(true)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(5))
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
        });
        let writer = sea_orm::Database::connect(writes).await?;
        if in_memory {
            return Ok(Self { reader: writer.clone(), writer });
        }
        let mut reads = options(url, config.database_read_connections);
        reads.map_sqlx_sqlite_opts(|options| {
            options.busy_timeout(Duration::from_secs(5)).pragma("query_only", "ON")
        });
        Ok(Self { reader: sea_orm::Database::connect(reads).await?, writer })
    }

    /// For reads.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For changes; on SQLite the only connection that writes.
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// A transaction on the writer. On SQLite it takes the write lock at once: one that begins
    /// with a read fails when another process writes before it does.
    ///
    /// # Errors
    /// When no connection is free in time, or the database cannot be reached.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let begin = self.writer.begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        });
        let late = |_| Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout));
        tokio::time::timeout(BEGIN_TIMEOUT, begin).await.unwrap_or_else(late)
    }

    /// A connection of its own that is notified of changes; PostgreSQL only.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn listener(&self) -> Result<PgListener, sqlx::Error> {
        let options = self.reader.get_postgres_connection_pool().connect_options();
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT);
        let mut listener =
            PgListener::connect_with(&pool.connect_lazy_with((*options).clone())).await?;
        // Whoever listens wants to know at once that it was not heard, and tries again.
        listener.eager_reconnect(false);
        Ok(listener)
    }

    /// Whether it is PostgreSQL; SQLite otherwise.
    pub fn is_postgres(&self) -> bool {
        self.writer.get_database_backend() == DbBackend::Postgres
    }

    /// Its pools: for what, how many connections are open, and how many of them idle.
    pub fn connections(&self) -> [(&'static str, f64, f64); 2] {
        let size = |connection: &DatabaseConnection| match self.is_postgres() {
            true => {
                let pool = connection.get_postgres_connection_pool();
                (pool.size(), pool.num_idle())
            }
            false => {
                let pool = connection.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            }
        };
        [("read", &self.reader), ("write", &self.writer)].map(|(name, connection)| {
            let (open, idle) = size(connection);
            (name, f64::from(open), idle as f64)
        })
    }

    /// Whether it answers: one round trip on a connection for reads.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.reader.ping().await
    }

    /// Lets running statements end, and closes all connections.
    ///
    /// # Errors
    /// Never on these databases; the pools' own signature.
    pub async fn close(self) -> Result<(), DbErr> {
        self.reader.close().await?;
        self.writer.close().await
    }
}

/// Why no connection is to be had: a pool tries until its time is up, and tells only that.
async fn cause(url: &str) -> Option<DbErr> {
    let options: PgConnectOptions = url.parse().ok()?;
    match tokio::time::timeout(ACQUIRE_TIMEOUT, options.connect()).await {
        Ok(Ok(connection)) => {
            // It was there just now; what the pool said stands.
            let _ = connection.close().await;
            None
        }
        Ok(Err(error)) => Some(refused(&error)),
        Err(_) => Some(refused(&"the server does not answer")),
    }
}

fn in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

/// What both databases and both pools share.
fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .sqlx_logging(false)
        // They are few, fixed, and hold no values.
        .record_stmt_in_spans(true);
    options
}

fn create_folder(folder: &Path) -> Result<(), DbErr> {
    std::fs::create_dir_all(folder)
        .map_err(|error| refused(&format!("cannot create {}: {error}", folder.display())))
}

/// Not to be connected to.
fn refused(error: &impl ToString) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait;

    use super::*;
    use crate::store::testing::{config, database};

    #[tokio::test]
    async fn the_reader_cannot_write() {
        let db = database().await;
        db.ping().await.unwrap();
        assert!(db.reader().execute_unprepared("DELETE FROM wallets").await.is_err());
        assert!(db.writer().execute_unprepared("DELETE FROM wallets").await.is_ok());
    }

    #[tokio::test]
    async fn migrations_go_down_and_up_again() {
        let db = database().await;
        migrations::down(db.writer(), None).await.unwrap();
        assert!(db.reader().execute_unprepared("SELECT 1 FROM wallets").await.is_err());
        migrations::up(db.writer()).await.unwrap();
        migrations::up(db.writer()).await.unwrap();
        assert!(db.reader().execute_unprepared("SELECT 1 FROM wallets").await.is_ok());
    }

    #[tokio::test]
    async fn memory_is_a_database_too() {
        let db = Database::connect(&config("sqlite::memory:".to_owned())).await.unwrap();
        migrations::up(db.writer()).await.unwrap();
        assert!(db.reader().execute_unprepared("SELECT 1 FROM wallets").await.is_ok());
    }

    #[tokio::test]
    async fn what_is_no_database_is_an_error() {
        for url in ["sqlite://:memory:", "postgres://[", "sqlite:///proc/none/x.db"] {
            assert!(Database::connect(&config(url.to_owned())).await.is_err(), "{url}");
        }
    }
}
