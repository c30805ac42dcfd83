//! The write path without HTTP around it: as many instances as a test wants, on one database and
//! one Redis.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use tempfile::TempDir;
use ulid::Ulid;
use wallet_bff::{
    audit::{self, Report},
    balance::{Balance, Command, Outcome, OutcomeState, Request},
    cache::{Cache, Lookup},
    entity::{IdempotencyKey, Uid, wallet},
    error::{Error, Refusal},
    events::Events,
    lock::Locks,
    redis::Redis as RedisClient,
    store::{self, Database},
};

use super::{
    app::{self, Backend},
    awake::Awake,
    servers::{postgres, redis::Redis},
    steps::fresh_key,
};

/// How long a cache may take to show what is stored, after everything else is well again.
const CACHE_LIMIT: Duration = Duration::from_secs(5);

/// A database and a cache, for instances to stand on.
pub struct Ground {
    database_url: String,
    redis: Option<Redis>,
    database: DatabaseConnection,
    _folder: TempDir,
}

/// One instance of the write path.
#[derive(Clone)]
pub struct Engine {
    /// The write path itself.
    pub balance: Balance,
    /// Its connections.
    pub database: Database,
    cache: Cache,
}

/// What an instance needs to know; for those that live in a runtime of their own.
#[derive(Clone)]
pub struct Place {
    database_url: String,
    redis_url: Option<String>,
}

impl Ground {
    /// New and empty.
    pub async fn on(backend: Backend) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (database_url, redis) = match backend {
            Backend::Embedded => (format!("sqlite://{}/w.db", folder.path().display()), None),
            Backend::PostgresRedis => (postgres::database().await, Some(Redis::start())),
            Backend::PostgresCluster => panic!("what this breaks is one Redis"),
        };
        let url = format!("{database_url}{}", if redis.is_none() { "?mode=rwc" } else { "" });
        let database = sea_orm::Database::connect(url).await.expect("the database accepts");
        if redis.is_none() {
            migrations::up(&database).await.expect("the migrations apply");
        }
        Self { database_url, redis, database, _folder: folder }
    }

    /// Another instance.
    pub async fn engine(&self) -> Engine {
        Engine::start(&self.place()).await
    }

    /// Where instances find all this.
    pub fn place(&self) -> Place {
        let redis_url = self.redis.as_ref().map(Redis::url);
        Place { database_url: self.database_url.clone(), redis_url }
    }

    /// The flags of a `wallet-bff serve` that stands here.
    pub fn flags(&self) -> Vec<String> {
        let mut flags = vec!["--database-url".to_owned(), self.database_url.clone()];
        if let Some(redis) = &self.redis {
            flags.extend(["--redis-url".to_owned(), redis.url()]);
        }
        flags
    }

    /// The database itself.
    pub fn database(&self) -> &DatabaseConnection {
        &self.database
    }

    /// The test's own Redis, to kill, pause and restart.
    pub fn redis(&mut self) -> &mut Redis {
        self.redis.as_mut().expect("a Redis of its own: Backend::PostgresRedis")
    }

    /// Ends every connection of the service to the database, whatever it is doing.
    pub async fn cut_connections(&self) {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'wallet-bff'";
        self.database.execute_unprepared(sql).await.expect("the superuser may do so");
    }
}

impl Place {
    /// The same, where the database is reached through this port.
    pub fn through(mut self, port: u16) -> Self {
        let mut url = url::Url::parse(&self.database_url).expect("our own URL");
        url.set_port(Some(port)).expect("it has a host");
        self.database_url = url.into();
        self
    }

    /// The database's port.
    pub fn port(&self) -> u16 {
        let url = url::Url::parse(&self.database_url).expect("our own URL");
        url.port().expect("a server's URL")
    }
}

