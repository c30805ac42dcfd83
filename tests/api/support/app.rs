//! Instances of the service, each a real server on a free port.

use std::{env, ops::Deref};

use clap::{Args, Command, FromArgMatches};
use sea_orm::{Database, DatabaseConnection};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot};
use wallet_bff::{app::App, auth::Role, config::Config};

use super::{
    Client,
    servers::{cluster::Cluster, postgres, redis::Redis},
    tokens,
};

/// What an instance keeps its rows and its cache in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// What one gets without configuration: an SQLite file and a cache in the process.
    Embedded,
    /// A database of its own in the shared PostgreSQL, and a Redis of its own.
    PostgresRedis,
    /// The same on a Redis Cluster of three masters, its own while it runs.
    PostgresCluster,
}

/// An instance with a database and a cache of its own. Speaks as an ADMIN.
pub struct TestApp {
    instance: Instance,
    stores: Stores,
}

/// A running server; speaks as an ADMIN. Dropping it stops it.
pub struct Instance {
    client: Client,
    /// The server stops when this is dropped.
    _stop: oneshot::Sender<()>,
}

/// What instances share.
struct Stores {
    database_url: String,
    redis_url: Option<String>,
    redis: Option<Redis>,
    cluster: Option<Cluster>,
    database: DatabaseConnection,
    /// Where the SQLite file is.
    _folder: TempDir,
}

impl TestApp {
    /// On the embedded defaults.
    pub async fn start() -> Self {
        Self::start_on(Backend::Embedded).await
    }

    /// On stores of its own, which are empty.
    pub async fn start_on(backend: Backend) -> Self {
        Self::start_with(backend, &[]).await
    }

    /// The same, with more flags.
    pub async fn start_with(backend: Backend, flags: &[&str]) -> Self {
        Self::start_beside(backend, backend.redis(), flags).await
    }

    /// On PostgreSQL and this Redis, which may be stopped.
    pub async fn start_with_redis(redis: Redis, flags: &[&str]) -> Self {
        Self::start_beside(Backend::PostgresRedis, Some(redis), flags).await
    }

    async fn start_beside(backend: Backend, redis: Option<Redis>, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database_url = match backend {
            Backend::Embedded => format!("sqlite://{}/wallets.db", folder.path().display()),
            Backend::PostgresRedis | Backend::PostgresCluster => postgres::database().await,
        };
        let cluster = match backend {
            Backend::PostgresCluster => Some(Cluster::take().await),
            _ => None,
        };
        let redis_url = redis.as_ref().map(Redis::url).or(cluster.as_ref().map(Cluster::url));
        // The instance makes the SQLite file, so it comes first.
        let instance = Instance::start(&database_url, redis_url.as_deref(), flags).await;
        if redis.as_ref().is_none_or(Redis::runs) {
            instance.wait_until_up().await;
        }
        let database = Database::connect(&database_url).await.expect("the database accepts");
        let stores = Stores { database_url, redis_url, redis, cluster, database, _folder: folder };
        Self { instance, stores }
    }

    /// A second instance on the same database and cache.
    pub async fn another_instance(&self) -> Instance {
        self.another_instance_with(&[]).await
    }

    /// The same, with more flags.
    pub async fn another_instance_with(&self, flags: &[&str]) -> Instance {
        let stores = &self.stores;
        let instance =
            Instance::start(&stores.database_url, stores.redis_url.as_deref(), flags).await;
        instance.wait_until_up().await;
        instance
    }

    /// A second instance with more flags, on the same cache, and on the same database through this
    /// port.
    pub async fn an_instance_through(&self, port: u16, flags: &[&str]) -> Instance {
        let mut url = self.database_address();
        url.set_port(Some(port)).expect("it has a host");
        let instance = Instance::start(url.as_str(), self.stores.redis_url.as_deref(), flags).await;
        instance.wait_until_up().await;
        instance
    }

