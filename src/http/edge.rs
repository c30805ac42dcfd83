//! What every handler needs.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde::Serialize;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Engine,
    clients::Clients,
    document::Documents,
    health::HealthCheck,
    persisted::{Persisted, TrustedDocuments},
    serve::LAST_WORDS,
    sse::Reservations,
    tally::Tallies,
};
use crate::{
    auth::{Role, Verifier},
    config::{HttpConfig, LimitsConfig},
    entity::Uid,
};

/// A ready token, and what it lets its bearer do.
#[derive(Clone, Debug, Serialize)]
pub struct OfferedToken {
    /// The role that it names.
    pub role: Role,
    /// Its subject.
    pub uid: Uid,
    /// What goes behind `Bearer`.
    pub token: String,
}

/// What every handler needs; shared by reference.
pub struct Edge {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) verifier: Verifier,
    pub(super) documents: Documents,
    pub(super) persisted: Persisted,
    pub(super) tallies: Tallies,
    pub(super) clients: Clients,
    pub(super) limits: LimitsConfig,
    pub(super) config: HttpConfig,
    pub(super) health: HealthCheck,
    /// What dashboard and playground sign in with; only in a demo.
    pub(super) offered_tokens: Vec<OfferedToken>,
    /// One permit an open socket.
    pub(super) socket_permits: Arc<Semaphore>,
    /// The open sockets, so that a shutdown can wait for their farewells.
    pub(super) sockets: TaskTracker,
    /// Event streams that were asked for.
    pub(super) reservations: Reservations,
    /// Nothing new is begun, and what lasts is ended.
    pub(super) shutdown: CancellationToken,
    /// What is still under way has had its time.
    pub(super) cut_off: CancellationToken,
    /// Whether it will shut down soon.
    pub(super) ending: AtomicBool,
    /// One permit an operation under way.
    pub(super) operation_permits: Semaphore,
}

impl Edge {
    /// An edge in front of `engine`.
    pub fn new(
        engine: Arc<dyn Engine>,
        verifier: Verifier,
        (limits, config): (LimitsConfig, HttpConfig),
        health: HealthCheck,
    ) -> Self {
        Self {
            engine,
            verifier,
            documents: Documents::new(limits.clone()),
            persisted: Persisted::new(None),
            tallies: Tallies::new(),
            clients: Clients::new(&limits),
            operation_permits: Semaphore::new(limits.operations_at_once as usize),
            limits,
            health,
            offered_tokens: Vec::new(),
            socket_permits: Arc::new(Semaphore::new(config.max_sockets as usize)),
            config,
            sockets: TaskTracker::new(),
            reservations: Reservations::default(),
            shutdown: CancellationToken::new(),
            cut_off: CancellationToken::new(),
            ending: AtomicBool::new(false),
        }
    }

    /// Whoever opens dashboard or playground is offered these tokens.
    #[must_use]
    pub fn with_offered_tokens(self, tokens: Vec<OfferedToken>) -> Self {
        Self { offered_tokens: tokens, ..self }
    }

    /// Only these documents are executed, if there are any.
    #[must_use]
    pub fn with_trusted_documents(self, trusted: Option<TrustedDocuments>) -> Self {
        Self { persisted: Persisted::new(trusted), ..self }
    }

    /// Turns unready, and serves on.
    pub fn announce_shutdown(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Ends when requests that are still on their way should have arrived.
    pub(super) async fn out_of_time(&self) {
        self.shutdown.cancelled().await;
        tokio::time::sleep(LAST_WORDS).await;
    }

    /// Has every socket and stream end its subscriptions, and say goodbye when its queries and
    /// mutations are answered; returns when all are closed.
    pub async fn shut_down(&self) {
        self.announce_shutdown();
        self.shutdown.cancel();
        self.sockets.close();
        self.sockets.wait().await;
    }

    /// Says goodbye where something is still under way; returns when all are closed.
    pub async fn cut_off(&self) {
        self.cut_off.cancel();
        self.sockets.wait().await;
    }
}