impl Engine {
    /// Within a runtime.
    pub async fn start(place: &Place) -> Self {
        // A Redis that hangs is part of what is tested here.
        let flags = ["--redis-timeout", "50ms"];
        let config = app::config(&place.database_url, place.redis_url.as_deref(), &flags);
        let database = Database::connect(&config.database).await.expect("it connects");
        let redis = RedisClient::connect(&config.cache).expect("our own URL");
        if let Some(redis) = &redis {
            redis.wait(Duration::from_secs(2)).await;
        }
        let instance = Ulid::new().to_string();
        let cache = Cache::connect(&config.cache, redis.as_ref());
        let locks = Locks::connect(&instance, redis.as_ref());
        let events = Events::connect(&instance, redis.as_ref(), |_| {});
        let balance =
            Balance::start(&config.balance, database.clone(), cache.clone(), locks, events);
        Self { balance, database, cache }
    }

    /// Asks once, under this key.
    pub async fn ask(&self, key: &str, command: Command) -> Result<Outcome, Error> {
        let request = Request {
            caller: "admin".to_owned(),
            key: IdempotencyKey::stored(key),
            request_id: String::new(),
        };
        self.balance.execute(request, command).await
    }

    /// Does something that must succeed.
    pub async fn must(&self, command: Command) -> Outcome {
        let said = format!("{command:?}");
        let outcome =
            self.ask(&fresh_key(), command).await.unwrap_or_else(|e| panic!("{said}: {e}"));
        assert_eq!(outcome.state, OutcomeState::Committed, "{said}");
        outcome
    }

    /// Open wallets with this much in each.
    pub async fn given_wallets(&self, uids: &[Uid], amount: &str) {
        use wallet_bff::balance::Movement;
        let amount = amount.parse().expect("an amount");
        let given = |uid: &Uid| {
            let uid = uid.clone();
            async move {
                let currency = "PHP".to_owned();
                self.must(Command::OpenWallet { uid: uid.clone(), currency }).await;
                self.must(Command::Deposit(Movement { uid, amount, description: None })).await;
            }
        };
        futures::future::join_all(uids.iter().map(given)).await;
    }

    /// The wallets' rows, in the order of their uids.
    pub async fn stored(&self, uids: &[Uid]) -> Vec<wallet::Model> {
        let mut rows = Err(DbErr::RecordNotInserted);
        // Idle connections that a test has cut are found out one by one, when they are used.
        for _ in 0..20 {
            rows = store::wallets::by_uids(self.database.reader(), uids).await;
            if rows.is_ok() {
                break;
            }
        }
        let mut rows = rows.expect("the database answers");
        rows.sort_by(|a, b| a.uid.cmp(&b.uid));
        rows
    }

    /// The whole ledger agrees with itself, and the cache with it.
    pub async fn assert_audit_clean(&self) -> Report {
        let report = audit::audit(&self.database, &self.cache, |_| {}).await;
        let report = report.expect("the database answers");
        assert!(report.is_clean(), "the audit found:\n{report}");
        report
    }

    /// The cache shows what is stored, within some seconds.
    pub async fn assert_cache_catches_up(&self, uids: &[Uid]) {
        let started = Awake::since_now();
        loop {
            let stored = self.stored(uids).await;
            let cached = self.cache.get::<wallet::Model>(uids).await;
            let older: Vec<_> = cached
                .into_iter()
                .filter_map(|lookup| match lookup {
                    Lookup::Hit(row) => Some(row),
                    Lookup::Absent | Lookup::Miss => None,
                })
                .filter(|row| !stored.contains(row))
                .collect();
            if older.is_empty() && !self.cache.degraded() {
                return;
            }
            let degraded = self.cache.degraded();
            assert!(
                started.elapsed() < CACHE_LIMIT,
                "after {CACHE_LIMIT:?} the cache (degraded: {degraded}) still shows {older:#?}\n\
                 and stored is {stored:#?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A refusal's code, as the API spells it.
pub fn code(refusal: &Refusal) -> String {
    let json = serde_json::to_value(refusal).expect("plain data");
    let name = json.as_str().or_else(|| json.as_object()?.keys().next().map(String::as_str));
    name.expect("an enum's variant").to_owned()
}
