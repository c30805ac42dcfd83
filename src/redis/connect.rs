//! How to connect: at once, without waiting, and again for ever.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use fred::{
    clients::Client,
    error::Error as RedisError,
    interfaces::{ClientLike, EventInterface},
    types::{
        Builder, RespVersion,
        config::{Config, Options, ReconnectPolicy, UnresponsiveConfig},
    },
};

use super::{Inner, MAX_MESSAGES, Redis, health::Health, listen::Listener};
use crate::{
    config::CacheConfig,
    error::{Error, Result},
};

/// Most commands that wait on one connection.
const MAX_WAITING: usize = 10_000;
/// How often Redis is asked whether it is there.
const HEARTBEAT: Duration = Duration::from_millis(500);

impl Redis {
    /// Starts to connect to the configured Redis, without waiting for it: it may be down now
    /// and come later. `None` where none is configured.
    ///
    /// # Errors
    /// `BadInput` when the URL cannot be used.
    pub fn connect(config: &CacheConfig) -> Result<Option<Self>> {
        let Some(url) = &config.redis_url else { return Ok(None) };
        let refused = |error: RedisError| Error::BadInput(format!("--redis-url: {error}"));
        let builder = builder(url).map_err(refused)?;
        let pool = builder.build_pool(config.redis_connections as usize).map_err(refused)?;
        let listener = Listener::start(builder.build_subscriber_client().map_err(refused)?);
        // The task that this returns drives the connections until they are closed.
        drop(pool.connect());
        log_connection_errors(pool.clients());
        let options = Options {
            max_attempts: Some(1),
            timeout: Some(config.redis_timeout),
            fail_fast: true,
            ..Options::default()
        };
        let clustered = pool.client_config().server.is_clustered();
        let redis =
            Self(Arc::new(Inner { pool, options, clustered, health: Health::default(), listener }));
        tokio::spawn(heartbeat(Arc::downgrade(&redis.0)));
        Ok(Some(redis))
    }

    /// Waits for the first connection, but no longer than this; answers whether it is there.
    pub async fn wait(&self, limit: Duration) -> bool {
        let connected = async {
            while !self.is_connected() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(limit, connected).await.is_ok()
    }
}

fn builder(url: &str) -> std::result::Result<Builder, RedisError> {
    let mut config = Config::from_url(url)?;
    config.fail_fast = false;
    config.version = RespVersion::RESP3;
    let mut builder = Builder::from_config(config);
    builder
        .with_connection_config(|connection| {
            connection.connection_timeout = Duration::from_millis(500);
            connection.internal_command_timeout = Duration::from_millis(500);
            connection.max_command_buffer_len = MAX_WAITING;
            connection.unresponsive = UnresponsiveConfig {
                max_timeout: Some(Duration::from_millis(1_500)),
                interval: Duration::from_millis(300),
            };
        })
        .with_performance_config(|performance| {
            performance.broadcast_channel_capacity = MAX_MESSAGES;
        })
        .set_policy(ReconnectPolicy::new_exponential(0, 50, 1_000, 2));
    Ok(builder)
}

/// Asks now and then, so that health is known, and regained, when nobody else asks.
async fn heartbeat(redis: Weak<Inner>) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let Some(redis) = redis.upgrade().map(Redis) else { return };
        redis.beat().await;
    }
}

/// At debug: that Redis is gone is logged where it is noticed, once.
fn log_connection_errors(clients: &[Client]) {
    for client in clients {
        drop(client.on_error(|(error, server)| async move {
            tracing::debug!(%error, ?server, "Redis connection");
            Ok(())
        }));
    }
}
