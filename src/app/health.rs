//! What readiness depends on.

use std::{sync::Arc, time::Duration};

use futures::FutureExt;
use tokio::time::timeout;

use crate::{
    cache::Cache,
    http::health::{Component, Health, HealthCheck},
    store::Database,
};

/// How long the database may take: less than the whole check, and than a wait for a connection,
/// so that the answer names it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Without the database nothing works; without Redis everything does, from the database.
pub fn health_check(database: Database, cache: Cache) -> HealthCheck {
    Arc::new(move || {
        let (database, degraded) = (database.clone(), cache.degraded());
        async move {
            let answer = timeout(PATIENCE, database.ping()).await;
            let database_down = !matches!(answer, Ok(Ok(())));
            vec![
                component("database", database_down, Health::Down, "it does not answer"),
                component("cache", degraded, Health::Degraded, "reads come from the database"),
            ]
        }
        .boxed()
    })
}

fn component(name: &'static str, ill: bool, health: Health, detail: &'static str) -> Component {
    match ill {
        true => Component { name, status: health, detail: Some(detail) },
        false => Component { name, status: Health::Up, detail: None },
    }
}
