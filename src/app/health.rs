//! What readiness depends on.

use std::sync::Arc;

use futures::FutureExt;

use crate::{
    cache::Cache,
    http::health::{Component, Health, HealthCheck},
    store::Database,
};

/// Without the database nothing works; without Redis everything does, from the database.
pub fn health_check(database: Database, cache: Cache) -> HealthCheck {
    Arc::new(move || {
        let (database, degraded) = (database.clone(), cache.degraded());
        async move {
            let database_down = database.ping().await.is_err();
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