    /// The port of the database.
    pub fn database_port(&self) -> u16 {
        self.database_address().port().expect("a server's URL")
    }

    fn database_address(&self) -> url::Url {
        url::Url::parse(&self.stores.database_url).expect("our own URL")
    }

    /// A second instance on the same database, with a cache that nobody shares.
    pub async fn an_instance_apart(&self) -> Instance {
        Instance::start(&self.stores.database_url, None, &[]).await
    }

    /// The flags that name its stores, for the program's other commands.
    pub fn store_flags(&self) -> Vec<String> {
        let database = ["--database-url".to_owned(), self.stores.database_url.clone()];
        let redis = self.stores.redis_url.iter();
        let redis = redis.flat_map(|url| ["--redis-url".to_owned(), url.clone()]);
        database.into_iter().chain(redis).collect()
    }

    /// The database itself, for what is given and what is stored.
    pub fn database(&self) -> &DatabaseConnection {
        &self.stores.database
    }

    /// The test's own Redis, to kill, pause and restart.
    pub fn redis(&mut self) -> &mut Redis {
        self.stores.redis.as_mut().expect("a Redis of its own: Backend::PostgresRedis")
    }

    /// The test's own cluster.
    pub fn cluster(&self) -> Option<&Cluster> {
        self.stores.cluster.as_ref()
    }

    /// A connection to what the instance caches in.
    pub async fn cache(&self) -> fred::clients::Client {
        use fred::prelude::*;
        let url = self.stores.redis_url.as_deref().expect("a backend with Redis");
        let config = Config::from_url(url).expect("our own URL");
        let client = Builder::from_config(config).build().expect("a client");
        client.init().await.expect("Redis accepts");
        client
    }
}

impl Backend {
    fn redis(self) -> Option<Redis> {
        (self == Self::PostgresRedis).then(Redis::start)
    }
}

impl Instance {
    async fn start(database_url: &str, redis_url: Option<&str>, flags: &[&str]) -> Self {
        show_logs();
        let app = App::build(config(database_url, redis_url, flags)).await.expect("it builds");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let shutdown = async { drop(stopped.await) };
            app.serve(listener, shutdown).await.expect("it serves until it is told to stop");
        });
        Self { client: Client::new(address, tokens::token(Role::Admin, "admin")), _stop: stop }
    }
}

/// What the service warns of is shown with a test that fails; `RUST_LOG` asks for more.
fn show_logs() {
    let wanted = env::var("RUST_LOG").unwrap_or_else(|_| "wallet_bff=warn".to_owned());
    let logs = tracing_subscriber::fmt().with_env_filter(wanted).with_test_writer();
    // The first test of the run has done it for all.
    let _ = logs.try_init();
}

/// Parsed from flags, as `serve` does it, but deaf to this shell's environment.
pub(super) fn config(database_url: &str, redis_url: Option<&str>, flags: &[&str]) -> Config {
    let mut arguments =
        vec!["serve", "--database-url", database_url, "--jwt-secret", tokens::SECRET];
    // Many instances share one PostgreSQL.
    arguments.extend(["--database-read-connections", "4", "--database-write-connections", "2"]);
    arguments.extend(redis_url.iter().flat_map(|url| ["--redis-url", url]));
    arguments.extend(flags);
    // On a busy machine, or one that stops for a while, Redis may be late without being gone, and an
    // answer without being lost: these are tests of their own.
    for (flag, patience) in [("--redis-timeout", "5s"), ("--operation-timeout", "120s")] {
        if !flags.iter().any(|given| given.starts_with(flag)) {
            arguments.extend([flag, patience]);
        }
    }
    let command = Config::augment_args(Command::new("serve")).mut_args(|a| a.env(None::<&str>));
    let matches = command.try_get_matches_from(arguments).unwrap_or_else(|e| panic!("{e}"));
    Config::from_arg_matches(&matches).expect("matches of its own command")
}

impl Deref for Instance {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Deref for TestApp {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.instance
    }
}
