//! Liveness and readiness. What is degraded is said, but does not make an instance unready:
//! without Redis it still serves, from the database.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures::future::BoxFuture;
use serde::Serialize;

use super::Edge;

/// How long a check may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// Looks at what the service depends on.
pub type HealthCheck = Arc<dyn Fn() -> BoxFuture<'static, Vec<Component>> + Send + Sync>;

/// Something that the service depends on.
#[derive(Clone, Debug, Serialize)]
pub struct Component {
    /// Such as `database`.
    pub name: &'static str,
    /// How it is.
    pub status: Health,
    /// What that means, when it is not up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'static str>,
}

/// How something is; each is worse than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// As it should be.
    Up,
    /// Not there, and the service does without.
    Degraded,
    /// Not there, and the service cannot do without.
    Down,
}

#[derive(Serialize)]
struct Report {
    status: Health,
    components: Vec<Component>,
}

/// `GET /healthz`: the process answers.
pub async fn live() -> Response {
    Json(Report { status: Health::Up, components: Vec::new() }).into_response()
}

/// `GET /readyz`: whether requests should be sent here, and what is degraded.
pub async fn ready(State(edge): State<Arc<Edge>>) -> Response {
    let mut components = match tokio::time::timeout(CHECK_TIMEOUT, (edge.health)()).await {
        Ok(components) => components,
        Err(_) => vec![down("checks", "they took too long")],
    };
    if edge.ending.load(Ordering::Relaxed) {
        components.push(down("process", "it is shutting down"));
    }
    let status = components.iter().map(|c| c.status).max().unwrap_or(Health::Up);
    let code =
        if status == Health::Down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (code, Json(Report { status, components })).into_response()
}

fn down(name: &'static str, detail: &'static str) -> Component {
    Component { name, status: Health::Down, detail: Some(detail) }
}
