//! The service put together: [`App::build`] wires its parts, [`App::serve`] runs it. Tests use
//! the same two.

mod engine;
mod health;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    task::JoinError,
    time::{Instant, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    auth::{Keys, Verifier},
    balance::Balance,
    cache::{Cache, LatestTransactions},
    config::{Config, DatabaseConfig},
    demo::{self, Tokens},
    entity::wallet,
    error::Error,
    events::{Events, Topic},
    graphql::{Bounds, State},
    http::{self, Edge, Endpoints, TrustedDocuments, Workers},
    loaders::{Sources, keep_swept, refresh_early, warm_active},
    lock::Locks,
    orders,
    redis::Redis,
    refresh::Refresh,
    store::Database,
    telemetry::{self, Parts},
};
use engine::SchemaEngine;
use health::health_check;

/// How long there is for an orderly end after requests were cut off.
const CLOSING: Duration = Duration::from_secs(1);

/// A service that is ready to serve.
pub struct App {
    config: Config,
    database: Database,
    balance: Balance,
    edge: Arc<Edge>,
    workers: Arc<Workers>,
    verifier: Verifier,
    cache: Cache,
    sources: Sources,
    events: Events,
    refresh: Refresh,
    demo_tokens: Option<Tokens>,
}

/// Why the service does not start: one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// No key.
    #[error(
        "there is no token key: set JWT_SECRET (--jwt-secret) to at least 32 bytes, such as \
         `openssl rand -hex 32` prints, or JWKS_URL (--jwks-url) to a provider's keys, or try \
         --demo, which makes one"
    )]
    NoKey,
    /// The public keys cannot be read.
    #[error("{0}; check --jwks-url (JWKS_URL)")]
    PublicKeys(#[from] crate::auth::LoadError),
    /// Anybody could have an administrator's token.
    #[error(
        "--demo hands out tokens to whoever can reach it, and {0} may be reached from elsewhere: \
         listen on 127.0.0.1, or leave --demo away"
    )]
    OpenDemo(std::net::SocketAddr),
    /// The database cannot be used.
    #[error("cannot use the database ({0}); check --database-url (DATABASE_URL), and that it runs")]
    Database(#[from] sea_orm::DbErr),
    /// Tables are missing.
    #[error("the database lacks {0} migrations; run `wallet-bff migrate up`, or add --migrate")]
    Migrations(usize),
    /// Redis cannot be used as configured. One that is down is no error.
    #[error("{0}")]
    Redis(#[from] Error),
    /// The manifest of trusted documents cannot be used.
    #[error("the manifest of trusted documents: {0}; check --trusted-documents")]
    TrustedDocuments(#[from] http::ManifestError),
    /// The threads that serve connections cannot be started.
    #[error("cannot start the threads that serve connections ({0}); try fewer --http-threads")]
    Threads(std::io::Error),
    /// No token can be signed.
    #[error(transparent)]
    Sign(#[from] crate::auth::SignError),
}

impl App {
    /// Connects to what the configuration names, brings the tables up to date where asked to,
    /// and starts the write path. Within a Tokio runtime.
    ///
    /// # Errors
    /// When something that cannot be done without is missing; Redis can.
    pub async fn build(mut config: Config) -> Result<Self, BuildError> {
        if config.demo && !config.listen.ip().is_loopback() {
            return Err(BuildError::OpenDemo(config.listen));
        }
        if config.demo && config.auth.jwt_secret.is_none() {
            tracing::warn!("--demo made a token key for this run: anybody may see it used");
            config.auth.jwt_secret = Some(demo::make_key());
        }
        config.limits.introspection |= config.demo;
        let keys = Keys::from_config(&config.auth).ok_or(BuildError::NoKey)?;
        let demo_tokens = if config.demo { Some(Tokens::sign(&keys)?) } else { None };
        let verifier = Verifier::new(keys)?;
        verifier.refresh().await?;
        let trusted = config.http.trusted_documents.as_deref().map(TrustedDocuments::load);
        let trusted = trusted.transpose()?;
        let database = Database::connect(&config.database).await?;
        migrate(&database, &config.database, config.demo).await?;
        if config.demo {
            demo::seed_if_empty(&database).await?;
        }
        let redis = Redis::connect(&config.cache)?;
        let cache = Cache::connect(&config.cache, redis.as_ref());
        // Who holds a lock, and whose events come back to it.
        let instance = ulid::Ulid::new().to_string();
        let locks = Locks::connect(&instance, redis.as_ref());
        let events = Events::connect(&instance, redis.as_ref(), hear_of(cache.clone()));
        let balance =
            Balance::start(&config.balance, database.clone(), cache.clone(), locks, events.clone());
        let sources = Sources::new(database.clone(), cache.clone());
        let refresh = Refresh::new(
            &config.refresh,
            &instance,
            database.clone(),
            cache.clone(),
            redis.as_ref(),
        );
        let engine = SchemaEngine::new(State {
            sources: sources.clone(),
            balance: balance.clone(),
            events: events.clone(),
            refresh: refresh.clone(),
            bounds: Bounds {
                max_page_size: config.limits.max_page_size,
                max_list_argument: config.limits.max_list_argument,
                suggestions: config.limits.introspection,
                max_rewards: config.limits.max_rewards,
            },
            order_lifetime: config.balance.order_lifetime,
        });
        let edge = Edge::new(
            Arc::new(engine),
            verifier.clone(),
            (config.limits.clone(), config.http.clone()),
            health_check(database.clone(), cache.clone()),
        );
        let edge = edge
            .with_trusted_documents(trusted)
            .with_offered_tokens(demo_tokens.iter().flat_map(Tokens::offered).collect());
        let edge = Arc::new(edge);
        let threads = config.http.http_threads.map(usize::from);
        let workers = Arc::new(Workers::start(threads).map_err(BuildError::Threads)?);
        Ok(Self {
            config,
            database,
            balance,
            edge,
            workers,
            verifier,
            cache,
            sources,
            events,
            refresh,
            demo_tokens,
        })
    }

    /// Tokens to try a demo with; `None` where it is none.
    pub fn demo_tokens(&self) -> Option<&Tokens> {
        self.demo_tokens.as_ref()
    }

    /// Serves on `listener` until `shutdown` ends; then says so for the configured pause, takes no
    /// more, lets what is under way end (no longer than the configured grace), and closes
    /// everything.
    ///
    /// # Errors
    /// When the server itself panicked.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), JoinError> {
        let stop = CancellationToken::new();
        let background = self.start_background(&stop);
        let endpoints = Endpoints::new(Arc::clone(&self.edge));
        let bounds = http::Bounds::new(&self.config.http);
        let mut server = tokio::spawn(http::serve(
            listener,
            (endpoints, Arc::clone(&self.workers)),
            bounds,
            stop.clone(),
        ));
        shutdown.await;
        self.edge.announce_shutdown();
        tokio::time::sleep(self.config.http.drain_pause).await;
        stop.cancel();
        let grace = self.config.http.shutdown_grace;
        let deadline = Instant::now() + grace;
        let farewell = async { tokio::join!(self.edge.shut_down(), &mut server).1 };
        let ended = timeout_at(deadline, farewell).await.unwrap_or_else(|_| {
            tracing::warn!(?grace, "requests were still under way and are cut off");
            Ok(())
        });
        let deadline = deadline.max(Instant::now() + CLOSING);
        let farewell = timeout_at(deadline, self.edge.cut_off());
        // Who takes no goodbye keeps the rest from nothing.
        let _ = tokio::join!(farewell, self.close(background, deadline));
        ended
    }

    /// What goes on beside requests, until `stop`.
    fn start_background(&self, stop: &CancellationToken) -> TaskTracker {
        let tasks = TaskTracker::new();
        let recording = telemetry::record_metrics(Parts {
            cache: self.cache.clone(),
            balance: self.balance.clone(),
            database: self.database.clone(),
        });
        tasks.spawn(stop.clone().run_until_cancelled_owned(recording));
        let verifier = self.verifier.clone();
        let fresh = async move { verifier.keep_fresh().await };
        tasks.spawn(stop.clone().run_until_cancelled_owned(fresh));
        let (sources, cache) = (self.sources.clone(), self.config.cache.clone());
        let looking_after = async move {
            warm_active(&sources, cache.warm_wallets).await;
            keep_swept(&sources, cache.cache_sweep_interval).await;
        };
        tasks.spawn(stop.clone().run_until_cancelled_owned(looking_after));
        let (database, balance) = (self.database.clone(), self.balance.clone());
        tasks.spawn(orders::expire::run(database, balance, stop.clone()));
        tasks.spawn(stop.clone().run_until_cancelled_owned(refresh_early(self.sources.clone())));
        tasks.spawn(self.refresh.clone().run(stop.clone()));
        if self.config.demo {
            let moving = demo::move_money(self.balance.clone());
            tasks.spawn(stop.clone().run_until_cancelled_owned(moving));
        }
        tasks.close();
        tasks
    }

    /// Lets what was taken on end, then disconnects; no longer than until `deadline`.
    async fn close(&self, background: TaskTracker, deadline: Instant) {
        let ending = async {
            background.wait().await;
            self.balance.shutdown().await;
            self.events.flush().await;
        };
        if timeout_at(deadline, ending).await.is_err() {
            tracing::warn!("balance changes were still under way; a restart finishes them");
        }
        if let Ok(Err(error)) = timeout_at(deadline, self.database.clone().close()).await {
            tracing::warn!(%error, "the database was not closed in order");
        }
    }
}

/// What is near is doubted before anybody is told of a change.
fn hear_of(cache: Cache) -> impl Fn(&Topic) {
    move |topic| match topic {
        Topic::Wallet(uid) => {
            cache.heard_of::<wallet::Model>(uid);
            cache.heard_of::<LatestTransactions>(uid);
        }
        Topic::Period(period) => cache.heard_of_period(period),
        Topic::Wallets | Topic::PeriodOf(..) => {}
    }
}

/// SQLite belongs to this process; another database may be shared with instances of other
/// versions, whose operators say when.
async fn migrate(
    database: &Database,
    config: &DatabaseConfig,
    demo: bool,
) -> Result<(), BuildError> {
    if !database.is_postgres() || config.migrate || demo {
        return Ok(migrations::up(database.writer()).await?);
    }
    let status = migrations::status(database.writer()).await?;
    match status.iter().filter(|(_, applied)| !applied).count() {
        0 => Ok(()),
        missing => Err(BuildError::Migrations(missing)),
    }
}
