//! What every handler needs.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Engine,
    clients::Clients,
    document::Documents,
    health::HealthCheck,
    names::Names,
    persisted::{Persisted, TrustedDocuments},
};
use crate::{
    auth::Verifier,
    config::{HttpConfig, LimitsConfig},
};

/// What every handler needs; shared by reference.
pub struct Edge {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) verifier: Verifier,
    pub(super) documents: Documents,
    pub(super) persisted: Persisted,
    pub(super) names: Names,
    pub(super) clients: Clients,
    pub(super) limits: LimitsConfig,
    pub(super) config: HttpConfig,
    pub(super) health: HealthCheck,
    /// A token that the playground starts with; only in a demo.
    pub(super) playground_token: Option<String>,
    /// One permit an open socket.
    pub(super) socket_permits: Arc<Semaphore>,
    /// The open sockets, so that a shutdown can wait for their farewells.
    pub(super) sockets: TaskTracker,
    pub(super) shutdown: CancellationToken,
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
            names: Names::default(),
            clients: Clients::new(&limits),
            operation_permits: Semaphore::new(limits.operations_at_once as usize),
            limits,
            health,
            playground_token: None,
            socket_permits: Arc::new(Semaphore::new(config.max_sockets as usize)),
            config,
            sockets: TaskTracker::new(),
            shutdown: CancellationToken::new(),
            ending: AtomicBool::new(false),
        }
    }

    /// The playground starts with this token.
    #[must_use]
    pub fn with_playground_token(self, token: Option<String>) -> Self {
        Self { playground_token: token, ..self }
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

    /// Says goodbye on every socket; returns when all are closed.
    pub async fn shut_down(&self) {
        self.announce_shutdown();
        self.shutdown.cancel();
        self.sockets.close();
        self.sockets.wait().await;
    }
}
