//! One PostgreSQL for the whole run, and a database of its own for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, Database};
use tokio::sync::OnceCell;

use super::{Server, folder, free_port, postgres_program, run};

/// A commit is not forced to disk here: the tests kill processes, never the machine's power,
/// and run in a third of the time.
const SETTINGS: [&str; 6] = [
    "fsync=off",
    "full_page_writes=off",
    "max_connections=400",
    "unix_socket_directories=",
    "shared_preload_libraries=pg_stat_statements",
    "log_lock_waits=on",
];
const TEMPLATE: &str = "migrated";

static SHARED: OnceCell<Postgres> = OnceCell::const_new();

/// The server, with a migrated database to copy.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    port: u16,
}

/// A new, migrated, empty database; its URL.
pub async fn database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let postgres = shared().await;
    postgres.execute("postgres", &format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).await;
    postgres.url(&name)
}

/// A new database without any table; its URL.
pub async fn blank_database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let name = format!("blank_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let postgres = shared().await;
    postgres.execute("postgres", &format!("CREATE DATABASE {name}")).await;
    postgres.url(&name)
}

/// What the server logged so far.
pub async fn log() -> String {
    shared().await.server.log()
}

async fn shared() -> &'static Postgres {
    SHARED.get_or_init(Postgres::start).await
}

impl Postgres {
    async fn start() -> Self {
        let folder = folder("postgres");
        let data = folder.join("data").display().to_string();
        let initdb = postgres_program("initdb");
        run(&[
            &initdb,
            "-D",
            &data,
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--auth=trust",
            "--no-locale",
            "--no-sync",
        ]);
        let (program, port) = (postgres_program("postgres"), free_port());
        let port_text = port.to_string();
        let mut command = vec![&*program, "-D", &data, "-h", "127.0.0.1", "-p", &port_text];
        command.extend(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        // QUIT is its immediate shutdown: nothing of what it holds is wanted again.
        let server = Server::start(folder, "QUIT", &command).expect("PostgreSQL starts");
        let postgres = Self { server, port };
        postgres.make_template().await;
        postgres
    }

    async fn make_template(&self) {
        self.execute("postgres", &format!("CREATE DATABASE {TEMPLATE}")).await;
        self.execute(TEMPLATE, "CREATE EXTENSION pg_stat_statements").await;
        let connection = Database::connect(self.url(TEMPLATE)).await.expect("it accepts");
        migrations::up(&connection).await.expect("the migrations apply");
        connection.close().await.expect("a database in use is no template");
    }

    async fn execute(&self, database: &str, sql: &str) {
        let connection = Database::connect(self.url(database)).await.expect("it accepts");
        connection.execute_unprepared(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        connection.close().await.expect("it closes");
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}
