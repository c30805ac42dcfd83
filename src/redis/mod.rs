//! Connections to Redis, for the cache, the locks and the events alone: one node or a cluster.
//!
//! A dead or hung Redis costs a caller one command timeout at most, and then nothing until it
//! answers again: see [`health`]. Commands are sent by name with their cluster slot, because a
//! command that spans slots fails, and because only custom commands keep their options in a
//! pipeline.

mod health;
mod listen;
mod script;
#[cfg(test)]
pub mod testing;

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use fred::{
    clients::{Client, Pool},
    error::{Error as RedisError, ErrorKind},
    interfaces::{ClientLike, ClusterInterface, EventInterface},
    types::{
        Builder, ClusterHash, CustomCommand, RespVersion, Value,
        config::{Config, Options, ReconnectPolicy, Server, UnresponsiveConfig},
    },
};
use tokio::sync::broadcast;

use self::{health::Health, listen::Listener};
pub use self::{
    listen::Signal,
    script::{Call, Script},
};
use crate::{
    config::CacheConfig,
    error::{Error, Result},
};

/// Most keys in one command or script call: a longer one would keep others waiting.
const MAX_KEYS: usize = 500;
/// Most commands that wait on one connection.
const MAX_WAITING: usize = 10_000;
/// How often Redis is asked whether it is there.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// Messages that wait for a slow listener before it is told of a gap.
const MAX_MESSAGES: usize = 4_096;

/// A reply, or why there is none.
pub type Reply = std::result::Result<Value, RedisError>;

/// Connections to one Redis; cheap to clone.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    pool: Pool,
    options: Options,
    clustered: bool,
    health: Health,
    listener: Listener,
}

/// One command, and the slot that it belongs to.
pub struct Command {
    name: &'static str,
    hash: ClusterHash,
    args: Vec<Value>,
}

impl Command {
    /// A command whose first argument is its key.
    pub fn new<V: Into<Value>>(name: &'static str, args: impl IntoIterator<Item = V>) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { name, hash: ClusterHash::FirstKey, args }
    }

    /// The slot of this key, where the key is not the first argument.
    fn at(mut self, key: &str) -> Self {
        self.hash = ClusterHash::Custom(slot(key));
        self
    }

    fn custom(&self) -> CustomCommand {
        CustomCommand::new_static(self.name, self.hash.clone(), false)
    }
}

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

    /// Whether Redis is connected and answered in time when it was last asked.
    pub fn is_up(&self) -> bool {
        self.is_connected() && self.0.health.is_closed()
    }

    fn is_connected(&self) -> bool {
        self.0.pool.clients().iter().any(Client::is_connected)
    }

    /// Sends commands as one pipeline, and answers each in its place.
    pub async fn send(&self, commands: Vec<Command>) -> Vec<Reply> {
        self.send_with(commands, &self.0.options).await
    }

    /// Sends one command.
    pub async fn send_one(&self, command: Command) -> Reply {
        self.send(vec![command]).await.pop().unwrap_or_else(|| Err(down()))
    }

    /// Sends commands to one node, whatever their keys.
    pub async fn send_to(&self, node: &Server, commands: Vec<Command>) -> Vec<Reply> {
        let mut options = self.0.options.clone();
        if self.0.clustered {
            options.cluster_node = Some(node.clone());
        }
        self.send_with(commands, &options).await
    }

    async fn send_with(&self, commands: Vec<Command>, options: &Options) -> Vec<Reply> {
        let count = commands.len();
        if count == 0 {
            return Vec::new();
        }
        if !self.0.health.admits(self.is_connected()) {
            return vec![Err(down()); count];
        }
        let replies = self.dispatch(commands, options).await;
        self.0.health.record(replies.iter().find_map(|reply| reply.as_ref().err().filter(lost)));
        replies
    }

    /// A pipeline of one would be ambiguous when its reply is an array.
    async fn dispatch(&self, mut commands: Vec<Command>, options: &Options) -> Vec<Reply> {
        let client = self.0.pool.next_connected();
        let count = commands.len();
        if count == 1
            && let Some(command) = commands.pop()
        {
            return vec![client.with_options(options).custom(command.custom(), command.args).await];
        }
        let pipeline = client.pipeline().with_options(options);
        for command in commands {
            let queued: Reply = pipeline.custom(command.custom(), command.args).await;
            if let Err(error) = queued {
                return vec![Err(error); count];
            }
        }
        let replies: Vec<Reply> = pipeline.try_all().await;
        match <[Reply; 1]>::try_from(replies) {
            Ok([failed]) => vec![failed; count],
            Err(replies) => replies,
        }
    }

    /// The places of `keys` in groups that one command may name together: all of them, or
    /// those of one slot on a cluster, and never too many.
    pub fn groups<K: AsRef<str>>(&self, keys: &[K]) -> Vec<Vec<usize>> {
        let places = |places: &[usize]| places.chunks(MAX_KEYS).map(<[_]>::to_vec).collect();
        if !self.0.clustered {
            let all: Vec<usize> = (0..keys.len()).collect();
            return places(&all);
        }
        let mut slots = std::collections::BTreeMap::<u16, Vec<usize>>::new();
        for (place, key) in keys.iter().enumerate() {
            slots.entry(slot(key.as_ref())).or_default().push(place);
        }
        slots.values().flat_map(|slot| -> Vec<Vec<usize>> { places(slot) }).collect()
    }

    /// The nodes that hold keys now.
    pub fn nodes(&self) -> Vec<Server> {
        let client = self.0.pool.next_connected();
        match client.cached_cluster_state() {
            Some(state) if self.0.clustered => state.unique_primary_nodes(),
            _ => client.client_config().server.hosts(),
        }
    }

    /// What is published on a channel from now on. One connection serves all channels.
    pub fn listen(&self, channel: &'static str) -> broadcast::Receiver<Signal> {
        self.0.listener.listen(channel)
    }

    /// Says goodbye to Redis.
    pub async fn close(&self) {
        self.0.listener.close().await;
        // Redis frees what a lost connection held as well.
        let _ = self.0.pool.quit().await;
    }
}

/// The slot of a key: CRC16 of what its braces hold, or of all of it.
fn slot(key: &str) -> u16 {
    fred::util::redis_keyslot(key.as_bytes())
}

/// What a command is answered while Redis is not asked.
fn down() -> RedisError {
    RedisError::new(ErrorKind::IO, "Redis is not reachable")
}

/// Whether Redis was not reached, rather than refusing this command.
fn lost(error: &&RedisError) -> bool {
    use ErrorKind::{Auth, Backpressure, Canceled, Cluster, IO, Protocol, Routing, Timeout, Tls};
    matches!(
        error.kind(),
        Auth | Backpressure | Canceled | Cluster | IO | Protocol | Routing | Timeout | Tls
    )
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
        // What comes of it is recorded where it is sent.
        let _ = redis.send_one(Command::new("PING", Vec::<Value>::new())).await;
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
